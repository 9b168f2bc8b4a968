"""Cut the power at every program and erase of one write path, boot, and compare; on MicroPython.

Usage: store_cuts.py PATH [EVERY] prints "cuts N operations M" or ends with the first violation.
With EVERY, every so many-th boot after a cut is cut as well, at each of its own operations.
"""

import sys

sys.path.insert(0, sys.path[0] + "/../..")
sys.path.insert(0, sys.path[1])

import vfs
from cutting_chip import CuttingChip

from firmware.store import migrations
from firmware.store.area import claim
from firmware.store.config import ConfigStore
from firmware.store.ledger import Ledger
from firmware.store.transactions import Transactions
from firmware.store.vault import Vault
from firmware.store.wear import Wear

_BLOCKS = 3


class Quiet:
    def warning(self, topic, text):
        pass

    error = info = warning


def _vault():
    return Vault(b"k" * 32, ("password",))


class Box:
    """Everything of the store, on one chip."""

    def __init__(self, chip, folder, version=1):
        self.chip = chip
        self.folder = folder
        self.expected = None
        wear, log = Wear(), Quiet()
        vfs.mount(vfs.VfsLfs2(chip), folder)
        self.config = ConfigStore(folder, log, wear, version, _vault)
        self.document, self.messages = self.config.load()
        self.ledger = Ledger(claim(folder, chip, wear, "ledger", _BLOCKS), None, wear, log)
        self.ledger.load()
        self.transactions = Transactions(claim(folder, chip, wear, "ta", _BLOCKS + 1), wear, log)
        self.transactions.load(self.ledger.value)
        self.now = 0

    def settle(self):
        """Let the store task run until nothing waits; the contactor is open."""
        for _ in range(6):
            self.transactions.step(False)
        assert not self.transactions.pending()
        self.ledger.flush()
        for _ in range(12):
            self.now += 1000
            self.ledger.step(self.now, False)
        assert self.ledger.saved()

    def counters(self):
        return {name: self.ledger.value(name) for name in self.ledger.names()}

    def ended(self):
        entries = self.transactions.entries()
        return [(entry["number"], entry["end_wh"]) for entry in entries if entry]

    def close(self):
        vfs.umount(self.folder)


class Expected:
    """What a boot after a cut must find: one of `documents`, counters between two states,
    the transactions `ended`, and perhaps the number `maybe`."""

    def __init__(self, box=None):
        self.documents = [box.document if box else None]
        self.floor = box.counters() if box else {}
        self.ceiling = self.floor
        self.ended = box.ended() if box else []
        self.maybe = None


def document(number, version=1):
    return {"version": version, "params": {"n": number, "x": "y" * 700}, "mqtt": {"password": "p"}}


def prepared(version=1):
    """A box in the middle of its life."""
    chip = CuttingChip()
    vfs.VfsLfs2.mkfs(chip)
    box = Box(chip, "/live", version)
    for number in range(3):
        box.config.save(document(number))
    box.document = document(2)
    for name in ("E1.wh", "E1.con", "M1.wh"):
        box.ledger.raise_to(name, 1000)
    for _ in range(5):
        box.transactions.begin("E1", 1, box.transactions.last)
        box.transactions.end("E1", 2, box.transactions.last + 10, "unplugged")
        box.settle()
    box.expected = Expected(box)
    chip.expectation = lambda: box.expected
    chip.watching = True
    return box


def config_save():
    box = prepared()
    for number in range(3, 13):
        box.expected = Expected(box)
        box.expected.documents.append(document(number))
        box.config.save(document(number))
        box.document = document(number)
    return box


def ledger_append():
    box = prepared()
    for _ in range(40):
        _charge(box, True)
    return box


def _charge(box, closed):
    expected = Expected(box)
    expected.floor = box.expected.ceiling if box.ledger.saved() else box.expected.floor
    box.ledger.add("E1.wh", 100)
    box.ledger.add("M1.wh", 3)
    expected.ceiling = box.counters()
    box.expected = expected
    box.ledger.flush()
    box.now += 1000
    box.ledger.step(box.now, closed)


def ledger_compaction():
    # 3 blocks of 254 records: 700 records go round all of them.
    box = prepared()
    box.chip.watching = False
    for turn in range(700):
        full = box.ledger._used[box.ledger._block]
        erasing = box.ledger._used.count(0) < 2 and turn % 3 == 0
        box.chip.watching = full > 249 or full < 6 or erasing
        _charge(box, turn % 3 > 0)
    return box


def transaction_begin():
    box = prepared()
    for _ in range(8):
        box.expected = Expected(box)
        box.expected.maybe = box.transactions.begin("E1", 1, 500)["number"]
        box.chip.watching = True
        box.transactions.step(False)
        box.chip.watching = False
        box.transactions.end("E1", 2, 700, "unplugged")
        box.settle()
    return box


