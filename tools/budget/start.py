"""On the 32-bit MicroPython under callgrind: from boot.py to the end of the first pilot cycle.

Arguments: folder of tools/sim, folder of the image, file for the flash, and `commission` (write
the standard configuration), `live` (a first life of ten seconds) or `count`. Three counts: so many
reads of the simulated flash, then to safe outputs, and from there to the end of the first cycle.
Printed are `reads` in each of them: on a chip they are no Python.
"""

import gc
import os
import sys

_SIM, _IMAGE, _FLASH, _TASK = sys.argv[1:5]
sys.path.insert(0, _SIM)

from chip import Chip, until  # noqa: E402

sys.path.append(_IMAGE)

from machine import WDT  # noqa: E402
from world.world import World  # noqa: E402

from firmware.boards.sim import BOARD  # noqa: E402

_READS = 200
_COILS = ("contactor", "phase_contactor", "lock", "residual_test", "pilot_disconnect")


class Marks:
    """Marks the beginning, safe outputs, and the end."""

    def __init__(self, chip):
        self.over = False
        self.reads = []
        self._flash = chip.world.flash
        self._feeds = self._from = 0
        self._left = {BOARD[name] for name in _COILS} | {BOARD["pilot_pwm"]}
        self._execute = chip._execute
        self._pin_driven = chip.world.pin_driven
        self._feed = WDT.feed
        chip._execute = self.execute
        chip.world.pin_driven = self.pin_driven

        def feed(watchdog):
            self.feed(watchdog)

        WDT.feed = feed

    def calibrate(self):
        """Read the flash alone, as the file system does: a few bytes at a time."""
        buffer = bytearray(16)
        device = self._flash.device()
        self._begin()
        for _ in range(_READS):
            device.readblocks(1, buffer, 64)
        self._end()

    def execute(self, name):
        if name == "boot.py":
            gc.collect()  # the host's: none of its own accord shall fall into what is counted
            self.calibrate()
            self._begin()
        self._execute(name)

    def pin_driven(self, pin, level):
        self._pin_driven(pin, level)
        if pin in self._left and level == (pin == BOARD["pilot_pwm"]):
            self._left.remove(pin)
            if not self._left:
                self._end()
                self._begin()

    def feed(self, watchdog):
        self._feed(watchdog)
        self._feeds += 1
        if self._feeds == 2:  # the first one is the watchdog's own
            self._end()
            self.over = True

    def _begin(self):
        self._from = self._flash.reads
        os.getenv("MARK")

    def _end(self):
        os.unsetenv("MARK")
        self.reads.append(self._flash.reads - self._from)


def commissioned(world):
    """The standard set: S0 and Modbus meter, a broker that is not there, no HTTP."""
    from scenario_setup import commission, initial_document

    broker = "mqtt://127.0.0.1:1"
    document = initial_document(broker)
    document["network"]["http"] = False
    commission(world, document, broker)
    world.flash.save()


def lived():
    """The firmware makes its files on the flash."""
    yield 10000


def counted(marks):
    yield from until(lambda: marks.over, 60000, "no pilot cycle")


def main():
    world = World(BOARD, flash_path=_FLASH)
    if _TASK == "commission":
        commissioned(world)
        return
    chip = Chip(world, root=_IMAGE)
    if _TASK == "live":
        chip.run(lived(), limit_ms=100000)
        return
    marks = Marks(chip)
    chip.run(counted(marks), limit_ms=100000)
    print("reads", *marks.reads)


main()
