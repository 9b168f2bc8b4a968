"""Where should the energy ledger live? Each candidate takes the same session of charging.

Run: .tools/bin/micropython -X heapsize=64m tools/bench/flash_homes.py
"""

import sys

sys.path.insert(0, sys.path[0] + "/../..")
sys.path.insert(0, sys.path[1])

import os

import vfs
from flash_chip import used

from firmware.store.area import claim
from firmware.store.ledger import Ledger
from firmware.store.wear import Wear

_SAVES = 880
_BLOCKS = 512
_FOLDER = "/flash/data"


class Quiet:
    def warning(self, topic, text):
        pass

    error = info = warning


class InPlace:
    """One littlefs file of 96 bytes, small enough to lie within its folder's block."""

    name = "littlefs, 96 B file in place"

    def __init__(self, chip):
        self.save(0)

    def save(self, number):
        with open(_FOLDER + "/energy", "wb") as file:
            file.write(b"%096d" % number)


class Rename:
    """The same by way of a second file and a rename."""

    name = "littlefs, 96 B file and rename"

    def __init__(self, chip):
        self.save(0)

    def save(self, number):
        with open(_FOLDER + "/energy.tmp", "wb") as file:
            file.write(b"%096d" % number)
        os.rename(_FOLDER + "/energy.tmp", _FOLDER + "/energy")


class Append:
    """A littlefs file that only grows: 64 bytes a save."""

    name = "littlefs, append 64 B"

    def __init__(self, chip):
        self.save(0)

    def save(self, number):
        with open(_FOLDER + "/energy", "ab") as file:
            file.write(b"%064d" % number)


class Nvs:
    """ESP-IDF's key-value store in its 24 KiB, one blob of 64 bytes, as its format documents.

    Six pages of 126 entries of 32 bytes; a blob takes an index, a header and its data; what is
    replaced is marked, and when only one page is empty the fullest of marks is copied and erased.
    """

    name = "NVS, 64 B blob"
    _PAGES = 6
    _ENTRIES = 126
    _BLOB = 4
    _OTHERS = 60

    def __init__(self, chip):
        self.chip = chip
        self.used = [0] * self._PAGES
        self.live = [0] * self._PAGES
        self.page = 0
        # Wi-Fi calibration and settings lie there too.
        self.used[0] = self.live[0] = self._OTHERS
        self.at = 0
        self._write(self._BLOB)
        self.live[self.page] += self._BLOB

    def _write(self, entries):
        for _ in range(entries):
            offset = 64 + 32 * self.used[self.page]
            self.chip.writeblocks(self.page, bytes(32), offset)
            self.used[self.page] += 1
        self.chip.writeblocks(self.page, bytes(4), 32)

    def save(self, number):
        if self.used[self.page] + self._BLOB > self._ENTRIES:
            self._next()
        self._write(self._BLOB)
        self.live[self.page] += self._BLOB
        # The former entries are marked as erased.
        self.chip.writeblocks(self.at, bytes(4), 36)
        self.live[self.at] -= self._BLOB
        self.at = self.page

    def _next(self):
        empty = [page for page in range(self._PAGES) if not self.used[page]]
        full = [page for page in range(self._PAGES) if self.used[page] and page != self.at]
        if len(empty) > 1 or not full:
            self.page = empty[0]
            return
        victim = min(full, key=lambda page: self.live[page])
        self.page = empty[0]
        self._write(self.live[victim])
        self.live[self.page] += self.live[victim]
        self.chip.ioctl(6, victim)
        self.used[victim] = self.live[victim] = 0


class Own:
    """Blocks reserved by one-block files, programmed beside littlefs (firmware/store/area.py)."""

    name = "own blocks, program only"

    def __init__(self, chip):
        self.chip = chip
        self.ledger = Ledger(claim(_FOLDER, chip, Wear()), None, Wear(), Quiet())
        self.ledger.load()
        self.now = 0
        self.save(0)

    def save(self, number):
        for name in ("E1.wh", "M1.wh", "E1.sec"):
            self.ledger.add(name, 100)
        self.ledger.flush()
        self._step(True)

    def _step(self, closed):
        self.now += 1000
        self.ledger.step(self.now, closed)

    def after(self):
        """The contactor has opened: what was put off is done now."""
        for _ in range(20):
            self._step(False)


class Rtc:
    """RTC memory: no flash at all, but gone with the power."""

    name = "RTC memory (no power cut)"

    def __init__(self, chip):
        pass

    def save(self, number):
        pass


def measure(candidate):
    """One session on a used chip: the saves, then what waits for the open contactor."""
    chip = used(_BLOCKS)
    try:
        home = candidate(chip)
        chip.worn = [0] * _BLOCKS
        longest = longest_worst = total = erasing = erases = reads = 0
        for number in range(_SAVES):
            chip.mark()
            home.save(number)
            longest = max(longest, chip.typical_us)
            longest_worst = max(longest_worst, chip.worst_us)
            total += chip.typical_us
            erases += chip.erases
            reads += chip.reads
            erasing += 1 if chip.erases else 0
        chip.mark()
        if hasattr(home, "after"):
            home.after()
        print(
            f"| {home.name:<32} | {total / _SAVES / 1000:6.1f} | {longest / 1000:7.1f} "
            f"| {longest_worst / 1000:7.1f} | {erasing:5d} | {erases + chip.erases:6d} "
            f"| {max(chip.worn):5d} | {reads // _SAVES:5d} |"
        )
    finally:
        vfs.umount("/flash")


def main():
    print(f"{_SAVES} saves of one session of 88 kWh, littlefs of 2 MiB, 60 % full")
    print(
        "| home | mean ms | longest ms | at worst ms | saves that erase | erases | most | reads |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for candidate in (InPlace, Rename, Append, Nvs, Own, Rtc):
        measure(candidate)


main()
