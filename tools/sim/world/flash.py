"""A flash chip: erase before write, counted wear, real times, and power cuts at any operation."""

import os

import vfs
from micropython import const
from registers import TIME

_BLOCK = const(4096)
_BLOCKS = const(512)
_PAGE = const(256)
_ERASED = const(0xFF)

# Typical figures of the usual 4 MiB chips; a read call is the driver's overhead.
_ERASE_US = const(45000)
_PROGRAM_US = const(700)
_READ_US = const(40)
_ROUNDS = const(18)

# What a power cut does to the operation it hits.
LOST = 0
TORN = 1
DONE = 2


class Flash:
    """The chip's contents and its wear; `erased` counts per block, `reads`, `programs` in all.

    rom_blocks: the size of a partition "romfs" behind the file system's blocks, mapped as `rom`.
    app_blocks: the size of each of "app_a" and "app_b", which come with "otadata" before them.
    `partitions` has (first block, blocks) of each by its name.

    path: a file that keeps the contents between runs, or None. `charge`: let operations take their
    time, with the firmware held meanwhile. Levers: `cut_after(operations, kind)`, `fill(level)`.
    """

    def __init__(
        self,
        world,
        path: str | None = None,
        blocks: int = _BLOCKS,
        rom_blocks: int = 0,
        app_blocks: int = 0,
    ):
        self._world = world
        self._path = path
        self.blocks = blocks
        self.rom = memoryview(bytearray(b"\xff" * (rom_blocks * _BLOCK))) if rom_blocks else None
        self.partitions = {}
        self._end = 0
        for name, size in (
            ("vfs", blocks),
            ("romfs", rom_blocks),
            ("otadata", 2 if app_blocks else 0),
            ("app_a", app_blocks),
            ("app_b", app_blocks),
        ):
            if size:
                self.partitions[name] = (self._end, size)
                self._end += size
        self.erased = [0] * self._end
        self.reads = 0
        self.programs = 0
        self.programmed_bytes = 0
        self.held_us = 0
        self.longest_hold_us = 0  # operations in a row, without a round of the scheduler between
        self.longest_closed_us = 0  # the same while the main contactor's coil is on
        self._hold_us = 0
        self._round = -1
        self.charge = True
        self._cut_in = None
        self._cut_kind = LOST
        self._life = 0
        self._mounted = None
        self._dirty = False
        self._data = [None] * blocks
        for n in range(rom_blocks):
            self._data.append(self.rom[n * _BLOCK : (n + 1) * _BLOCK])
        self._data.extend([None] * (self._end - len(self._data)))
        if path is not None:
            self._load()

    # Levers.

    def cut_after(self, operations: int, kind: int = LOST):
        """Cut the power at the so many-th program or erase from now on; 0 is the next one."""
        self._cut_in = operations
        self._cut_kind = kind

    def operations(self) -> int:
        """Programs and erases so far: how many places there are to cut the power."""
        return self.programs + sum(self.erased)

    def wipe(self):
        """As from the factory: every byte 0xFF."""
        for n in range(len(self._data)):
            self._clear(n)
        self._dirty = True

    def _clear(self, n: int):
        first, count = self.partitions.get("romfs", (0, 0))
        if first <= n < first + count:
            self._data[n][:] = b"\xff" * _BLOCK
        else:
            self._data[n] = None

    def files(self, contents: dict):
        """Put files, by name, into the file system before the chip starts."""
        self._life += 1
        silicon = self._world.silicon
        was_dead = silicon.dead
        silicon.dead = False
        self.mount("/sim-flash")
        for name, content in contents.items():
            folder = name.rpartition("/")[0]
            if folder and folder not in os.listdir("/sim-flash"):
                self._free_of_charge(os.mkdir, "/sim-flash/" + folder)
            with open("/sim-flash/" + name, "wb") as file:
                self._free_of_charge(file.write, content)
                self._free_of_charge(file.close)
        self.unmount()
        silicon.dead = was_dead

    def put(self, partition: str, data: bytes):
        """Have these bytes at the beginning of a partition, as a programmer leaves them."""
        first = self.partitions[partition][0]
        for at in range(0, len(data), _BLOCK):
            part = data[at : at + _BLOCK]
            self._clear(first + at // _BLOCK)
            self._block(first + at // _BLOCK)[: len(part)] = part
        self._dirty = True

    # The runner's part.

    def mount(self, where: str):
        """Mount the file system on it, after making one on an empty chip."""
        self.unmount()
        device = self.device()
        if all(block is None for block in self._data[: self.blocks]):
            self._free_of_charge(vfs.VfsLfs2.mkfs, device)
        self._free_of_charge(lambda: vfs.mount(vfs.VfsLfs2(device), where))
        self._mounted = where

    def device(self, partition: str = "vfs"):
        """The block device of a partition, in the chip's present life."""
        return _Port(self, self._life, *self.partitions[partition])

    def unmount(self):
        """The chip has stopped: whatever was open can no longer write."""
        self._life += 1
        if self._mounted is not None:
            vfs.umount(self._mounted)
            self._mounted = None

    def _free_of_charge(self, call, *arguments):
        """Do it without charging the clock: it happens before the program starts."""
        charge = self.charge
        self.charge = False
        try:
            call(*arguments)
        finally:
            self.charge = charge

    def save(self):
        """Write the contents to the file, where there is one."""
        if self._path is None or not self._dirty:
            return
        self._dirty = False
        blank = b"\xff" * _BLOCK
        temporary = self._path + ".new"
        with open(temporary, "wb") as file:
            for block in self._data:
                file.write(blank if block is None else block)
        os.rename(temporary, self._path)

    def _load(self):
        try:
            with open(self._path, "rb") as file:
                for n in range(len(self._data)):
                    block = bytearray(file.read(_BLOCK))
                    if len(block) == _BLOCK and block.count(b"\xff") < _BLOCK:
                        self._block(n)[:] = block
        except OSError:
            return

    # What the port asks for.

    def alive(self, life: int) -> bool:
        return life == self._life and not self._world.silicon.dead

    def read(self, block: int, buffer, offset: int):
        self.reads += 1
        self._spend(_READ_US)
        data = self._data[block]
        if data is None:
            for i in range(len(buffer)):
                buffer[i] = _ERASED
        else:
            buffer[:] = memoryview(data)[offset : offset + len(buffer)]

    def program(self, block: int, buffer, offset: int):
        """Bits can only go from 1 to 0, as in the chip."""
        size = len(buffer)
        if self._cut():
            size = (0, size // 2, size)[self._cut_kind]
        self.programs += 1
        self.programmed_bytes += size
        data = self._block(block)
        for i in range(size):
            data[offset + i] &= buffer[i]
        self._dirty = True
        self._power()
        self._spend(_PROGRAM_US * (1 + (size - 1) // _PAGE))

    def erase(self, block: int):
        kind = DONE
        if self._cut():
            kind = self._cut_kind
        self.erased[block] += 1
        data = self._block(block)
        if kind == DONE:
            self._clear(block)
        elif kind == TORN:
            for i in range(_BLOCK // 2):
                data[i] = _ERASED
        self._dirty = True
        self._power()
        self._spend(_ERASE_US)

    def _block(self, block: int) -> bytearray:
        if self._data[block] is None:
            self._data[block] = bytearray(b"\xff" * _BLOCK)
        return self._data[block]

    def _cut(self) -> bool:
        if self._cut_in is None:
            return False
        self._cut_in -= 1
        return self._cut_in < 0

    def _power(self):
        if self._cut_in is not None and self._cut_in < 0:
            self._cut_in = None
            self._world.cut_power()

    def _spend(self, duration_us: int):
        if not self.charge:
            return
        self.held_us += duration_us
        self._note_hold(duration_us)
        # The file system must not be left by an exception in the middle of an operation: the
        # clock goes on here, and what ended the chip is raised at its next call.
        self._world.clock.pass_quietly(duration_us)

    def _note_hold(self, duration_us: int):
        if TIME[_ROUNDS] != self._round:
            self._round = TIME[_ROUNDS]
            self._hold_us = 0
        self._hold_us += duration_us
        self.longest_hold_us = max(self.longest_hold_us, self._hold_us)
        if self._world.contactor.coil:
            self.longest_closed_us = max(self.longest_closed_us, self._hold_us)


class _Port:
    """The block device of one life of the chip; after it, nothing more is written."""

    def __init__(self, flash: Flash, life: int, first: int, count: int):
        self._flash = flash
        self._life = life
        self._first = first
        self._count = count

    def readblocks(self, block: int, buffer, offset: int = 0):
        block += self._first
        while len(buffer) > _BLOCK - offset:
            part = _BLOCK - offset
            self._flash.read(block, memoryview(buffer)[:part], offset)
            buffer = memoryview(buffer)[part:]
            block += 1
            offset = 0
        self._flash.read(block, buffer, offset)

    def writeblocks(self, block: int, buffer, offset: int | None = None):
        if not self._flash.alive(self._life):
            return
        block += self._first
        if offset is None:
            self._flash.erase(block)
            offset = 0
        self._flash.program(block, buffer, offset)

    def ioctl(self, operation: int, argument: int):
        if operation == 4:
            return self._count
        if operation == 5:
            return _BLOCK
        if operation == 6:
            if self._flash.alive(self._life):
                self._flash.erase(self._first + argument)
            return 0
        return 0
