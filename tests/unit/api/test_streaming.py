"""25 devices in get_dev_info: small pieces, little memory, short stretches."""

import gc
import json
import time

from firmware.api.commands import ANYONE
from firmware.codec.json_stream import JsonStream
from tests.unit.api.bench import Bench


def many():
    bench = Bench()
    for number in range(1, 25):
        meter = bench.meter(f"M{number}", role=3, name=f"Meter {number}")
        meter.set({"power_w": number * 1000, "voltage": [230] * 3, "import_wh": 1}, bench.now)
    return bench


def test_dev_info_of_25_devices_is_streamed_in_pieces_of_512_bytes():
    bench = many()
    stream = JsonStream(bench.box.commands.call("cmd=get_dev_info", None, ANYONE))
    length = stream.length()
    pieces = [bytes(piece) for piece in stream.chunks()]
    assert max(len(piece) for piece in pieces) <= 512
    assert sum(len(piece) for piece in pieces) == length > 12000
    assert len(json.loads(b"".join(pieces))["devices"]) == 25


def test_no_text_within_the_stream_is_longer_than_512_bytes():
    bench = many()
    stream = JsonStream(bench.box.commands.call("cmd=get_dev_info", None, ANYONE))
    assert max(len(token) for token in stream._tokens(stream._value, False)) <= 512


def test_measuring_and_writing_hold_no_more_than_a_few_kilobytes():
    bench = many()
    stream = JsonStream(bench.box.commands.call("cmd=get_dev_info", None, ANYONE))
    stream.length()
    gc.collect()
    before = gc.mem_alloc()
    most = 0
    for _ in stream.chunks():
        gc.collect()
        most = max(most, gc.mem_alloc() - before)
    assert most < 8192, most


def test_measuring_takes_many_short_steps():
    bench = many()
    stream = JsonStream(bench.box.commands.call("cmd=get_dev_info", None, ANYONE))
    assert sum(1 for _ in stream.steps()) > 25 * 5
    assert sum(1 for _ in stream.steps()) == 0


def test_many_devices_are_published_over_many_short_looks():
    bench = many()
    topics = bench.topics()
    found = [topics.due(bench.now) for _ in range(600)]
    sent = [entry[1] for entry in found if entry]
    assert sent == ["cfos_mqtt/get/params", "cfos_mqtt/get/dev_info"]
    assert found.index([entry for entry in found if entry][1]) > 25
    assert not any(topics.due(bench.now) for _ in range(600))


def reference():
    """1000 rounds of a small loop: the unit in which slices are measured here."""
    x = 0
    for i in range(1000):
        x += i
    yield x


# In passes of the reference: a guard against growth that runs everywhere. What the slices take an
# ESP32 is counted in instructions, by `make pieces` and tests/tools/test_counted.py.
_MOST = 4


def slices(make, rounds=15):
    """The shortest time of each slice of `make()`'s work, in us; collections are no part of it."""
    shortest = None
    for _ in range(rounds):
        gc.collect()
        gc.disable()
        times = []
        work = make()
        more = True
        while more:
            began = time.ticks_us()
            more = next(work, work) is not work
            times.append(time.ticks_diff(time.ticks_us(), began))
        gc.enable()
        pairs = zip(shortest or times, times)
        shortest = [min(pair) for pair in pairs]
    return shortest


def relative(make):
    """The longest slice of the work in passes of the reference; what disturbs only adds."""
    found = []
    for _ in range(5):
        found.append(max(slices(make)) / max(slices(reference)))
    return min(found)


def test_no_slice_of_publishing_25_devices_grows_beyond_what_it_takes_today():
    bench = many()

    def called():
        JsonStream(bench.box.commands.call("cmd=get_dev_info", None, ANYONE))
        yield

    def measured():
        yield from JsonStream(bench.box.commands.call("cmd=get_dev_info", None, ANYONE)).steps()

    stream = JsonStream(bench.box.commands.call("cmd=get_dev_info", None, ANYONE))
    stream.length()

    def looks():
        topics = bench.topics()
        for _ in range(600):
            topics.due(bench.now)
            yield

    for make in (called, measured, stream.chunks, looks):
        assert relative(make) <= _MOST, (make, relative(make))
