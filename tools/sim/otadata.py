"""Which of two applications starts: ESP-IDF's bootloader with its rollback, as far as it is used.

The choice is in the two blocks of "otadata", an entry of 32 bytes each: sequence number (odd: the
first application), label, state, CRC of the number. The entry with the higher number counts,
unless its state is INVALID or ABORTED. A new one is NEW; at its first start it becomes
PENDING_VERIFY, and at the next reset ABORTED, unless the application has made it VALID in
between. Sources: ESP-IDF 5, bootloader_utility.c, bootloader_common_loader.c, esp_ota_ops.c; not
compared with a chip.
"""

import hashlib
import struct
from binascii import crc32

from micropython import const

NEW = const(0)
PENDING = const(1)
VALID = const(2)
INVALID = const(3)
ABORTED = const(4)
NOT_VALID = const(-5379)

_ENTRY = "<I20sII"
_EMPTY = const(0xFFFFFFFF)
_PIECE = const(256)
_BLOCK = const(4096)


class Selection:
    """Which of two applications starts; `otadata` and `applications` are block devices."""

    def __init__(self, otadata, applications):
        self._otadata = otadata
        self._applications = applications

    def entries(self) -> list:
        """[sequence number, state, whether it may start] of both entries."""
        found = []
        for block in range(2):
            data = bytearray(32)
            self._otadata.readblocks(block, data, 0)
            number, _, state, crc = struct.unpack(_ENTRY, data)
            sound = number != _EMPTY and crc == _crc(number)
            found.append([number, state, sound and state not in (INVALID, ABORTED)])
        return found

    def _active(self, entries):
        """Index of the entry that counts, or None."""
        may = [n for n in range(2) if entries[n][2]]
        return max(may, key=lambda n: entries[n][0]) if may else None

    def _write(self, index, number, state):
        entry = struct.pack(_ENTRY, number, b"\xff" * 20, state, _crc(number))
        self._otadata.ioctl(6, index)
        self._otadata.writeblocks(index, entry, 0)

    def chosen(self) -> int:
        """The application that the next reset would try first."""
        entries = self.entries()
        active = self._active(entries)
        return 0 if active is None else (entries[active][0] - 1) % 2

    def start(self) -> int | None:
        """After a reset: which application runs; None when there is no sound one."""
        entries = self.entries()
        for index in range(2):
            if entries[index][1] == PENDING:
                entries[index][1:] = (ABORTED, False)
                self._write(index, entries[index][0], ABORTED)
        active = self._active(entries)
        chosen = self.chosen()
        if active is not None and entries[active][1] == NEW:
            self._write(active, entries[active][0], PENDING)
        for number in (chosen, 1 - chosen):
            if sound(self._applications[number]):
                if entries[0][0] == entries[1][0] == _EMPTY:
                    self._write(0, number + 1, VALID)
                return number
        return None

    def set_boot(self, application: int):
        """Start this one at the next reset, on trial; OSError when it is not sound."""
        if not sound(self._applications[application]):
            raise OSError(NOT_VALID, "ESP_ERR_OTA_VALIDATE_FAILED")
        entries = self.entries()
        active = self._active(entries)
        if active is None:
            self._write(0, application + 1, NEW)
            return
        number = entries[active][0]
        while (number - 1) % 2 != application:
            number += 1
        self._write(1 - active, number, NEW)

    def mark_valid(self):
        """What runs has proved itself."""
        entries = self.entries()
        active = self._active(entries)
        if active is None:
            raise OSError(-1, "ESP_FAIL")
        if entries[active][1] != VALID:
            self._write(active, entries[active][0], VALID)


def _crc(number):
    return crc32(struct.pack("<I", number), _EMPTY)


def read(device, at: int, size: int) -> bytearray:
    """Bytes of a partition, in pieces that the chip takes about as long for."""
    data = bytearray(size)
    view = memoryview(data)
    while len(view) > 0:
        block, offset = divmod(at, _BLOCK)
        count = min(len(view), _PIECE, _BLOCK - offset)
        device.readblocks(block, view[:count], offset)
        view = view[count:]
        at += count
    return data


def _size(device) -> int:
    """Bytes of the image but its hash, 0 when there is none for this chip."""
    head = read(device, 0, 32)
    if head[0] != 0xE9 or head[1] != 1 or head[12:14] != b"\0\0" or head[23] != 1:
        return 0
    size = (32 + struct.unpack("<I", head[28:32])[0]) // 16 * 16 + 16
    return size if size + 32 <= device.ioctl(4, 0) * _BLOCK else 0


def sound(device) -> bool:
    """Whether an application is whole: by its SHA-256, which covers all that is before it."""
    size = _size(device)
    digest = hashlib.sha256()
    for at in range(0, size, _PIECE):
        digest.update(read(device, at, min(_PIECE, size - at)))
    return size > 0 and digest.digest() == bytes(read(device, size, 32))
