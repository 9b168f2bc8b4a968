"""Runs on MicroPython: one Modbus master polls five meters on a line in real time.

modbus_line.py ours|umodbus BAUD SILENT SECONDS: SILENT meters more are asked and never answer.
Prints one JSON object: answered polls per second, for how long the loop was held (the 99th of a
hundred times) in ms, bytes allocated per answered poll, RAM of the imported modules and objects.
"""

import asyncio
import gc
import json
import sys
import time

GOOD = 5
REGISTERS = 16
REPLY_US = 20000  # what a meter takes to think


def crc16(data):
    crc = 0xFFFF
    for octet in data:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return bytes((crc & 255, crc >> 8))


class UART:
    """A UART whose line takes its time, with meters 1 to 5 on it. Not for other tests."""

    baud = 9600

    def __init__(self, *_, **__):
        self._answers = []
        for unit in range(GOOD + 1):
            body = bytes((unit, 3, 2 * REGISTERS)) + b"\x12\x34" * REGISTERS
            self._answers.append(body + crc16(body))
        self._answer = b""
        self._read = 0
        self._begin = 0
        self._per_byte = 11 * 1000000 // self.baud

    def write(self, data):
        length = len(data)
        self._answer = self._answers[data[0]] if data[0] <= GOOD else b""
        self._read = 0
        self._begin = time.ticks_add(time.ticks_us(), length * self._per_byte + REPLY_US)
        return length

    def flush(self):
        while time.ticks_diff(time.ticks_us(), self._begin) < -REPLY_US:
            pass

    def any(self):
        gone = time.ticks_diff(time.ticks_us(), self._begin)
        if gone < 0 or not self._answer:
            return 0
        return min(gone // self._per_byte, len(self._answer)) - self._read

    def read(self, count=None):
        count = self.any()
        if not count:
            return None
        self._read += count
        return self._answer[self._read - count : self._read]

    def readinto(self, buffer, length):
        count = min(self.any(), length)
        for i in range(count):
            buffer[i] = self._answer[self._read + i]
        self._read += count
        return count


class Machine:
    """What umodbus imports from the module of that name."""

    UART = UART
    Pin = object


class Pace:
    """How long the loop was held; the worst one in a hundred, because the machine is shared."""

    def __init__(self):
        self.gaps = [0] * 20000
        self.count = 0

    def held_ms(self):
        gaps = sorted(self.gaps[: self.count])
        return gaps[self.count * 99 // 100] / 1000

    async def run(self):
        last = time.ticks_us()
        while True:
            await asyncio.sleep_ms(1)
            here = time.ticks_us()
            if self.count < len(self.gaps):
                self.gaps[self.count] = max(0, time.ticks_diff(here, last) - 1000)
                self.count += 1
            last = here


class Ours:
    def __init__(self, silent):
        from firmware.link.rtu import RtuBus
        from firmware.meter.modbus_meter import ModbusMeter
        from firmware.meter.register_map import RegisterMap

        self.bus = RtuBus(UART(), None, self, UART.baud)
        text = "\n".join(f"power_w {i:x} int16 1" for i in range(REGISTERS))
        for unit in range(1, GOOD + silent + 1):
            registers = RegisterMap(text)
            registers.poll_ms = 0
            self.bus.rota.add(ModbusMeter(unit, registers))
        self.run = self.bus.run

    def warning(self, topic, text):
        return

    def answered(self):
        return self.bus.answered


class Theirs:
    """umodbus has no loop of its own: one task asks in turn, as its examples do."""

    def __init__(self, silent):
        sys.modules["machine"] = Machine
        from umodbus.serial import Serial

        self._master = Serial(uart_id=1, baudrate=UART.baud, pins=(1, 2))
        self._units = range(1, GOOD + silent + 1)
        self._answered = 0

    async def run(self):
        while True:
            for unit in self._units:
                try:
                    self._master.read_holding_registers(unit, 0, REGISTERS)
                    self._answered += 1
                except OSError:
                    pass
                await asyncio.sleep_ms(0)

    def answered(self):
        return self._answered


async def main(which, silent, seconds):
    gc.collect()
    before = gc.mem_alloc()
    master = (Ours if which == "ours" else Theirs)(silent)
    gc.collect()
    ram = gc.mem_alloc() - before
    pace = Pace()
    tasks = [asyncio.create_task(master.run()), asyncio.create_task(pace.run())]
    await asyncio.sleep_ms(5000 if silent else 500)
    first, held, began = master.answered(), gc.mem_alloc(), time.ticks_ms()
    gc.collect()
    gc.disable()
    held = gc.mem_alloc()
    pace.count = 0
    await asyncio.sleep_ms(int(seconds * 1000))
    polls = master.answered() - first
    took = time.ticks_diff(time.ticks_ms(), began) / 1000
    each = (gc.mem_alloc() - held) // max(polls, 1)
    gc.enable()
    for task in tasks:
        task.cancel()
    held_ms = pace.held_ms()
    figures = {"polls_s": polls / took, "worst_ms": held_ms, "bytes": each, "ram": ram}
    print(json.dumps(figures))


UART.baud = int(sys.argv[2])
asyncio.run(main(sys.argv[1], int(sys.argv[3]), float(sys.argv[4])))