def transaction_end():
    # 4 blocks of 31 slots: 130 transactions go round all of them.
    box = prepared()
    for _ in range(130):
        box.expected = Expected(box)
        entry = box.transactions.begin("E1", 1, 500)
        box.expected.maybe = entry["number"]
        box.chip.watching = box.transactions._slot in (3, 29, 30)
        box.transactions.step(False)
        box.transactions.end("E1", 2, 700, "unplugged")
        for _ in range(3):
            box.transactions.step(False)
        box.expected = Expected(box)
        box.transactions.delivered(entry["number"])
        box.transactions.step(False)
    return box


def migration():
    migrations.STEPS[1] = ("peak added", lambda old: old.update({"peak": 1}))
    box = prepared()
    box.close()
    box = _again(box.chip, box.expected, 2)
    new = box.document
    assert new["peak"] == 1 and new["version"] == 2 and new["params"]["n"] == 2
    box.config.save(new)
    return box


def _again(chip, expected, version=1):
    box = Box(chip, "/live", version)
    expected.documents = [box.document]
    box.expected = expected
    chip.expectation = lambda: box.expected
    return box


def restore():
    # A backup from elsewhere: other sections, other sizes.
    box = prepared()
    for number in range(3, 9):
        new = {"version": 1, "users": [{"id": "u%d" % n} for n in range(9 * number)]}
        box.expected = Expected(box)
        box.expected.documents.append(new)
        box.config.save(new)
        box.document = new
    return box


def first_boot():
    chip = CuttingChip()
    vfs.VfsLfs2.mkfs(chip)
    expected = Expected()
    chip.expectation = lambda: expected
    chip.watching = True
    box = Box(chip, "/live")
    expected.ceiling = {"E1.wh": 0}
    box.ledger.raise_to("E1.wh", 0)
    expected.documents.append(document(1))
    box.config.save(document(1))
    box.settle()
    return box


def verify(image, expected, version):
    """Boot from the image, compare, use it, and boot once more."""
    chip = CuttingChip(image[:])
    box = Box(chip, "/cut", version)
    assert box.document in expected.documents, ("document", box.document)
    assert not any("bad" in text for text in box.messages), box.messages
    counters = box.counters()
    for name, value in expected.floor.items():
        assert counters.get(name, -1) >= value, ("lost", name, value, counters)
    for name, value in counters.items():
        assert value <= expected.ceiling[name], ("invented", name, value)
    box.settle()
    ended = box.ended()
    # The ring of four blocks may have given up the oldest of them.
    for entry in expected.ended[-31:]:
        assert ended.count(entry) == 1, ("transaction", entry, ended)
    numbers = [number for number, _ in ended]
    assert len(set(numbers)) == len(numbers), ("twice", numbers)
    known = [number for number, _ in expected.ended]
    extra = [number for number in numbers if number not in known]
    assert extra in ([], [expected.maybe]), ("extra", extra)
    # It must go on working.
    box.config.save(document(99, version))
    box.ledger.add("E1.wh", 7)
    number = box.transactions.begin("E1", 1, 5)["number"]
    box.transactions.end("E1", 2, 9, "unplugged")
    box.settle()
    counters = box.counters()
    box.close()
    box = Box(CuttingChip(chip.data), "/cut", version)
    assert box.document == document(99, version) and box.messages == [], box.messages
    assert box.counters() == counters
    assert box.ended()[-1] == (number, 9)
    box.close()


PATHS = {
    "config_save": config_save,
    "ledger_append": ledger_append,
    "ledger_compaction": ledger_compaction,
    "transaction_begin": transaction_begin,
    "transaction_end": transaction_end,
    "migration": migration,
    "restore": restore,
    "first_boot": first_boot,
}


def cut_again(image, expected, version):
    """The images that a second cut may leave, while the boot after the first puts things right."""
    chip = CuttingChip(image[:])
    chip.expectation = lambda: expected
    chip.watching = True
    box = Box(chip, "/cut", version)
    box.settle()
    box.close()
    return chip.cuts


def main():
    name = sys.argv[1]
    version = 2 if name == "migration" else 1
    box = PATHS[name]()
    box.chip.watching = False
    box.close()
    cuts = box.chip.cuts
    if len(sys.argv) > 2:
        firsts = cuts[:: int(sys.argv[2])]
        cuts = []
        for image, expected in firsts:
            cuts += cut_again(image, expected, version)
    for number, (image, expected) in enumerate(cuts):
        try:
            verify(image, expected, version)
        except Exception:
            print("violated at cut", number, "of", len(cuts), "of", name)
            raise
    print("cuts", len(cuts), "operations", box.chip.operations)


main()
