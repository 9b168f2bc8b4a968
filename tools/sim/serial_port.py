"""The chip's serial line at the host's standard input and output, and the ESP32's `sys`."""

import uselect
from chip_sys import host
from micropython import const
from silicon import SILICON

_LOOK_US = const(2000)
_PIECE = const(128)  # what the UART's own buffer holds


class SerialPort:
    """Types into the chip what arrives at the host's standard input.

    on_end() is called when the other end of the line is gone for ever.
    """

    def __init__(self, clock, on_end):
        self._clock = clock
        self._on_end = on_end
        self._input = host.stdin.buffer
        self._poll = uselect.poll()
        self._poll.register(self._input, uselect.POLLIN)
        self._byte = bytearray(1)
        self._look()

    def _look(self, _=None):
        """An event of the world: Ctrl-C is noticed even when nobody reads."""
        self._fill(0)
        self._clock.after(_LOOK_US * max(1, self._clock.speed), self._look)

    def _fill(self, wait_ms: int):
        """Take over what has arrived, or arrives within this real time."""
        for _ in self._poll.poll(wait_ms):
            data = self._input.read(_PIECE)
            if data:
                SILICON.serial.type(data)
            elif data is not None:
                self._on_end()

    def get(self) -> int:
        """The next byte; waits for it while the world goes on."""
        serial = SILICON.serial
        speed = max(1, self._clock.speed)
        while not serial.any():
            self._fill(1)
            if not serial.any():
                self._clock.advance(1000 * speed)
        serial.readinto(self._byte)
        return self._byte[0]

    def say(self, text: str):
        self.send(text.encode())

    def send(self, data: bytes):
        try:
            host.stdout.buffer.write(data)
        except OSError:  # the bridge is gone
            self._on_end()


class System:
    """Stands in for `sys`: the chip's standard streams, and the names of the ESP32 port."""

    platform = "esp32"

    def __init__(self, version: tuple, machine: str):
        self.implementation = Implementation(version, machine)

    def __getattr__(self, name):
        if name in ("stdin", "stdout"):
            return SILICON.serial
        return getattr(host, name)


class Implementation:
    """`sys.implementation` of the ESP32 port; the bytecode is that of the host's interpreter."""

    name = "micropython"

    def __init__(self, version: tuple, machine: str):
        self.version = version
        self._machine = machine
        self._mpy = host.implementation._mpy
        self._build = "ESP32_GENERIC"

    def __getitem__(self, index):
        return (self.name, self.version, self._machine, self._mpy, self._build)[index]
