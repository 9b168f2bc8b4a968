"""Modbus TCP: one question and its answer at a time, in buffers allocated once.

Header and PDU: "MODBUS messaging on TCP/IP implementation guide" V1.0b, section 3.1.3.
"""

from micropython import const

from firmware.codec.rtu import FrameError

_REFUSED = const(0x80)
_HEAD = const(7)  # transaction, protocol, length, unit
_DATA = const(9)  # + function, byte count
_LONGEST = const(254)  # unit and PDU


class TcpMaster:
    """The counterpart of rtu.Master: the same questions, and answers known by their number.

    An answer to an earlier question, late because its device is slow, is passed over.
    """

    def __init__(self, registers: int = 125):
        self.request = self._short = bytearray(12)
        self.late = 0
        self._reply = bytearray(_DATA + 2 * registers)
        self._received = 0
        self._wanted = _HEAD
        self._skip = 0
        self._octets = 0

    def ask(self, unit: int, function: int, address: int, count: int):
        """Prepare to read `count` holding (function 3) or input registers (4)."""
        self._octets = 2 * count
        self._begin(unit, function, address, count)

    def order(self, unit: int, function: int, address: int, value: int):
        """Prepare to write one coil (function 5: 0 or 0xFF00) or one register (6)."""
        self._octets = 0
        self._begin(unit, function, address, value)

    def order_many(self, unit: int, address: int, values):
        """Prepare to write up to 123 neighbouring registers (function 16)."""
        from firmware.codec.modbus_write import block

        self._octets = 0
        self._begin(unit, 16, address, len(values))
        self.request = block(self._short, values)
        self.request[5] = 7 + 2 * len(values)

    def _begin(self, unit: int, function: int, address: int, second: int):
        request = self.request = self._short
        number = (request[0] << 8 | request[1]) + 1
        request[0] = number >> 8 & 0xFF
        request[1] = number & 0xFF
        request[5] = 6
        request[6] = unit
        request[7] = function
        request[8] = address >> 8
        request[9] = address & 0xFF
        request[10] = second >> 8
        request[11] = second & 0xFF

    def restart(self):
        """Forget what was received: a new connection begins with a new frame."""
        self._received = 0
        self._wanted = _HEAD
        self._skip = 0

    def receive(self, data, length: int) -> bool:
        """Take bytes as they come; True once the answer is complete. Raises FrameError."""
        done = False
        for i in range(length):
            if self._skip:
                self._skip -= 1
            elif self._take(data[i]):
                done = True
        return done

    def _take(self, octet: int) -> bool:
        if self._received < len(self._reply):
            self._reply[self._received] = octet
        self._received += 1
        if self._received == _HEAD:
            self._head()
        elif self._received == self._wanted:
            self.restart()
            self._check()
            return True
        return False

    def _head(self):
        reply = self._reply
        length = reply[4] << 8 | reply[5]
        if reply[2] or reply[3] or not 2 <= length <= _LONGEST:
            raise FrameError("no Modbus")
        if reply[0] != self.request[0] or reply[1] != self.request[1]:
            self.late += 1
            self.restart()
            self._skip = length - 1
            return
        self._wanted = _HEAD - 1 + length

    def _check(self):
        reply = self._reply
        request = self.request
        length = reply[4] << 8 | reply[5]
        if reply[6] != request[6]:
            raise FrameError("wrong unit")
        if reply[7] == request[7] | _REFUSED and length == 3:
            error = FrameError(f"exception {reply[8]}")
            error.code = reply[8]
            raise error
        if reply[7] != request[7]:
            raise FrameError("wrong function")
        if not self._octets:
            if length != 6 or reply[8:12] != request[8:12]:
                raise FrameError("wrong echo")
        elif length != 3 + self._octets or reply[8] != self._octets:
            raise FrameError("wrong length")

    def word(self, index: int) -> int:
        """Register `index` of the answer, counted from the address that was asked."""
        place = _DATA + 2 * index
        return self._reply[place] << 8 | self._reply[place + 1]
