"""What polling costs: bytes allocated per question, and bytes that a meter keeps."""

import asyncio
import gc
import os
import sys

from firmware.codec.rtu import crc16
from firmware.link.modbus_tcp import ModbusTcp
from firmware.link.rtu import RtuBus
from firmware.meter import dts353
from firmware.meter.checks import Checks
from firmware.meter.definition import Definition
from firmware.meter.json_meter import JsonMeter
from firmware.meter.modbus_meter import ModbusMeter
from firmware.meter.rota import Turn

FOLDER = "firmware/meter/definitions/"
# Objects of the 64-bit port are twice as large; the ESP32's are those of the 32-bit one.
WORD = 2 if sys.maxsize > 1 << 32 else 1
MOST_PER_POLL = 200 * WORD
MOST_PER_METER = 1536 * WORD


class Line:
    """Answers at once and allocates nothing: what counts is what the bus needs."""

    def __init__(self):
        self._answers = {}
        self._answer = b""
        self._at = 0
        for count in (16, 10):
            for unit in range(1, 11):
                data = bytes((unit, 3, 2 * count)) + b"\x41\x20\0\0" * (count // 2)
                crc = crc16(data, len(data))
                self._answers[unit * 256 + count] = data + bytes((crc & 255, crc >> 8))

    def write(self, data):
        self._answer = self._answers[data[0] * 256 + data[5]]
        self._at = 0

    def any(self):
        return len(self._answer) - self._at

    def readinto(self, buffer, length):
        for i in range(length):
            buffer[i] = self._answer[self._at + i]
        self._at += length
        return length


class Server:
    """The same for Modbus TCP: a stream whose socket answers at once."""

    def __init__(self, *_):
        self.socket = self
        self._answer = bytearray(60)
        self._length = 0
        self._at = 0

    def ready(self):
        return True

    def close(self):
        return

    def write(self, data, offset, count):
        octets = 2 * data[11]
        answer = self._answer
        answer[0] = data[0]
        answer[1] = data[1]
        answer[5] = 3 + octets
        answer[6] = data[6]
        answer[7] = 3
        answer[8] = octets
        self._length = 9 + octets
        self._at = 0
        return count

    def readinto(self, buffer, count):
        count = min(count, self._length - self._at)
        for i in range(count):
            buffer[i] = self._answer[self._at + i]
        self._at += count
        return count or None


def cost_of_a_poll(link):
    """Bytes allocated per answered question, with ten meters on the link."""
    for unit in range(1, 11):
        registers = dts353.registers()
        registers.poll_ms = 0
        link.rota.add(ModbusMeter(unit, registers))

    async def main():
        task = asyncio.create_task(link.run())
        while link.answered < 40:
            await asyncio.sleep_ms(5)
        gc.collect()
        gc.disable()
        try:
            before, answered = gc.mem_alloc(), link.answered
            while link.answered < answered + 100:
                await asyncio.sleep_ms(5)
            cost = (gc.mem_alloc() - before) // (link.answered - answered)
        finally:
            gc.enable()
        task.cancel()
        return cost

    return asyncio.run(main())


def test_a_poll_on_the_line_allocates_little():
    cost = cost_of_a_poll(RtuBus(Line(), None, None, 115200))
    assert cost <= MOST_PER_POLL, cost


def test_a_poll_over_tcp_allocates_little():
    link = ModbusTcp("10.0.0.1", 502, None)
    link.line.open = Server
    cost = cost_of_a_poll(link)
    assert cost <= MOST_PER_POLL, cost


def meter_of(name):
    with open(FOLDER + name) as file:
        definition = Definition(file.read())
    if definition.rtype:
        meter = JsonMeter(definition, None, "address")
        meter.finish = Checks(definition, meter.reading).finish
        return meter, None
    meter = ModbusMeter(1, definition.registers)
    meter.finish = Checks(definition, meter.reading).finish
    return meter, Turn(meter)


def used():
    gc.collect()
    gc.collect()
    return gc.mem_alloc()


def test_a_meter_keeps_little():
    names = sorted(os.listdir(FOLDER))
    kept = [meter_of(name) for name in names]  # modules are imported by that
    kept = []
    for name in names:
        kept.append(None)
        before = used()
        kept[-1] = meter_of(name)
        cost = used() - before
        assert cost <= MOST_PER_METER, (name, cost)
