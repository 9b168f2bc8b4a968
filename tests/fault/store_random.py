"""Random lives of a box on a real littlefs, against a model; on MicroPython.

Usage: store_random.py SEED STEPS prints "boots N cuts N saves N" or ends with the first violation.
"""

import sys

sys.path.insert(0, sys.path[0] + "/../..")
sys.path.insert(0, sys.path[1])

import random

import vfs
from cutting_chip import CuttingChip

from firmware.store.area import claim
from firmware.store.config import ConfigStore
from firmware.store.errors import StoreError
from firmware.store.ledger import Ledger
from firmware.store.transactions import Transactions
from firmware.store.wear import Wear

_NAMES = ("E1.wh", "M1.wh", "E1.con")


class Quiet:
    def warning(self, topic, text):
        pass

    error = info = warning


class FrailChip:
    """A chip whose power fails at the operation after `fuse` others; then it stays as it is."""

    def __init__(self, data):
        self._chip = CuttingChip(data)
        self.fuse = None
        self.dead = False
        self.erases = 0

    def readblocks(self, block, buffer, offset=0):
        self._chip.readblocks(block, buffer, offset)

    def writeblocks(self, block, data, offset):
        if self._alive():
            self._chip.writeblocks(block, data, offset)
        elif not self.dead:
            self._torn(block, self._chip.writeblocks, block, data, offset)
        return 0

    def ioctl(self, operation, argument):
        if operation != 6:
            return self._chip.ioctl(operation, argument)
        self.erases += 1
        if self._alive():
            self._chip.ioctl(operation, argument)
        elif not self.dead:
            self._torn(argument, self._chip.ioctl, operation, argument)
        return 0

    def _alive(self):
        if self.dead:
            return False
        if self.fuse is None:
            return True
        self.fuse -= 1
        return self.fuse > 0

    def _torn(self, block, operation, *arguments):
        self.dead = True
        chip = self._chip
        chip.cuts = []
        chip.watching = True
        chip.expectation = int
        operation(*arguments)
        image, _ = random.choice(chip.cuts)
        chip.data[block] = image[block]

    def image(self):
        return self._chip.data[:]


class Life:
    """What the box holds, and what it must hold after the next boot."""

    def __init__(self):
        chip = CuttingChip()
        vfs.VfsLfs2.mkfs(chip)
        self.image = chip.data
        self.memory = b""
        self.counted = {}
        self.floor = {}
        self.documents = [None]
        self.ended = []
        self.waiting = []
        self.now = 0
        self.boots = self.cuts = self.saves = 0
        self.mounted = False
        self.boot()

    def rtc_memory(self, data=None):
        if data is not None:
            self.memory = bytes(data)
        return self.memory

    def boot(self):
        if self.mounted:
            vfs.umount("/box")
        self.mounted = True
        self.boots += 1
        self.chip = FrailChip(self.image)
        log, wear = Quiet(), Wear()
        vfs.mount(vfs.VfsLfs2(self.chip), "/box")
        self.store = ConfigStore("/box", log, wear)
        document, messages = self.store.load()
        assert document in self.documents, (document, self.documents)
        assert not any("bad" in text for text in messages), messages
        self.documents = [document]
        self.ledger = Ledger(
            claim("/box", self.chip, wear, "ledger", 3), self.rtc_memory, wear, log
        )
        self.ledger.load()
        area = claim("/box", self.chip, wear, "ta", 4)
        self.transactions = Transactions(area, wear, log)
        self.transactions.load(self.ledger.value)

    def check_counters(self, least):
        for name, value in self.counted.items():
            found = self.ledger.value(name)
            assert least.get(name, 0) <= found <= value, (name, least.get(name), found, value)
            self.counted[name] = found

    def check_transactions(self):
        for _ in range(70):
            self.transactions.step(False)
        entries = [entry for entry in self.transactions.entries() if entry]
        numbers = [entry["number"] for entry in entries]
        assert len(set(numbers)) == len(numbers), numbers
        for number, end_wh in self.ended[-12:]:
            if number > self.transactions.last - 30:
                assert [end_wh] == [e["end_wh"] for e in entries if e["number"] == number], number

    # What may happen.

    def count(self):
        name = random.choice(_NAMES)
        self.counted[name] = self.ledger.add(name, random.randrange(300))

    def step(self):
        closed = random.random() < 0.5
        if random.random() < 0.2:
            self.ledger.flush()
        for _ in range(random.randrange(1, 6)):
            self.now = (self.now + random.randrange(400000)) & 0x3FFFFFFF
            erases = self.chip.erases
            self.ledger.step(self.now, closed)
            self.transactions.step(closed)
            assert not closed or self.chip.erases == erases
        if self.ledger.saved() and not self.chip.dead:
            self.floor = self.counted.copy()
        if not self.transactions.pending() and not self.chip.dead:
            self.ended += self.waiting
            self.waiting = []

    def save(self):
        document = {"version": 1, "n": random.randrange(4), "x": "y" * random.randrange(3000)}
        self.documents.append(document)
        try:
            self.saves += self.store.save(document)
        except StoreError:
            # A dead chip reads back other than was written.
            assert self.chip.dead
        if not self.chip.dead:
            self.documents = [document]

    def plug(self):
        start = self.ledger.value("E1.wh")
        if "E1" in self.transactions.open:
            number = self.transactions.open["E1"]["number"]
            self.waiting.append((number, start))
        self.transactions.begin("E1", self.now, start)

    def unplug(self):
        entry = self.transactions.end("E1", self.now, self.ledger.value("E1.wh"), "unplugged")
        if entry:
            self.waiting.append((entry["number"], entry["end_wh"]))

    def reset(self):
        self.image = self.chip.image()
        self.waiting = []
        self.boot()
        self.check_counters(self.counted.copy())
        self.check_transactions()

    def cut(self):
        self.cuts += 1
        self.image = self.chip.image()
        self.memory = b""
        self.waiting = []
        self.boot()
        self.check_counters(self.floor)
        self.check_transactions()

    def cut_within(self):
        self.chip.fuse = random.randrange(1, 12)
        random.choice((self.save, self.save, self.step, self.unplug))()
        self.ledger.flush()
        self.step()
        self.cut()


def main():
    random.seed(int(sys.argv[1]))
    life = Life()
    often = (life.count, life.count, life.count, life.step, life.step, life.plug, life.unplug)
    seldom = (life.save, life.reset, life.cut, life.cut_within, life.cut_within)
    for _ in range(int(sys.argv[2])):
        random.choice(often + often + seldom)()
    print("boots", life.boots, "cuts", life.cuts, "saves", life.saves)


main()
