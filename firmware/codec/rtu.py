"""Modbus RTU: one question and its answer at a time, in buffers that only ever grow.

Frame layout and CRC: "MODBUS over serial line specification and implementation guide" V1.02,
sections 2.5.1 and 6.2.2; functions: "MODBUS application protocol specification" V1.1b3.
"""

from micropython import const

_REFUSED = const(0x80)  # added to the function by a device that answers with an exception
_NOISE = const(2)  # bytes a line driver may add before or behind a frame when it changes hands
_HEAD = const(3)  # unit, function, byte count
_ECHO = const(8)  # the answer to a write
_FIRST = const(64)  # bytes of an answer: few meters are read in longer pieces
_CRC = (
    0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00, 0x2800, 0xE401,
    0xA001, 0x6C00, 0x7800, 0xB401, 0x5000, 0x9C01, 0x8801, 0x4400,
)  # fmt: skip


class FrameError(Exception):
    """An answer that may not be used; args[0] says why, `code` is the device's exception or 0."""

    code = 0


def crc16(data, length: int) -> int:
    """CRC of the first `length` bytes; over a whole sound frame it is 0."""
    crc = 0xFFFF
    for i in range(length):
        crc = crc >> 4 ^ _CRC[(crc ^ data[i]) & 15]
        crc = crc >> 4 ^ _CRC[(crc ^ data[i] >> 4) & 15]
    return crc


class Master:
    """Builds requests and checks answers, byte by byte, without allocating.

    `request` is to be sent after `ask` or `order`.
    """

    def __init__(self):
        self.request = self._short = bytearray(8)
        self._reply = bytearray(_FIRST)
        self._wanted = 0
        self._received = 0
        self._noise = 0

    def ask(self, unit: int, function: int, address: int, count: int):
        """Prepare to read `count` holding (function 3) or input registers (4)."""
        self._begin(unit, function, address, count)
        self._finish(_HEAD + 2 + 2 * count)
        if self._wanted > len(self._reply):
            self._reply = bytearray(self._wanted)

    def order(self, unit: int, function: int, address: int, value: int):
        """Prepare to write one coil (function 5: 0 or 0xFF00) or one register (6)."""
        self._begin(unit, function, address, value)
        self._finish(_ECHO)

    def order_many(self, unit: int, address: int, values):
        """Prepare to write up to 123 neighbouring registers (function 16)."""
        from firmware.codec.modbus_write import block

        self._begin(unit, 16, address, len(values))
        self._finish(_ECHO)
        request = block(self._short[:6], values)
        crc = crc16(request, len(request))
        request.extend(bytes((crc & 0xFF, crc >> 8)))
        self.request = request

    def _begin(self, unit: int, function: int, address: int, second: int):
        request = self.request = self._short
        request[0] = unit
        request[1] = function
        request[2] = address >> 8
        request[3] = address & 0xFF
        request[4] = second >> 8
        request[5] = second & 0xFF

    def _finish(self, wanted: int):
        crc = crc16(self.request, 6)
        self.request[6] = crc & 0xFF
        self.request[7] = crc >> 8
        self._wanted = wanted
        self._received = 0
        self._noise = 0

    @property
    def wanted(self) -> int:
        """Length of the answer in bytes, as far as it is known."""
        return self._wanted

    def receive(self, data, length: int) -> bool:
        """Take bytes as they come; True once the answer is complete and sound.

        Raises FrameError naming what is wrong with it. Up to two bytes of line noise are
        passed over before the answer and behind it.
        """
        for i in range(length):
            self._take(data[i])
        return self._received == self._wanted

    def _take(self, octet: int):
        at = self._received
        if at == self._wanted or (at == 0 and octet != self.request[0]):
            self._noise += 1
            if self._noise > _NOISE:
                raise FrameError("surplus bytes" if at else "wrong unit")
            return
        self._reply[at] = octet
        self._received = at + 1
        if at == 0:
            self._noise = 0
        elif at <= 2:
            self._check_head(at, octet)
        if at + 1 == self._wanted:
            self._check_whole()

    def _check_head(self, at: int, octet: int):
        """Function and byte count, as soon as they are there: garbage is not waited out."""
        if at == 1:
            if octet == self.request[1] | _REFUSED:
                self._wanted = 5
            elif octet != self.request[1]:
                raise FrameError("wrong function")
        elif self._reply[1] <= 4 and octet != self._wanted - _HEAD - 2:
            raise FrameError("wrong length")

    def _check_whole(self):
        reply = self._reply
        if crc16(reply, self._wanted):
            raise FrameError("wrong CRC")
        if reply[1] & _REFUSED:
            error = FrameError(f"exception {reply[2]}")
            error.code = reply[2]
            raise error
        if reply[1] > 4:  # a write is answered by its own first bytes
            for i in range(2, 6):
                if reply[i] != self.request[i]:
                    raise FrameError("wrong echo")

    def word(self, index: int) -> int:
        """Register `index` of the answer, counted from the address that was asked."""
        place = _HEAD + 2 * index
        return self._reply[place] << 8 | self._reply[place + 1]
