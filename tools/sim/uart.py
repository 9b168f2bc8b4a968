"""`machine.UART`: a serial port with the world's line at its other end."""

import io

from micropython import const
from silicon import SILICON

_MP_STREAM_POLL = const(3)
_POLL_RD = const(1)
_POLL_WR = const(4)


class UART(io.IOBase):
    """A serial port; the world's bus is at the other end, at the speed of real characters."""

    RX_ANY = 1
    IRQ_RX = 1

    def __init__(self, id, baudrate=115200, bits=8, parity=None, stop=1, **options):
        if id not in (1, 2):
            raise ValueError("UART(%d) does not exist" % id)
        self._id = id
        self._received = bytearray()
        self._arriving = b""
        self._arriving_from = 0
        self._arriving_us = 1
        self._deaf = False
        self._event = None
        self._sent_at = 0
        self.init(baudrate, bits, parity, stop, **options)

    def init(self, baudrate=115200, bits=8, parity=None, stop=1, **options):
        if not 0 < baudrate <= 5000000:
            raise ValueError("invalid baudrate")
        if bits not in (5, 6, 7, 8):
            raise ValueError("invalid data bits")
        if stop not in (1, 2):
            raise ValueError("invalid stop bits")
        rx_size = options.get("rxbuf", 256)
        if rx_size < 129:
            raise ValueError("rxbuf too small")
        self.baudrate = baudrate
        self.format = (bits, parity, stop)
        self.character_us = (1 + bits + (parity is not None) + stop) * 1000000 // baudrate
        self.overruns = 0
        self._rx_size = rx_size
        self._timeout = options.get("timeout", 0)
        self._world = SILICON.world
        if not SILICON.dead:
            SILICON.uarts[self._id] = self
            SILICON.world.uart_opened(self._id, self)

    def deinit(self):
        SILICON.uarts.pop(self._id, None)

    def any(self) -> int:
        SILICON.clock.charge(10)
        self._settle()
        return len(self._received)

    def read(self, count=-1):
        """Up to `count` bytes of those received, None if there are none."""
        self._wait()
        if count < 0:
            count = len(self._received)
        data = bytes(self._received[:count])
        self._received = self._received[count:]
        return data or None

    def readinto(self, buffer, count=-1):
        self._wait()
        count = min(len(buffer), len(self._received), count if count >= 0 else len(buffer))
        if not count:
            return None
        buffer[:count] = self._received[:count]
        self._received = self._received[count:]
        return count

    def readline(self):
        self._wait()
        end = self._received.find(b"\n") + 1
        return self.read(end) if end else self.read()

    def _wait(self):
        SILICON.clock.charge(20)
        self._settle()
        if self._timeout and not self._received:
            SILICON.clock.block(self._timeout * 1000)
            self._settle()

    def write(self, data) -> int:
        """Send; returns at once, the characters leave one after the other."""
        SILICON.clock.charge(30)
        if isinstance(data, str):
            data = data.encode()
        now = SILICON.clock.now()
        begin = max(now, self._sent_at)
        self._sent_at = begin + len(data) * self.character_us
        if not SILICON.dead:
            SILICON.world.uart_written(self._id, bytes(data), begin)
        return len(data)

    def txdone(self) -> bool:
        return SILICON.clock.now() >= self._sent_at

    def flush(self):
        left = self._sent_at - SILICON.clock.now()
        if left > 0:
            SILICON.clock.block(left)

    def ioctl(self, request, flags):
        if request != _MP_STREAM_POLL:
            return 0
        self._settle()
        if not self._received and self._arriving:
            # Whoever polls wants to hear of the next character.
            SILICON.clock.cancel(self._event)
            when = self._arriving_from + self._arriving_us
            self._event = SILICON.clock.at(when, _nothing)
        ready = _POLL_RD if self._received else 0
        return flags & (ready | _POLL_WR)

    # The world's side. Characters are counted when somebody looks, not one by one.

    def receive(self, data: bytes, character_us: int):
        """These characters begin to arrive now."""
        self._settle()
        if not self._arriving:
            self._arriving_from = SILICON.clock.now()
        self._arriving += data
        self._arriving_us = character_us

    def deafen(self, deaf: bool):
        """The line's driver is on (deaf): what arrives meanwhile is lost."""
        self._settle()
        self._deaf = deaf

    def _settle(self):
        if not self._arriving:
            return
        count = (SILICON.clock.now() - self._arriving_from) // self._arriving_us
        arrived = self._arriving[: max(0, count)]
        self._arriving = self._arriving[len(arrived) :]
        self._arriving_from += len(arrived) * self._arriving_us
        if self._deaf:
            self._world.bus.lost += len(arrived)
            return
        room = self._rx_size - len(self._received)
        self.overruns += max(0, len(arrived) - room)
        self._received.extend(arrived[:room])


def _nothing(_):
    """An event whose only use is that polling is done again."""
