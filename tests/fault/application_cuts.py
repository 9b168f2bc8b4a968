"""Cut the power at every program and erase of an update of a frozen firmware; see slots_cuts.py.

On MicroPython. Usage: application_cuts.py PATH prints "cuts N operations M" or ends with the first
violation. PATH: update (a new version is written and started once), confirm (it proves itself),
left (it is reset before), rollback (by command). After each cut, and a second start, the
bootloader must find a whole application, and boot.py must agree with it.
"""

import sys

sys.path.insert(0, sys.path[0] + "/../..")
sys.path.insert(0, sys.path[1])
sys.path.append("tools/sim")

import vfs
from cutting_chip import CuttingChip
from otadata import VALID

from firmware.slots import choice, manage
from tests.application_image import application
from tests.unit.slots.boot_bench import Esp32, boot
from tests.unit.slots.slots_bench import APPLICATION, Applications, Slots, app_image

_NEW = app_image(fill=9000)
_BLOCKS = (32, 2, 16, 16)  # /data, the choice, both applications


class Cutting:
    """A box whose chips remember what a cut would leave, each beside the others."""

    def __init__(self):
        self.slots = Slots(APPLICATION)
        vfs.umount("/data")
        self.chips = [CuttingChip(blocks=count) for count in _BLOCKS]
        for number, chip in enumerate(self.chips):
            chip.expectation = lambda number=number: self._beside(number)
        vfs.VfsLfs2.mkfs(self.chips[0])
        vfs.mount(vfs.VfsLfs2(self.chips[0]), "/data")
        for at, block in enumerate(_blocks(application(b"o" * 7000))):
            self.chips[2].data[at] = block
        self.slots.applications = Applications(*self.chips[1:])
        assert self.start() == "a"
        choice.choose("a", "good")

    def _beside(self, number):
        return number, [chip.data[:] for chip in self.chips]

    def watch(self):
        for chip in self.chips:
            chip.watching = True

    def cuts(self):
        """All chips, as each cut leaves them."""
        for chip in self.chips:
            chip.watching = False
        for chip in self.chips:
            for content, (number, contents) in chip.cuts:
                contents = contents[:]
                contents[number] = content
                yield [CuttingChip(data[:]) for data in contents]

    def operations(self):
        return sum(chip.operations for chip in self.chips)

    def start(self):
        return start(self.chips[0], self.slots.applications)


def _blocks(data):
    for at in range(0, len(data), 4096):
        part = data[at : at + 4096]
        yield part + b"\xff" * (4096 - len(part))


def start(data, applications):
    """Reset these chips: the slot that the bootloader and boot.py have come to."""
    slot = applications.reset()
    assert boot(data, None, None, Esp32("app_" + slot)) == (slot, None)
    return slot


def update():
    box = Cutting()
    box.watch()
    error = box.slots.send(_NEW)
    assert error is None, error
    assert box.start() == "b" and choice.on_trial()
    return box


def tried():
    """A box on trial, not watched."""
    box = Cutting()
    assert box.slots.send(_NEW) is None
    assert box.start() == "b"
    return box


def confirm():
    box = tried()
    box.watch()
    choice.confirm("b", box.slots.applications.other())
    assert box.start() == "b" and not choice.on_trial()
    return box


def left():
    box = tried()
    box.watch()
    for _ in range(2):
        assert box.start() == "a" and choice.words("choice") == ["a", "good", "0"]
    assert "not confirmed before a reset" in " ".join(choice.words("why"))
    return box


def rollback():
    box = tried()
    choice.confirm("b", box.slots.applications.other())
    box.watch()
    assert manage.roll_back(box.slots.box) == "ok"
    assert box.start() == "a" and choice.on_trial()
    choice.confirm("a", box.slots.applications.other())
    assert box.start() == "a"
    return box


def main():
    box = {"update": update, "confirm": confirm, "left": left, "rollback": rollback}[sys.argv[1]]()
    count = 0
    for chips in box.cuts():
        count += 1
        applications = Applications(*chips[1:])
        for _ in range(3):
            slot = start(chips[0], applications)
            assert choice.words("choice")[0] == slot, (count, slot, choice.words("choice"))
        # Between the two marks of a version that has proved itself, it gets another trial.
        marked = max(applications.selection.entries())[1] == VALID
        assert marked or not choice.on_trial(), (count, "on trial for a third start")
        # As firmware/slots/start.py does; then the next update works as if nothing had been.
        choice.confirm(slot, applications.other())
        if count % 8 == 0:
            box.slots.applications = applications
            box.slots.box.update = None
            error = box.slots.send(_NEW)
            assert error is None, (count, error)
            assert start(chips[0], applications) == choice.other(slot), count
    print("cuts", count, "operations", box.operations())


main()
