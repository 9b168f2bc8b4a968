"""A NOR flash chip with time and wear, as the ESP32 sees it through its driver."""

import os

import vfs

_READ_US = 40
_PAGE_US = (700, 3000)
_ERASE_US = (45000, 400000)


class FlashChip:
    """A block device for littlefs; bits only fall, erasing sets a block to ones.

    `typical_us` and `worst_us` add up the time of all operations: each call of the driver 40 us
    when reading, a page program of 256 bytes 0.7 ms (at worst 3), a 4 KiB erase 45 ms (at worst
    400), from the data sheets of the usual chips. `worn` counts erases per block, `by_owner`
    those done while `owner` was set.
    """

    def __init__(self, blocks=512, size=4096):
        self.size = size
        self.data = [None] * blocks
        self.empty = b"\xff" * size
        self.worn = [0] * blocks
        self.owner = "other"
        self.by_owner = {}
        self.reads = self.programs = self.erases = self.bytes = 0
        self.typical_us = self.worst_us = 0

    def readblocks(self, block, buffer, offset=0):
        self.reads += 1
        self.typical_us += _READ_US
        self.worst_us += _READ_US
        data = self.data[block] or self.empty
        buffer[:] = memoryview(data)[offset : offset + len(buffer)]

    def writeblocks(self, block, data, offset):
        pages = (offset + len(data) - 1) // 256 - offset // 256 + 1
        self.programs += pages
        self.bytes += len(data)
        self.typical_us += pages * _PAGE_US[0]
        self.worst_us += pages * _PAGE_US[1]
        target = self.data[block]
        if target is None:
            target = self.data[block] = bytearray(self.empty)
        end = offset + len(data)
        if target[offset:end] == self.empty[: end - offset]:
            target[offset:end] = data
        else:
            for position in range(len(data)):
                target[offset + position] &= data[position]
        return 0

    def ioctl(self, operation, argument):
        if operation == 4:
            return len(self.data)
        if operation == 5:
            return self.size
        if operation == 6:
            self.erases += 1
            self.worn[argument] += 1
            self.by_owner[self.owner] = self.by_owner.get(self.owner, 0) + 1
            self.typical_us += _ERASE_US[0]
            self.worst_us += _ERASE_US[1]
            self.data[argument] = None
        return 0

    def mark(self):
        """Start counting operations and time anew; the wear stays."""
        self.reads = self.programs = self.erases = self.bytes = 0
        self.typical_us = self.worst_us = 0


def used(blocks: int = 512):
    """A chip as on a board in use, mounted at /flash: firmware in two versions; 60 % are full."""
    chip = FlashChip(blocks)
    vfs.VfsLfs2.mkfs(chip)
    vfs.mount(vfs.VfsLfs2(chip), "/flash")
    os.mkdir("/flash/data")
    for room in range(14):
        os.mkdir(f"/flash/room{room}")
        for number in range(10):
            with open(f"/flash/room{room}/{number}.mpy", "wb") as file:
                file.write(b"x" * 6000)
    return chip
