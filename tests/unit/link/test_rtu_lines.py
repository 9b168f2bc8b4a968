"""Meters made from device entries: lines shared, mistakes named, messages handed on."""

import asyncio

from firmware.codec.rtu import FrameError
from firmware.link.meter_lines import MeterError, MeterLines
from firmware.link.question import BusError, read, write
from firmware.meter.definition import Definition
from firmware.meter.identity import Identity
from firmware.meter.rota import Rota

MODBUS = '{"rtype": 0, "power_w": {"address": 1}, "serial": {"address": 9, "length": 8}}'
HTTP = '{"rtype": 1, "power_w": {"address": "/x", "query": "p"}}'
MQTT = '{"rtype": 2, "power_w": {"address": "${address}/p"}, "soc": {"address": "${address}/s"}}'
VIRTUAL = '{"rtype": 1, "power_w": {"expr": "M1.power_w + M2.power_w"}, "soc": {"expr": "50"}}'


class Bus:
    def __init__(self):
        self.rota = Rota()
        self.add = self.rota.add
        self.remove = self.rota.remove

    def allow(self, silence_ms, timeout_ms):
        self.allowed = (silence_ms, timeout_ms)


class Bench:
    def __init__(self, values=None):
        self.started = []
        self.buses = {}
        values = values or {}
        self.lines = MeterLines(None, self.bus, self.start, values.get)

    def bus(self, address):
        return self.buses.setdefault(address.line(), Bus())

    def start(self, name, run):
        self.started.append(name)


def test_modbus_meters_share_their_line():
    bench = Bench()
    for unit in (1, 2):
        meter = bench.lines.make({"address": "COM1,9600,8,e,1", "id": unit}, MODBUS)
        assert meter.unit == unit
    assert len(bench.buses) == 1 and not bench.started
    for unit in (1, 2):
        bench.lines.make({"address": "10.0.0.1:502", "id": unit}, MODBUS)
    bench.lines.make({"address": "10.0.0.2:502"}, MODBUS)
    bench.lines.sunspec({"address": "10.0.0.2", "id": 126})
    assert bench.started == ["modbus 10.0.0.1", "modbus 10.0.0.2"]


def test_http_meters_have_a_connection_each():
    bench = Bench()
    bench.lines.make({"address": "http://u:p@10.0.0.3/"}, HTTP)
    bench.lines.make({"address": "10.0.0.4"}, HTTP)
    assert bench.started == ["http 10.0.0.3", "http 10.0.0.4"]


def test_mqtt_meters_get_their_messages():
    bench = Bench()
    meter = bench.lines.make({"address": "home"}, MQTT)
    assert sorted(topic for topic, _, _ in bench.lines.topics) == ["home/p", "home/s"]
    assert bench.lines.received(memoryview(b"home/p"), memoryview(b"1234"), 5)
    assert meter.reading.stale(5)
    assert bench.lines.received("home/s", b"77", 6)
    assert meter.reading.power_w == 1234 and meter.reading.soc == 77 and not meter.reading.stale(6)
    assert not bench.lines.received("home/other", b"1", 7)


def test_virtual_meters_are_as_fresh_as_what_they_are_made_of():
    values = {"M1.power_w": 1000, "M2.power_w": None}
    bench = Bench(values)
    meter = bench.lines.make({}, VIRTUAL)
    meter.update(0)
    assert meter.reading.stale(0)
    values["M2.power_w"] = 500
    meter.update(1000)
    assert meter.reading.power_w == 1500 and not meter.reading.stale(1000)
    values["M1.power_w"] = None
    meter.update(20000)
    assert meter.reading.power_w is None and meter.reading.stale(20000)


def test_mistakes_are_named():
    bench = Bench()
    for entry, text, expected in (
        ({"address": "COM1"}, "{", "line 1"),
        ({"address": "COM1,9600"}, MODBUS, "a line is COM1,baud,bits,parity,stop"),
        ({}, MODBUS, "an address has"),
        ({"address": "http://x"}, MODBUS, "a Modbus meter is on a line or at ip:port"),
        ({"address": "COM1,9600,8,n,1"}, HTTP, "an HTTP meter is at http://host or ip:port"),
        ({}, MQTT, "an address has"),
    ):
        try:
            bench.lines.make(entry, text)
        except MeterError as error:
            assert str(error).startswith(expected), (text, str(error))
        else:
            raise AssertionError(text)


