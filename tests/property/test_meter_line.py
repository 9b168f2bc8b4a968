"""Whatever meters do on a line, within what the time-out allows: right values or none."""

import sys
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from firmware.codec.modbus_tcp import TcpMaster
from firmware.codec.modbus_values import FLOAT, value
from firmware.codec.rtu import FrameError, Master, crc16

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit" / "link"))

from test_rtu_bus import BOTH, Bench, answer, sealed

# What a meter does with a question: (name, milliseconds, a number for the details).
HABITS = st.tuples(
    st.sampled_from(
        ["right", "right", "right", "silent", "late", "flip", "cut", "unit", "function", "twice"]
        + ["noise", "refuse", "short", "long"]
    ),
    st.integers(5, 450),
    st.integers(0, 10000),
)


def reply(habit, request):
    """[(delay, bytes)] by which a meter answers; counters hold 200, power 100."""
    name, delay, detail = habit
    number = 200 if request[2] else 100
    right = answer(request, number)
    at = detail % len(right)
    bodies = {
        "silent": b"",
        "flip": right[:at] + bytes([right[at] ^ (1 << detail % 8)]) + right[at + 1 :],
        "cut": right[:at],
        "unit": sealed(bytes([detail % 247 + 1]) + right[1:-2]),
        "function": sealed(bytes([request[0], 4]) + right[2:-2]),
        "twice": right + right,
        "noise": bytes([detail % 256, detail // 40]) + right + bytes([detail % 251]),
        "refuse": sealed(bytes([request[0], 0x83, detail % 11 + 1])),
        "short": answer(request, number, 0),
        "long": answer(request, number, 2),
    }
    if name == "late":
        delay = 400 + detail % 1000
    body = bodies.get(name, right)
    # A second answer long after the first could not be told from the next one on any RTU line.
    split = detail % (len(body) + 1) if name != "twice" else 0
    return [(delay, body[:split]), (delay + detail % 100, body[split:])]


@settings(max_examples=60, deadline=None)
@given(st.lists(HABITS, min_size=1, max_size=12), st.lists(HABITS, min_size=1, max_size=12))
@example(  # a stranger's late answer ended the wait, and the own one came even later
    [("right", 5, 0), ("right", 5, 0), ("late", 5, 900)],
    [("silent", 5, 0), ("right", 5, 0), ("right", 5, 0)]
    + [("silent", 5, 0), ("right", 5, 0), ("late", 5, 903)],
)
def test_two_meters_that_do_anything_are_never_read_wrong(first, second):
    bench = Bench()
    meters = []
    for unit, habits in ((1, first), (2, second)):
        calls = []

        def device(request, habits=habits, calls=calls):
            calls.append(1)
            return reply(habits[len(calls) % len(habits)], bytes(request))

        meters.append(bench.meter(unit, device, BOTH))

    def check(now):
        for meter in meters:
            assert meter.reading.power_w in (None, 100)
            assert meter.reading.import_wh in (None, 200)

    bench.run(60000, check)


@given(st.binary(max_size=300), st.integers(1, 125))
def test_no_bytes_but_a_sound_frame_are_an_rtu_answer(data, count):
    master = Master()
    master.ask(1, 3, 0, count)
    try:
        done = master.receive(data, len(data))
    except FrameError:
        return
    if done:
        length = 5 + 2 * count
        frames = [data[at : at + length] for at in range(3)]
        assert any(frame[:1] == b"\1" and crc16(frame, length) == 0 for frame in frames)


@given(st.integers(1, 247), st.lists(st.integers(0, 65535), min_size=1, max_size=125), st.data())
def test_every_rtu_answer_is_read_in_any_portions(unit, words, data):
    master = Master()
    master.ask(unit, 3, 100, len(words))
    body = bytes([unit, 3, 2 * len(words)]) + b"".join(word.to_bytes(2, "big") for word in words)
    rest = sealed(body)
    done = False
    while rest:
        assert not done
        size = data.draw(st.integers(1, len(rest)))
        done = master.receive(rest[:size], size)
        rest = rest[size:]
    assert done and [master.word(i) for i in range(len(words))] == words


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_any_bytes_are_survived_by_the_tcp_codec(portions):
    master = TcpMaster()
    master.ask(1, 3, 0, 2)
    for portion in portions:
        try:
            master.receive(portion, len(portion))
        except FrameError:
            master.restart()


class Words:
    def __init__(self, bits):
        self._bits = bits

    def word(self, index):
        return self._bits >> (16 - 16 * index) & 0xFFFF


@given(st.floats(width=32), st.sampled_from([1, 10, 1000, -1, -1000]), st.sampled_from([1, 10]))
def test_floats_are_scaled_as_exact_fractions_would_be(number, numerator, denominator):
    import struct
    from fractions import Fraction

    got = value(Words(struct.unpack(">I", struct.pack(">f", number))[0]), 0, FLOAT, numerator, 1)
    if number != number or abs(number) >= 1 << 31:
        assert got is None or abs(number) < 1 << 32
        return
    exact = Fraction(number) * numerator
    assert abs(got - exact) <= Fraction(1, 2)
    scaled = value(
        Words(struct.unpack(">I", struct.pack(">f", number))[0]), 0, FLOAT, numerator, denominator
    )
    assert abs(scaled - exact / denominator) <= 1
