"""One RS485 line: a single task owns the UART and asks the devices on it in turn."""

import asyncio
import time

from micropython import const

from firmware.codec.rtu import FrameError, Master
from firmware.meter.rota import Rota
from firmware.ticks import after, since

_CHUNK = const(32)  # bytes checked without yielding: some 5 ms on an ESP32
_SLICE_MS = const(3)
_IDLE_MS = const(20)
_BITS = const(11)  # per character on the line, section 2.5.1 of the serial line guide
_MASK = const(0x3FFFFFFF)  # ticks have 30 bits, see ticks.py


class RtuBus:
    """Asks the devices that `rota.add` was given; `run` is the forever task.

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
        self.asked = self.answered = self.silent = self.garbled = self.refused = self.stray = 0
        self._uart = uart
        self._enable = driver_enable
        self._log = log
        self._baud = baud
        self._deaf = False
        self._answer_by = 0
        self._timeout_ms = timeout_ms
        self.silence_ms = max(2, self._air_ms(4))
        self._chunk = bytearray(_CHUNK)

    def allow(self, silence_ms: int, timeout_ms: int):
        """Give all devices on the line what one of them needs."""
        self.silence_ms = max(self.silence_ms, silence_ms)
        self._timeout_ms = max(self._timeout_ms, timeout_ms)

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
        elif self._deaf:
            self.silent += 1
        else:
            self.garbled += 1
        if turn.failed_in_row == 2 and not error.code:  # a third time is no accident; said once
            self._log.warning("meter", f"unit {self.master.request[0]}: {error}")
        now = _now()
        self.rota.failed(turn, error, now, max(0, since(self._answer_by, now)))

    async def _exchange(self):
        """Silence, question, answer; one coroutine, because each costs some 80 bytes."""
        self._deaf = False
        deadline = after(_now(), self._timeout_ms)
        while since(_now(), deadline) < 0:
            await asyncio.sleep_ms(self.silence_ms)
            if not self._drop():
                break
        try:
            self._send()
            await asyncio.sleep_ms(self._air_ms(len(self.master.request)) + 1)
        finally:
            if self._enable:
                self._enable(0)
        deadline = after(_now(), self._timeout_ms + self._air_ms(self.master.wanted))
        self._answer_by = deadline
        while since(_now(), deadline) < 0:
            waiting = self._uart.any()
            if waiting and self._hear(waiting):
                return
            await asyncio.sleep_ms(0 if waiting > _CHUNK else _SLICE_MS)
        self._deaf = True
        raise FrameError("no answer")

    def _drop(self) -> int:
        """Drop what is still on the line; how much that was."""
        heard = 0
        while heard < _CHUNK and self._uart.any():
            heard += self._uart.readinto(self._chunk, min(self._uart.any(), _CHUNK)) or 0
        self.stray += heard
        return heard

    def _send(self):
        self.asked += 1
        if self._enable:
            self._enable(1)
        self._uart.write(self.master.request)

    def _hear(self, waiting: int) -> bool:
        count = self._uart.readinto(self._chunk, min(waiting, _CHUNK)) or 0
        return self.master.receive(self._chunk, count)


def _now() -> int:
    return time.ticks_ms() & _MASK
