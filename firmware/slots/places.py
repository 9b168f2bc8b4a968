"""Where an image lies: a file of the data partition, or half of the flash partition "romfs".

The third place, an application partition, is in firmware/slots/application.py.
"""

import os

from micropython import const

from firmware.slots import romfs
from firmware.slots.choice import FOLDER, drop, form
from firmware.slots.header import HEADER, bad

_BLOCK = const(4096)
_ERASE = const(6)
_COUNT = const(4)
# What littlefs needs besides the data: pointers, the folder, and air for settings and counters.
_SPARE = const(32768)
# Without these there is nothing to start; the second one is the board's.
_NEEDED = ("firmware/app.mpy", "firmware/boards/{}.mpy")


def place(slot: str, device):
    """The place of a slot; `device` is the partition, None for files."""
    if form() == "application":
        from firmware.slots.application import ApplicationPlace

        return ApplicationPlace(device)
    return FilePlace(slot) if device is None else HalfPlace(slot, device)


def _examine(where, board):
    for name in _NEEDED:
        name = name.format(board)
        if not romfs.has(where, HEADER, name):
            raise bad(f"the image has no {name}")


class FilePlace:
    """A slot as a file. OSError comes through from the file system."""

    def __init__(self, slot: str):
        self._name = slot + ".img"
        self._file = None

    def room(self) -> int:
        """The largest image that fits, when the one that is there has gone."""
        status = os.statvfs(FOLDER[: FOLDER.find("/", 1)])
        try:
            present = os.stat(FOLDER + self._name)[6]
        except OSError:
            present = 0
        return status[0] * status[3] + present - _SPARE

    def begin(self, header: bytes):
        """From here on there is no image in the slot."""
        drop(self._name)
        try:
            os.mkdir(FOLDER[:-1])
        except OSError:
            pass
        self._file = open(FOLDER + self._name + ".new", "wb")
        self._file.write(header)

    def write(self, data):
        """Append the next bytes; may erase a block, which takes 45 ms."""
        self._file.write(data)

    def written(self):
        """All bytes are here; `read` gives them back."""
        self._file.close()
        self._file = open(FOLDER + self._name + ".new", "rb")

    def open(self):
        """Read what is there already; OSError when nothing is."""
        self._file = open(FOLDER + self._name, "rb")

    def read(self, at: int, buffer) -> int:
        """Fill `buffer` from place `at` of the image; how many bytes there were."""
        self._file.seek(at)
        return self._file.readinto(buffer)

    def examine(self, board: str):
        """ApiError unless the image that was written has what it needs to start on a board."""
        _examine(self, board)

    def start(self):
        """Have it started at the next reset: nothing to do, boot.py reads the choice."""

    def seal(self):
        """Now there is an image in the slot."""
        self.close()
        os.rename(FOLDER + self._name + ".new", FOLDER + self._name)

    def close(self):
        if self._file:
            self._file.close()
            self._file = None

    def drop(self):
        """Give up what was begun."""
        try:
            self.close()
        except OSError:
            self._file = None
        drop(self._name + ".new")


class Blocks:
    """Blocks in a row of a flash partition, from block `first` of it."""

    def __init__(self, device, first: int):
        self._device = device
        self._first = first

    def erase(self, block: int):
        self._device.ioctl(_ERASE, self._first + block)

    def program(self, block: int, data):
        """Write to the beginning of an erased block."""
        self._device.writeblocks(self._first + block, data, 0)

    def write(self, at: int, data) -> int:
        """Write from place `at`, erasing each block that begins there; the place after it."""
        view = memoryview(data)
        while len(view) > 0:
            block, offset = divmod(at, _BLOCK)
            if offset == 0:
                self.erase(block)
            part = view[: _BLOCK - offset]
            self._device.writeblocks(self._first + block, part, offset)
            at += len(part)
            view = view[len(part) :]
        return at

    def read(self, at: int, buffer) -> int:
        """Fill `buffer` from place `at`, to the end of its block; how many bytes that were."""
        block, offset = divmod(at, _BLOCK)
        part = memoryview(buffer)[: _BLOCK - offset]
        self._device.readblocks(self._first + block, part, offset)
        return len(part)


class HalfPlace:
    """A slot as half of a flash partition. The header is written last: without, it is empty."""

    def __init__(self, slot: str, device):
        self._count = device.ioctl(_COUNT, 0) // 2
        self._blocks = Blocks(device, 0 if slot == "a" else self._count)
        self._header = b""
        self._at = HEADER

    def room(self) -> int:
        return self._count * _BLOCK

    def begin(self, header: bytes):
        self._header = header
        self._blocks.erase(0)

    def write(self, data):
        self._at = self._blocks.write(self._at, data)

    def written(self):
        pass

    open = written
    start = written

    def read(self, at: int, buffer) -> int:
        return self._blocks.read(at, buffer)

    def examine(self, board: str):
        _examine(self, board)

    def seal(self):
        self._blocks.program(0, self._header)

    def close(self):
        pass

    drop = close
