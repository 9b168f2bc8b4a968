"""One RS485 line: a single task owns the UART and asks the devices on it in turn."""

import asyncio
import time

from micropython import const

from firmware.codec.rtu import FrameError, Master
from firmware.meter.rota import Rota
from firmware.ticks import PERIOD, after, since

_CHUNK = const(32)  # bytes checked without yielding: some 5 ms on an ESP32
_SLICE_MS = const(3)
_IDLE_MS = const(20)
_BITS = const(11)  # per character on the line, section 2.5.1 of the serial line guide


class RtuBus:
    """Asks the devices that `add` was given; `run` is the forever task.

    uart           any(), readinto(buffer, length), write(buffer), never blocking
    driver_enable  called with 1 before and 0 after sending, or None for automatic drivers
    silence_ms     pause before a question: 3.5 characters (section 2.5.1.1), at least 2 ms,
                   unless a device wants more
    timeout_ms     from the end of a question to the end of its answer, sending time extra

    Counts for the status: `asked`, `answered`, `silent` (no complete answer in time),
    `garbled` (wrong in any way), `refused` (exceptions), `stray` (bytes nobody asked for).
    """

    def __init__(self, uart, driver_enable, log, baud=9600, timeout_ms=500):
        self.master = Master()
        self.rota = Rota(late_ms=max(1000, 2 * timeout_ms))
        self.add = self.rota.add
        self.remove = self.rota.remove
        self.asked = self.answered = self.silent = self.garbled = self.refused = self.stray = 0
        self._uart = uart
        self._enable = driver_enable
        self._log = log
        self._baud = baud
        self._timeout_ms = timeout_ms
        self.silence_ms = max(2, self._air_ms(4))
        self._chunk = bytearray(_CHUNK)
        self._view = memoryview(self.master.request)

    def _air_ms(self, characters: int) -> int:
        return (characters * _BITS * 1000 + self._baud - 1) // self._baud

    async def run(self):
        """Ask whoever is due, for ever."""
        while True:
            turn = self.rota.next(_now())
            if turn is None:
                await asyncio.sleep_ms(_IDLE_MS)
                continue
            turn.device.ask(self.master, _now())
            try:
                await self._exchange()
            except FrameError as error:
                self._fail(turn, error)
                continue
            self.answered += 1
            self.rota.answered(turn, self.master, _now())

    def _fail(self, turn, error):
        if error.code:
            self.refused += 1
        elif turn.failed_in_row == 2:  # a third time is no accident; said once, not every time
            self._log.warning("meter", f"unit {self.master.request[0]}: {error}")
        self.rota.failed(turn, error, _now())

    async def _exchange(self):
        await self._hush()
        await self._send()
        await self._receive()

    async def _hush(self):
        """Drop what is still on the line until it has been silent long enough."""
        deadline = after(_now(), self._timeout_ms)
        while since(_now(), deadline) < 0:
            await asyncio.sleep_ms(self.silence_ms)
            heard = self._drop()
            self.stray += heard
            if not heard:
                return

    def _drop(self) -> int:
        heard = 0
        while heard < _CHUNK and self._uart.any():
            heard += self._uart.readinto(self._chunk, min(self._uart.any(), _CHUNK)) or 0
        return heard

    async def _send(self):
        self.asked += 1
        length = self.master.request_length
        if self._enable:
            self._enable(1)
        try:
            self._uart.write(self._view[:length])
            await asyncio.sleep_ms(self._air_ms(length) + 1)
        finally:
            if self._enable:
                self._enable(0)

    async def _receive(self):
        deadline = after(_now(), self._timeout_ms + self._air_ms(self.master.wanted))
        try:
            while since(_now(), deadline) < 0:
                waiting = self._uart.any()
                if waiting:
                    count = self._uart.readinto(self._chunk, min(waiting, _CHUNK)) or 0
                    if self.master.receive(self._chunk, count):
                        return
                await asyncio.sleep_ms(0 if waiting > _CHUNK else _SLICE_MS)
        except FrameError as error:
            if not error.code:
                self.garbled += 1
            raise
        self.silent += 1
        raise FrameError("no answer")


def _now() -> int:
    return time.ticks_ms() & (PERIOD - 1)
