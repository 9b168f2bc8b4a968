"""How long does each write path of the store hold the loop? Flash times from the data sheets.

Run: .tools/bin/micropython -X heapsize=64m tools/bench/flash_hold.py
"""

import sys

sys.path.insert(0, sys.path[0] + "/../..")
sys.path.insert(0, sys.path[1])

import time

import vfs
from flash_chip import used

from firmware.store.area import claim
from firmware.store.config import ConfigStore
from firmware.store.ledger import Ledger
from firmware.store.transactions import Transactions
from firmware.store.vault import Vault
from firmware.store.wear import Wear

_FOLDER = "/flash/data"
_BLOCKS = 512
# The unix port on a PC is so many times faster than the ESP32 (measured 90 to 130).
_ESP32 = 110


class Quiet:
    def warning(self, topic, text):
        pass

    error = info = warning


def _vault():
    return Vault(b"k" * 32, ("wifi_password",))


class Table:
    """One line for each path: the longest of many calls or steps."""

    def __init__(self, chip):
        self.chip = chip
        self.now = 0
        print(
            "| path | contactor | calls | reads | programs | erases | longest ms | at worst ms |"
        )
        print("| --- | --- | --- | --- | --- | --- | --- | --- |")

    def row(self, name, contactor, steps):
        """`steps` is an iterable: the time between two of its values is one hold."""
        chip = self.chip
        most = [0, 0, 0, 0, 0]
        calls = 0
        chip.mark()
        for _ in steps:
            calls += 1
            seen = (chip.reads, chip.programs, chip.erases, chip.typical_us, chip.worst_us)
            most = [max(most[index], seen[index]) for index in range(5)]
            chip.mark()
        print(
            f"| {name:<36} | {contactor:<6} | {calls:5d} | {most[0]:5d} | {most[1]:4d} "
            f"| {most[2]:2d} | {most[3] / 1000:7.1f} | {most[4] / 1000:7.1f} |"
        )


def document(number):
    """A configuration of about 3 KiB: ten devices."""
    device = {"dev_type": "meter_modbus", "name": "Meter in the cellar", "address": "10.0.0.5:502"}
    devices = []
    for index in range(10):
        entry = device.copy()
        entry["dev_id"] = "M%d" % index
        entry["desc"] = "y" * 100
        devices.append(entry)
    network = {"wifi_ssid": "home", "wifi_password": "correct horse battery staple"}
    return {"version": 1, "params": {"n": number}, "network": network, "devices": devices}


def config_steps(store, rounds):
    for number in range(rounds):
        for _ in store.saving(document(number)):
            yield
        yield


def config_whole(store, rounds):
    for number in range(rounds):
        store.save(document(1000 + number))
        yield


def ledger_steps(ledger, closed, seconds, start):
    for second in range(seconds):
        for name in ("E1.wh", "M1.wh"):
            ledger.add(name, 6)
        ledger.add("E1.sec", 1)
        ledger.step((start + second) * 1000, closed)
        yield


def once(function, *arguments):
    function(*arguments)
    yield


def begins(kept, rounds):
    for _ in range(rounds):
        kept.begin("E1", 1760000000, 123456, "anna", "04AB12CD")
        kept.step(False)
        yield
        kept.end("E1", 1760003600, 127777, "unplugged")
        kept.step(False)
        kept.chip.mark()


def ends(kept, rounds):
    for _ in range(rounds):
        kept.begin("E1", 1760000000, 123456, "anna", "04AB12CD")
        kept.step(False)
        kept.chip.mark()
        kept.end("E1", 1760003600, 127777, "unplugged")
        kept.step(False)
        yield


def ahead(kept, rounds):
    for _ in range(rounds):
        kept.begin("E1", 1760000000, 123456, "anna", "04AB12CD")
        kept.step(False)
        kept.end("E1", 1760003600, 127777, "unplugged")
        kept.step(False)
        kept.chip.mark()
        kept.step(False)
        yield


def marks(kept, rounds):
    for number in range(rounds):
        kept.delivered(kept.last - number)
        kept.step(False)
        yield


def flash_table():
    chip = used()
    wear = Wear()
    table = Table(chip)
    store = ConfigStore(_FOLDER, Quiet(), wear, 1, _vault)
    area = claim(_FOLDER, chip, wear)
    ring = claim(_FOLDER, chip, wear, "transactions", 35)
    table.row("claim the ledger's blocks (boot)", "boot", once(claim, _FOLDER, chip, wear))
    table.row(
        "claim the transactions' (boot)",
        "boot",
        once(claim, _FOLDER, chip, wear, "transactions", 35),
    )
    table.row("first load of the configuration", "boot", once(store.load))
    table.row("configuration: longest of its steps", "open", config_steps(store, 100))
    table.row("configuration: save() at once", "open", config_whole(store, 100))
    table.row("load of the configuration", "boot", once(store.load))
    ledger = Ledger(area, None, wear, Quiet())
    table.row("ledger: load (empty)", "boot", once(ledger.load))
    table.row("ledger: step while charging", "closed", ledger_steps(ledger, True, 40000, 0))
    table.row("ledger: step with blocks to erase", "open", ledger_steps(ledger, False, 60, 40000))
    again = Ledger(area, None, wear, Quiet())
    table.row("ledger: load", "boot", once(again.load))
    kept = Transactions(ring, wear, Quiet())
    kept.chip = chip
    table.row("transactions: load", "boot", once(kept.load, ledger.value))
    table.row("transactions: begin", "any", begins(kept, 200))
    table.row("transactions: end", "any", ends(kept, 1200))
    table.row("transactions: erase ahead", "open", ahead(kept, 100))
    table.row("transactions: delivered", "any", marks(kept, 200))
    table.row("transactions: next entry", "any", kept.entries())
    again = Transactions(ring, wear, Quiet())
    table.row("transactions: load when full", "boot", once(again.load, ledger.value))
    vfs.umount("/flash")


def timed(name, steps):
    """Mean step of pure computing, in milliseconds of an ESP32."""
    total = calls = 0
    start = time.ticks_us()
    for _ in steps:
        spent = time.ticks_diff(time.ticks_us(), start)
        total += spent
        calls += 1
        start = time.ticks_us()
    print(f"| {name:<36} | {calls:5d} | {total / calls * _ESP32 / 1000:8.2f} |")


def raising(ledger):
    for number in range(2000):
        ledger.raise_to("E1.wh", number)
        yield


def serialising():
    store = ConfigStore("/nowhere", Quiet(), Wear(), 1, _vault)
    for number in range(20):
        for _ in store._sliced(document(number), [0, 0], None):
            yield


def computing_table():
    memory = [b""]

    def rtc_memory(data=None):
        if data is not None:
            memory[0] = bytes(data)
        return memory[0]

    print(f"\nComputing alone, {_ESP32} times the time on this machine:")
    print("| path | calls | mean ms |\n| --- | --- | --- |")
    ledger = Ledger(None, rtc_memory, Wear(), Quiet())
    ledger.load()
    timed("ledger: raise_to with RTC memory", raising(ledger))
    timed("configuration: serialise one slice", serialising())


flash_table()
computing_table()
