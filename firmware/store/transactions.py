"""Charging transactions on the flash: at least the last 1,000, each complete or repaired."""

from micropython import const

from firmware.store import transaction_slot
from firmware.store.once import forget
from firmware.store.transaction_slot import BEGUN, END, ENDED, SENT, begin_part, end_part

_SLOT = const(128)
_MOST_PENDING = const(8)
# A write that failed is tried again after so many steps.
_PAUSE = const(60)
FIELDS = ("number", "device", "start", "end", "start_wh", "end_wh", "user", "rfid", "reason")


class Transactions:
    """A ring of blocks in an `area` (store/area.py); 35 blocks of 4 KiB hold 1,023 at least.

    A transaction is a dict of FIELDS; `start` and `end` are unix seconds, None without a clock,
    and `estimated` has bits for those that are uncertain (transaction_slot.py); it may be missing.
    `begin`, `end` and `delivered` only note it; `step` does the writing. With None for `area`
    nothing is kept.
    """

    def __init__(self, area, wear, log):
        self._area = area
        self._wear = wear
        self._log = log
        self.slots = area.block_size // _SLOT if area else 0
        self._first = [0] * (area.blocks if area else 0)
        self._block = 0
        self._slot = 0
        self._places = {}
        self._pending = []
        self._pause = 0
        self._ready = False
        self._buffer = bytearray(_SLOT)
        self.open = {}
        self.last = 0

    def load(self, energy, reason: str = "power failure", resumed=()) -> list:
        """Find what is kept, and close with `reason` what was open at the restart; messages.

        `energy(device)` is the ledger's counter in Wh: what was charged until then. Devices in
        `resumed` go on with their transaction instead: it stays in `open`.
        Reads the first slot of each block and all of the two newest: before the loop starts.
        """
        messages = []
        found = {}
        if self._area:
            from firmware.store.transactions_reader import find

            try:
                self._block, self._slot = find(self, self._first, self._places, found)
            except OSError as error:
                messages.append(f"transactions cannot be read: {error}")
            forget("transactions_reader")
        newest = {}
        for number in sorted(found):
            self.last = number
            newest[found[number]["device"]] = found[number]
        for entry in newest.values():
            if "end" in entry:
                continue
            if entry["device"] in resumed:
                self.open[entry["device"]] = entry
            else:
                self._repair(entry, energy, reason, messages)
        for text in messages:
            self._log.warning("store", text)
        return messages

    def _repair(self, entry, energy, reason, messages):
        device = entry["device"]
        self.open[device] = entry
        self.end(device, None, energy(device), reason)
        number = entry["number"]
        messages.append(f"transaction {number} was open at a restart ({reason}): closed")

    def begin(self, device: str, start, start_wh: int, user: str = "", rfid: str = "") -> dict:
        """A car was plugged in; what was open on this device ends with the reason "lost".

        Kept are 24 bytes of `user` and 20 of `rfid`.
        """
        if device in self.open:
            self.end(device, start, start_wh, "lost")
        self.last += 1
        entry = {"number": self.last, "device": device, "start": start, "start_wh": start_wh}
        entry["user"], entry["rfid"] = user, rfid
        self.open[device] = entry
        self._note((BEGUN, entry))
        return entry

    def authorise(self, device: str, user: str, rfid: str):
        """Note in the open transaction of `device` who pays for it.

        It begins once more in another slot: what a slot holds cannot be changed.
        """
        entry = self.open[device]
        entry["user"], entry["rfid"] = user, rfid
        self._note((BEGUN, entry))

    def correct(self, device: str, start: int):
        """The open transaction of `device` began at this time, as is known now; as `authorise`."""
        entry = self.open[device]
        entry["start"] = start
        entry.pop("estimated", None)
        self._note((BEGUN, entry))

    def end(self, device: str, end, end_wh: int, reason: str) -> dict | None:
        """The car was unplugged: the complete transaction; None if none was open.

        Kept are 16 bytes of `reason`.
        """
        entry = self.open.pop(device, None)
        if entry is None:
            return None
        entry = entry.copy()
        entry["end"], entry["reason"] = end, reason
        entry["end_wh"] = max(end_wh, entry["start_wh"])
        self._note((ENDED, entry))
        return entry

    def delivered(self, number: int):
        """This transaction has arrived at the receiver; remembered over a restart."""
        self._note((SENT, {"number": number, "looked": 0}))

    def _note(self, work):
        if len(self._pending) >= _MOST_PENDING:
            number = self._pending.pop(0)[1]["number"]
            self._log.error("store", f"transaction {number} not written")
        self._pending.append(work)

    def pending(self) -> bool:
        """True while something waits to be written."""
        return bool(self._pending)

    def step(self, closed: bool):
        """Write at most one entry: one program of at most two pages and a few reads.

        While no contactor is `closed`, instead one block erase after each 31 transactions.
        """
        if self._area is None:
            self._pending = []
        if self._pause or self._area is None:
            self._pause = max(0, self._pause - 1)
            return
        try:
            if not self._prepared(closed) or not self._pending:
                return
            kind, entry = self._pending[0]
            done = self._mark(entry) if kind == SENT else self._write(kind, entry)
            if not done:
                return
            self._pending.pop(0)
        except OSError as error:
            self._wear.failures += 1
            self._log.error("store", f"transactions: {error}")
            self._pause = _PAUSE

    # Reading.

    def read(self, block: int, slot: int):
        """Bring one slot into the buffer, for `blank` and `parsed`."""
        self._area.read(block, slot * _SLOT, self._buffer)

    def blank(self, start: int = 0, end: int = _SLOT) -> bool:
        """True if nothing was ever written to these bytes of the slot in the buffer."""
        return min(memoryview(self._buffer)[start:end]) == 0xFF

    def parsed(self) -> dict | None:
        """The transaction in the buffer, without "end" if it has none; None if unsound."""
        return transaction_slot.parsed(self._buffer)

    def entries(self, first: int = 0, unsent: bool = False):
        """Yield the ended transactions from number `first` on, oldest first.

        One read for each step; None stands for a slot that is not asked for, so that the caller
        can let others run. With `unsent` only those that were not marked as delivered.
        """
        blocks = sorted((number, block) for block, number in enumerate(self._first) if number)
        for index, (_, block) in enumerate(blocks):
            if index + 1 < len(blocks) and blocks[index + 1][0] <= first:
                continue
            for slot in range(self.slots):
                self.read(block, slot)
                sent = self._buffer[SENT : SENT + 4] == b"\x00\x00\x00\x00"
                entry = None if unsent and sent else self.parsed()
                wanted = entry and "end" in entry and entry["number"] >= first
                yield entry if wanted else None

    # Writing.

    def _prepared(self, closed):
        """True when a slot is free; otherwise, and ahead of time, erase the next block."""
        room = self._slot < self.slots
        if not self._ready and not (closed or (room and self._pending)):
            after = (self._block + 1) % self._area.blocks
            if not self._erased(after):
                self._first[after] = 0
                self._wear.wrote("transactions", 0, 1, 1000)
                self._area.erase(after)
                return False
            self._ready = True
        if not room and self._ready:
            self._block = (self._block + 1) % self._area.blocks
            self._slot = 0
            self._ready = False
            room = True
        return room

    def _erased(self, block):
        if self._first[block]:
            return False
        for slot in range(self.slots):
            self.read(block, slot)
            if not self.blank():
                return False
        return True

    def _write(self, kind, entry):
        number = entry["number"]
        place = self._places.pop(number, None)
        if kind == BEGUN or place is None:
            block, slot, start = self._block, self._slot, 0
            self._slot += 1
            data = begin_part(entry)
            if kind == ENDED:
                data = data + end_part(entry)
        else:
            block, slot = place
            start, data = END, end_part(entry)
        self._program(block, slot, start, data)
        if self._buffer[start : start + len(data)] != data:
            self._wear.failures += 1
            self._pause = _PAUSE
            return False
        if not self._first[block]:
            self._first[block] = number
        if kind == BEGUN:
            self._places[number] = (block, slot)
        return True

    def _mark(self, work) -> bool:
        """Look for a delivered transaction in one more block; True when there is no more to do.

        It lies in the block with the highest first number up to its own, unless a repaired one
        stands in between: then further back, or in a later block.
        """
        number, looked = work["number"], work["looked"]
        order = sorted((first > number, -first, block) for block, first in enumerate(self._first))
        if looked >= len(order):
            return True
        work["looked"] = looked + 1
        block = order[looked][2]
        for slot in range(self.slots if self._first[block] else 0):
            self.read(block, slot)
            entry = self.parsed()
            if entry and entry["number"] == number and "end" in entry:
                self._program(block, slot, SENT, bytes(4))
                return True
        return False

    def _program(self, block, slot, start, data):
        self._wear.wrote("transactions", len(data), 1, 0)
        self._area.program(block, slot * _SLOT + start, data)
        self.read(block, slot)
