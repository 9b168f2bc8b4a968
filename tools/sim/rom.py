"""Twin of `vfs`: the real one, with the ROM partition that a chip may have, mapped as memory."""

import sys

import vfs
from silicon import SILICON

VfsLfs2 = vfs.VfsLfs2
VfsRom = vfs.VfsRom

_LIVES = 2
_mounted = []  # (file system, where) of this life
_kept = []  # file systems of the last lives: code of theirs may still be referred to


def rom_ioctl(operation: int, *arguments):
    """1: how many ROM partitions there are; 2: one of them, whose bytes can be read."""
    memory = SILICON.world.flash.rom
    if operation == 1:
        return 0 if memory is None else 1
    if operation == 2 and arguments == (0,) and memory is not None:
        return memory
    return -22


def mount(system, where: str, **options):
    vfs.mount(system, where, **options)
    if isinstance(system, VfsLfs2):
        return  # the flash's own, which the runner mounts and unmounts
    _mounted.append((system, where))


def umount(where):
    vfs.umount(where)
    for entry in _mounted:
        if where in entry:
            _mounted.remove(entry)
            return


def forget():
    """The chip has been reset: nothing is mounted, and the path is as it was."""
    _kept.append(list(_mounted))
    del _kept[:-_LIVES]
    while _mounted:
        where = _mounted.pop()[1]
        vfs.umount(where)
        while where in sys.path:
            sys.path.remove(where)
