"""What the flash and the RTC memory know of the counters (firmware/store/ledger.py). Boot only."""

import struct
from binascii import crc32

from micropython import const

# The records of firmware/store/ledger.py.
_SIZE = const(16)
_VALUE_FORMAT = "<BBHQ"
_NAME_FORMAT = "<BBH8s"
_OPENED = const(0xA1)
_NAMED = const(0xA2)
_VALUE = const(0xA3)
_PAGE = const(256)
_EMPTY = b"\xff" * 256


class Found:
    """The ledger's state as the flash has it; the lists have one entry for each counter.

    A counter whose name was lost keeps its number, so that no other counter inherits its value.
    """

    def __init__(self, area, page: bytearray):
        self.names = []
        self.ids = {}
        self.values = []
        self.written = []
        self.named = []
        self.used = []
        self.block = 0
        self.sequence = 0
        self.messages = []
        self._area = area
        self._page = page
        self._slots = area.block_size // _SIZE if area else 0
        for block in range(area.blocks if area else 0):
            self._try(block)
        if self.sequence:
            self._scan(self.block, True)
        for number, name in enumerate(self.names):
            if not name:
                self.written[number] = self.values[number]

    def recall(self, data: bytes) -> bool:
        """Raise the counters to those in the RTC memory; False if it holds no sound ones."""
        if len(data) < 4 + _SIZE:
            return False
        if crc32(memoryview(data)[4:]) != struct.unpack_from("<I", data)[0]:
            return False
        for start in range(4, len(data) - _SIZE + 1, _SIZE):
            name, value = struct.unpack_from("<8sQ", data, start)
            if name := name.rstrip(b"\x00").decode():
                number = self.ids.get(name, len(self.names))
                self._enter(number, name)
                self.values[number] = max(value, self.values[number])
        return True

    def _try(self, block):
        self.used.append(self._slots)
        try:
            self._scan(block, False)
        except OSError as error:
            self.messages.append(f"block {block} of the ledger cannot be read: {error}")

    def _scan(self, block, current):
        last = 0
        for start in range(0, self._slots * _SIZE, _PAGE):
            size = min(_PAGE, self._slots * _SIZE - start)
            view = memoryview(self._page)[:size]
            self._area.read(block, start, view)
            if view == _EMPTY[:size]:
                continue
            for offset in range(0, size, _SIZE):
                record = view[offset : offset + _SIZE]
                if record != _EMPTY[:_SIZE]:
                    last = (start + offset) // _SIZE + 1
                    self._take(record, block, current)
        self.used[block] = last

    def _take(self, record, block, current):
        if crc32(record[:12]) != struct.unpack_from("<I", record, 12)[0]:
            return
        kind, number, _, value = struct.unpack(_VALUE_FORMAT, record[:12])
        if kind == _OPENED and value > self.sequence:
            self.sequence = value
            self.block = block
        elif kind == _NAMED:
            name = struct.unpack(_NAME_FORMAT, record[:12])[3]
            self._enter(number, name.rstrip(b"\x00").decode())
            self.named[number] = self.named[number] or current
        elif kind == _VALUE:
            self._enter(number, "")
            self.values[number] = max(value, self.values[number])
            if current and value == self.values[number]:
                self.written[number] = value

    def _enter(self, number, name):
        while len(self.names) <= number:
            self.names.append("")
            self.values.append(0)
            self.written.append(-1)
            self.named.append(False)
        if name and not self.names[number]:
            self.names[number] = name
            self.ids[name] = number
