"""A year of the worst client on a simulated flash, beside the naive way: who wears what.

Run: .tools/bin/micropython -X heapsize=64m tools/bench/flash_year.py [DAYS]

evcc sends a current every 10 s and Home Assistant every second (both stay in RAM), a script
sends settings that change as fast as it can and asks for a sync each time, and 20 cars a day
charge 6.6 kWh each while three meters count. DAYS (365) may be shorter; the figures are then
scaled. The naive way writes the settings file at every one of these calls.
"""

import sys

sys.path.insert(0, sys.path[0] + "/../..")
sys.path.insert(0, sys.path[1])

import time

import vfs
from flash_chip import used

from firmware.settings import Settings
from firmware.store.area import claim
from firmware.store.config import ConfigStore
from firmware.store.ledger import Ledger
from firmware.store.saver import Saver
from firmware.store.transactions import Transactions
from firmware.store.vault import Vault
from firmware.store.wear import Wear

_BLOCKS = 512
_FOLDER = "/flash/data"
_CYCLES = 100000
_DAY_S = 86400
_TURN_S = _DAY_S // 20
_CHARGE_S = 2160
_NAIVE_CALLS_PER_DAY = _DAY_S // 10 + _DAY_S + _DAY_S
_NAIVE_WRITES = 20000
_PERIOD = 1 << 30


class Quiet:
    def warning(self, topic, text):
        pass

    error = info = warning


class Year:
    """The store as the firmware joins it, under a clock of its own."""

    def __init__(self, chip):
        self.chip = chip
        log = Quiet()
        self.wear = Wear(_BLOCKS)
        self.settings = Settings()
        for number in range(1, 6):
            self.settings.put("devices", {"dev_id": f"M{number}", "dev_type": "meter"})
        vault = Vault(b"k" * 32, ("wifi_password",))
        self.store = ConfigStore(_FOLDER, log, self.wear, 1, lambda: vault)
        self.store.load()
        self.saver = Saver()
        chip.owner = "reserve"
        self.ledger = Ledger(claim(_FOLDER, chip, self.wear), None, self.wear, log)
        self.ledger.load()
        area = claim(_FOLDER, chip, self.wear, "transactions", 35)
        self.transactions = Transactions(area, self.wear, log)
        self.transactions.load(self.ledger.value)
        self.saves = 0
        self.second = 0
        self.watt_seconds = [0, 0, 0]

    def day(self):
        for _ in range(_DAY_S // 10):
            self._clients()
            for _ in range(10):
                self._step()

    def _clients(self):
        second = self.second
        self.settings.change({"params.max_total_cur_prc": second // 10 % 101})
        self.settings.change({"params.reserve_current": second // 10 % 1000000})
        self.saver.changed()
        self.saver.force()

    def _step(self):
        now = self.second * 1000 % _PERIOD
        phase = self.second % _TURN_S
        closed = 10 <= phase < 10 + _CHARGE_S
        if phase == 5:
            self.transactions.begin("E1", self.second, self.ledger.value("E1.wh"), "anna")
        if phase == _CHARGE_S + 20:
            entry = self.transactions.end("E1", self.second, self.ledger.value("E1.wh"), "car")
            if entry:
                self.transactions.delivered(entry["number"])
        self._count(closed)
        if phase == _CHARGE_S + 10:
            self.ledger.add("E1.con", 1)
            self.ledger.flush()
        self.chip.owner = "ledger"
        self.ledger.step(now, closed)
        self.chip.owner = "transactions"
        self.transactions.step(closed)
        if self.saver.due(now, closed):
            self.chip.owner = "config"
            self.saves += self.store.save(self.settings.document())
            self.saver.saved()
        if self.second % 60 == 0:
            self.wear.step(now)
        self.second += 1

    def _count(self, closed):
        sums = self.watt_seconds
        if closed:
            sums[0] += 11000
            self.ledger.raise_to("E1.sec", self.second)
        sums[1] += 11700 if closed else 700
        sums[2] += 3000
        if self.second % 3 == 0:
            self.ledger.raise_to("E1.wh", sums[0] // 3600)
            self.ledger.raise_to("M1.wh", sums[1] // 3600)
            self.ledger.raise_to("M2.wh", sums[2] // 3600)


def year(days):
    chip = used(_BLOCKS)
    run = Year(chip)
    chip.worn = [0] * _BLOCKS
    chip.by_owner = {}
    chip.mark()
    for _ in range(days):
        run.day()
    vfs.umount("/flash")
    print(f"{days} days, {run.saves} saves of the configuration, {run.transactions.last} sessions")
    print("| owner | erases | per day | estimated by the firmware |\n| --- | --- | --- | --- |")
    for owner, erases in chip.by_owner.items():
        booked = run.wear.total.get(owner, [0, 0, 0])[2] / 1000
        print(f"| {owner} | {erases} | {erases / days:.1f} | {booked / days:.1f} |")
    print(f"the firmware's own projection: {run.wear.years()} years")
    return max(chip.worn) / days, sorted(chip.worn)


def naive():
    """The settings file, written in place at every call."""
    chip = used(_BLOCKS)
    content = b"x" * 1000
    chip.worn = [0] * _BLOCKS
    for _ in range(_NAIVE_WRITES):
        with open(_FOLDER + "/config.json", "wb") as file:
            file.write(content)
    vfs.umount("/flash")
    per_day = _NAIVE_CALLS_PER_DAY / _NAIVE_WRITES
    return max(chip.worn) * per_day, sorted(chip.worn)


def line(name, per_day, worn, days):
    years = _CYCLES / (per_day * 365)
    print(
        f"| {name} | {sum(worn) / days:.0f} | {worn[len(worn) // 2] / days:.2f} "
        f"| {per_day:.2f} | {years:.2f} |"
    )
    return years


def main():
    days = int(sys.argv[1]) if len(sys.argv) > 1 else 365
    started = time.time()
    worst, worn = year(days)
    naive_worst, naive_worn = naive()
    print("| way | erases a day | median block | most worn block | years to 100,000 |")
    print("| --- | --- | --- | --- | --- |")
    years = line("this firmware", worst, worn, days)
    naive_days = _NAIVE_WRITES / _NAIVE_CALLS_PER_DAY
    line("naive: a write at each call", naive_worst, naive_worn, naive_days)
    print(f"{time.time() - started:.0f} s")
    sys.exit(0 if years >= 20 else 1)


main()