def test_outputs_are_written_published_or_given_to_the_connection():
    bench = Bench({"CM.on": 1})
    meter = bench.lines.make(
        {"address": "COM1,9600,8,e,1", "id": 5},
        '{"rtype": 0, "rtu": {"silence_period": 50, "rcv_timeout": 900},'
        '"power_w": {"address": 1}, "outputs": [{"address": "0x10", "body": "${power_w + 1}"}]}',
    )
    bus = next(iter(bench.buses.values()))
    assert bus.allowed == (50, 900)
    output = bus.rota.turns[0].device
    assert not output.due(0), "no power, no order"
    meter.reading.power_w = 99
    meter.finish(meter, 0)
    master = Words()
    assert output.due(0)
    output.ask(master, 0)
    output.answered(master, 0)
    assert master.asked == [(5, 6, 0x10, 100)] and not output.due(1)
    published = []
    bench.lines.publish = lambda topic, body: published.append((topic, body))
    bench.lines.make(
        {"address": "home"},
        '{"rtype": 2, "power_w": {"address": "p"},'
        '"outputs": [{"address": "${address}/set", "body": "${if CM.on`ON`OFF}"}]}',
    )
    bench.lines.update(0)
    bench.lines.update(1000)
    assert published == [("home/set", "ON")]
    try:
        bench.lines.make({"address": "a"}, '{"rtype": 2, "x": {"address": "p"}, "outputs": [1]}')
    except MeterError as error:
        assert str(error).startswith("outputs: ")
    else:
        raise AssertionError("a wrong output")


class Words:
    """A master that answers with given registers."""

    def __init__(self, words=()):
        self.words = words
        self.asked = []

    def ask(self, *question):
        self.asked.append(question)

    def order(self, *question):
        self.asked.append(question)

    def word(self, index):
        return self.words[index]


def test_a_meter_is_asked_for_its_texts_once():
    definition = Definition(
        '{"rtype": 0, "serial": {"address": 9, "type": "string", "length": 3},'
        '"version": {"address": 1, "length": 2}, "type_designation": {"fixed": "T"},'
        '"firmware_version": {"address": 5, "length": 1}}'
    )
    identity = Identity(7, definition)
    master = Words()
    for words in ([4], [0x4142, 0x4320, 0], [1, 2]):
        assert identity.due(0)
        identity.ask(master, 0)
        master.words = words
        identity.answered(master, 0)
    assert not identity.due(0)
    assert identity.texts == {
        "firmware_version": "4", "serial": "ABC", "version": "1.2", "type_designation": "T"
    }  # fmt: skip
    assert master.asked == [(7, 3, 5, 1), (7, 3, 9, 3), (7, 3, 1, 2)]


def test_texts_that_do_not_come_stay_unknown():
    identity = Identity(7, Definition(MODBUS))
    for _ in range(3):
        assert identity.due(0)
        identity.failed(FrameError("no answer"), 0)
    assert not identity.due(0) and identity.texts == {}


def test_a_single_question_is_answered_or_fails_by_name():
    async def serve(bus, master, error=None):
        while (turn := bus.rota.next(0)) is None:
            await asyncio.sleep_ms(0)
        turn.device.ask(master, 0)
        if error:
            bus.rota.failed(turn, error, 0)
        else:
            bus.rota.answered(turn, master, 0)

    async def main():
        bus = Bus()
        master = Words([5, 6])
        task = asyncio.create_task(serve(bus, master))
        assert await read(bus, 9, 4, 100, 2) == [5, 6]
        await task
        task = asyncio.create_task(serve(bus, master))
        await write(bus, 9, 100, 7)
        await task
        assert master.asked == [(9, 4, 100, 2), (9, 6, 100, 7)]
        refusal = FrameError("exception 2")
        refusal.code = 2
        task = asyncio.create_task(serve(bus, master, refusal))
        try:
            await read(bus, 9, 4, 100, 2)
        except BusError as error:
            assert str(error) == "exception 2" and error.code == 2
        else:
            raise AssertionError("no error")
        assert bus.rota.turns == []

    asyncio.run(main())
