"""The chip's console port: `sys.stdin` and `sys.stdout` of the firmware, and who types."""

import io
import sys

from micropython import const

_MP_STREAM_POLL = const(3)
_POLL_RD = const(1)
_POLL_WR = const(4)
_RING = const(260)  # the ESP32 port's buffer for what was received and not read
_FIFO_US = const(11100)  # 128 characters of the UART's own buffer at 115200 baud
_CHARACTER_US = const(87)
_KEPT = const(60000)
_LOOK_US = const(10000)

HOST_OUT = sys.stdout


class SerialLine(io.IOBase):
    """Levers: `type(text)`; `text` is what the firmware has written here (print() goes past it).

    `interrupt` is the character that interrupts the program (micropython.kbd_intr), -1 for none;
    `running` whether there is a program to interrupt; `lost` counts characters that nobody read
    in time. Writing takes the time of 115200 baud as soon as the UART's buffer is full.
    """

    def __init__(self, clock):
        self._clock = clock
        self.out = HOST_OUT
        self.begin()
        self.text = ""
        self.lost = 0

    def begin(self):
        """The chip starts."""
        self.interrupt = 3
        self.running = self.interrupted = False
        self._typed = bytearray()
        self._sent_at = 0

    @property
    def buffer(self):
        return self

    def type(self, text):
        """These characters arrive; str or bytes."""
        for byte in text.encode() if isinstance(text, str) else text:
            if byte == self.interrupt and self.running:
                self._typed = bytearray()
                self.interrupted = True
                self._clock.interrupt()
            elif len(self._typed) < _RING:
                self._typed.append(byte)
            else:
                self.lost += 1

    def any(self) -> int:
        """How many characters wait to be read."""
        return len(self._typed)

    def readinto(self, buffer) -> int:
        """As many as fit, waiting for the first one as the chip does."""
        while not self._typed:
            self._clock.advance(_LOOK_US)
        count = min(len(buffer), len(self._typed))
        buffer[:count] = self._typed[:count]
        self._typed = self._typed[count:]
        return count

    def read(self, count: int = 1) -> str:
        data = bytearray(count)
        return str(data[: self.readinto(data)], "utf-8")

    def ioctl(self, request: int, argument: int) -> int:
        if request != _MP_STREAM_POLL:
            return -1
        ready = _POLL_WR | (_POLL_RD if self._typed else 0)
        return ready & argument

    def write(self, text) -> int:
        if not isinstance(text, str):  # a letter beyond ASCII may come in pieces
            text = "".join([chr(byte) for byte in text])
        self.out.write(text)
        self.text = (self.text + text)[-_KEPT:]
        clock = self._clock
        now = clock.now()
        self._sent_at = max(self._sent_at, now) + len(text) * _CHARACTER_US
        wait_us = self._sent_at - now - _FIFO_US
        if wait_us > 0 and self.running:
            clock.advance(wait_us)
        return len(text)
