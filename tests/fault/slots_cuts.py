"""Cut the power at every program and erase of an update, start boot.py, and look what it mounts.

On MicroPython. Usage: slots_cuts.py PATH FORM prints "cuts N operations M" or ends with the first
violation. PATH: update (a new version is written), trial (boot.py counts its starts, gives it up
and goes back), rollback (by command). FORM: files, partition. After each cut, and a second start,
one of the two versions must be mounted, whole, and never one that was given up.
"""

import sys

sys.path.insert(0, sys.path[0] + "/../..")
sys.path.insert(0, sys.path[1])

import vfs
from cutting_chip import CuttingChip

from firmware.slots import choice, manage
from tests.unit.slots.boot_bench import boot
from tests.unit.slots.slots_bench import Slots, image

_PATH, _FORM = sys.argv[1:3]
_HALF = 16
_OLD = image(fill=7000)
_NEW = image(fill=9000)
_VERSIONS = (7000, 9000)  # their marks


def start(data, partition):
    """Run boot.py on these chips; the slot that it has mounted, and its mark."""
    return boot(data, partition if _FORM == "partition" else None)


class Cutting:
    """A box whose two chips remember what a cut would leave, one beside the other."""

    def __init__(self):
        self.slots = Slots(_FORM)
        vfs.umount("/data")
        self.data = CuttingChip(blocks=32)
        self.partition = CuttingChip(blocks=2 * _HALF)
        self.data.expectation = lambda: self.partition.data[:]
        self.partition.expectation = lambda: self.data.data[:]
        self.slots.partition = self.partition
        vfs.VfsLfs2.mkfs(self.data)
        vfs.mount(vfs.VfsLfs2(self.data), "/data")
        # The old version comes into slot a as the new one comes into b.
        sys.modules["slot"] = ("b", _FORM == "partition")
        error = self.slots.send(_OLD)
        assert error is None, error
        choice.choose("a", "good")
        sys.modules["slot"] = ("a", _FORM == "partition")

    def watch(self):
        self.data.watching = self.partition.watching = True

    def cuts(self):
        """(data, partition) for each cut."""
        self.data.watching = self.partition.watching = False
        for content, other in self.data.cuts:
            yield content, other
        for content, other in self.partition.cuts:
            yield other, content

    def operations(self):
        return self.data.operations + self.partition.operations

    def start(self):
        return start(self.data, self.partition)


def update():
    box = Cutting()
    box.watch()
    error = box.slots.send(_NEW)
    assert error is None, error
    return box


def trial():
    box = Cutting()
    box.slots.send(_NEW)
    box.watch()
    for _ in range(4):
        assert box.start() == ("b", 9000)
    assert box.start() == ("a", 7000)
    assert choice.words("choice") == ["a", "good", "0"]
    assert "not confirmed in 4 starts" in " ".join(choice.words("why"))
    return box


def rollback():
    box = Cutting()
    box.slots.send(_NEW)
    box.start()
    choice.choose("b", "good")
    sys.modules["slot"] = ("b", _FORM == "partition")
    box.watch()
    manage.roll_back(box.slots.box)
    assert box.start() == ("a", 7000)
    choice.choose("a", "good")
    assert box.start() == ("a", 7000)
    return box


def main():
    box = {"update": update, "trial": trial, "rollback": rollback}[_PATH]()
    count = 0
    for data, partition in box.cuts():
        count += 1
        data = CuttingChip(data[:])
        partition = CuttingChip(partition)
        first = start(data, partition)
        assert first and first[1] in _VERSIONS, (count, first)
        second = start(data, partition)
        assert second and second[1] in _VERSIONS, (count, second)
        # The next update works as if nothing had been.
        sys.modules["slot"] = (second[0], _FORM == "partition")
        choice.choose(second[0], "good")
        if count % 16 == 0:
            box.slots.partition = partition
            box.slots.box.update = None
            error = box.slots.send(_NEW)
            assert error is None, (count, error)
            assert start(data, partition)[1] == 9000, count
    print("cuts", count, "operations", box.operations())


main()
