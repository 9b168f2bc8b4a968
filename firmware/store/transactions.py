"""Charging transactions on the flash: at least the last 1,000, each complete or repaired."""

import json
import os
from binascii import crc32

from micropython import const

_PER_FILE = const(64)
_FILES = const(17)
_LONGEST = const(512)
_LONGEST_TEXT = const(32)
# A write that failed is tried again after so many steps.
_PAUSE = const(60)
_MOST_PENDING = const(8)
FIELDS = ("number", "device", "start", "end", "start_wh", "end_wh", "user", "rfid", "reason")


class Transactions:
    """Kept in `folder`: "ta.open.E1" what began last, "ta.00012" 64 that ended, "ta.sent".

    A transaction is a dict of FIELDS; `start` and `end` are unix seconds, None without a clock.
    `begin` and `end` only note it; `step` does the writing, while no contactor is closed.
    """

    def __init__(self, folder: str, wear, log):
        self._folder = folder
        self._wear = wear
        self._log = log
        self._pending = []
        self._torn = False
        self._pause = 0
        self.open = {}
        self.last = 0
        self.sent = 0

    def load(self, energy) -> list:
        """Find what is kept, and close what a power failure left open; messages.

        `energy(device)` is the ledger's counter in Wh: what was charged until the failure.
        Reads the newest file; before the loop starts.
        """
        messages = []
        try:
            names = os.listdir(self._folder)
        except OSError as error:
            messages.append(f"transactions cannot be read: {error}")
            names = ()
        files = self._numbers(names)
        if files:
            self.last = (files[-1] - 1) * _PER_FILE
            for entry in self._read(files[-1]):
                self.last = max(self.last, entry["number"])
        for name in names:
            if name.startswith("ta.open."):
                self._repair(name, energy, messages)
        self.sent = (self._small("ta.sent") or {}).get("number", 0)
        for text in messages:
            self._log.warning("store", text)
        return messages

    def _repair(self, name, energy, messages):
        entry = self._small(name)
        if entry is None:
            messages.append(f"{name} is not readable")
        elif entry["number"] > self.last:
            self.last = entry["number"]
            self.open[entry["device"]] = entry
            self.end(entry["device"], None, energy(entry["device"]), "power failure")
            messages.append(f"transaction {self.last} was open at a power failure: closed")

    def begin(self, device: str, start, start_wh: int, user: str = "", rfid: str = "") -> dict:
        """A car was plugged in; what was open on this device ends with the reason "lost"."""
        if device in self.open:
            self.end(device, start, start_wh, "lost")
        self.last += 1
        entry = {"number": self.last, "device": device, "start": start, "start_wh": start_wh}
        entry["user"], entry["rfid"] = user[:_LONGEST_TEXT], rfid[:_LONGEST_TEXT]
        self.open[device] = entry
        self._note(("ta.open." + device, entry))
        return entry

    def end(self, device: str, end, end_wh: int, reason: str) -> dict | None:
        """The car was unplugged: the complete transaction; None if none was open."""
        entry = self.open.pop(device, None)
        if entry is None:
            return None
        entry = entry.copy()
        entry["end"], entry["reason"] = end, reason[:_LONGEST_TEXT]
        entry["end_wh"] = max(end_wh, entry["start_wh"])
        self._note((None, entry))
        return entry

    def _note(self, work):
        if len(self._pending) >= _MOST_PENDING:
            self._log.error("store", f"transaction {self._pending.pop(0)[1]} not written")
        self._pending.append(work)

    def pending(self) -> bool:
        """True while something waits to be written."""
        return bool(self._pending)

    def step(self, closed: bool):
        """Write at most one entry: one littlefs write, with one or two erases now and then."""
        if self._pause:
            self._pause -= 1
        if closed or self._pause or not self._pending:
            return
        name, entry = self._pending[0]
        try:
            if name:
                self._put(name, entry)
            else:
                self._append(entry)
        except OSError as error:
            self._wear.failures += 1
            self._log.error("store", f"transaction {entry['number']} not written: {error}")
            self._pause = _PAUSE
        else:
            self._pending.pop(0)

    def delivered(self, number: int):
        """All up to this number have arrived at the receiver; kept over a restart."""
        if number > self.sent:
            self.sent = number
            self._pending = [work for work in self._pending if work[0] != "ta.sent"]
            self._note(("ta.sent", {"number": number}))

    def undelivered(self):
        """Yield, oldest first, what ended and has not been marked as delivered."""
        return self.entries(self.sent + 1)

    def entries(self, first: int = 0):
        """Yield the transactions from number `first` on, oldest first.

        Reads one line of at most 512 bytes for each: take them one by one, not all at once.
        """
        for number in self._numbers(os.listdir(self._folder)):
            if (number + 1) * _PER_FILE > first:
                for entry in self._read(number):
                    if entry["number"] >= first:
                        yield entry

    def csv(self, first: int = 0):
        """Yield lines of CSV, header first, separated by semicolons."""
        yield ";".join(FIELDS) + "\r\n"
        for entry in self.entries(first):
            yield ";".join(_cell(entry.get(name)) for name in FIELDS) + "\r\n"

    def json(self, first: int = 0):
        """Yield pieces of one JSON array."""
        before = "["
        for entry in self.entries(first):
            yield before + json.dumps(entry)
            before = ","
        yield "[]" if before == "[" else "]"

    # Files: lines of JSON with their checksum in front.

    def _numbers(self, names):
        return sorted(
            int(name[3:]) for name in names if name.startswith("ta.") and name[3:].isdigit()
        )

    def _path(self, name):
        if isinstance(name, int):
            name = f"ta.{name:05d}"
        return self._folder + "/" + name

    def _read(self, number):
        with open(self._path(number), "rb") as file:
            while line := file.readline(_LONGEST):
                self._torn = not line.endswith(b"\n")
                entry = _sound(line)
                if entry:
                    yield entry

    def _small(self, name):
        try:
            with open(self._path(name), "rb") as file:
                return _sound(file.read(_LONGEST))
        except OSError:
            return None

    def _put(self, name, entry):
        line = _line(entry)
        with open(self._path(name), "wb") as file:
            file.write(line)
        self._wear.file("transactions", len(line))

    def _append(self, entry):
        number = entry["number"] // _PER_FILE
        line = _line(entry)
        if self._torn:
            line = b"\n" + line
        self._torn = True
        with open(self._path(number), "ab") as file:
            file.write(line)
        self._torn = False
        self._wear.file("transactions", 4096)
        for old in self._numbers(os.listdir(self._folder)):
            if old <= number - _FILES:
                os.remove(self._path(old))


def _line(entry):
    text = json.dumps(entry).encode()
    return f"{crc32(text):08x} ".encode() + text + b"\n"


def _sound(line):
    try:
        text = line[9:].rstrip(b"\n")
        if int(line[:8], 16) == crc32(text):
            return json.loads(text)
    except ValueError:
        pass
    return None


def _cell(value):
    text = "" if value is None else str(value)
    # A spreadsheet must neither run a cell as a formula nor split it.
    if text.startswith(("=", "+", "-", "@")):
        text = "'" + text
    if ";" in text or '"' in text:
        text = '"' + text.replace('"', '""') + '"'
    return text
