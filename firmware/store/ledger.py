"""Counters that never decrease: energy, closings, hours; safe against every power cut."""

import struct
from binascii import crc32

from micropython import const

from firmware.store.once import forget
from firmware.ticks import since

# A record of 16 bytes: kind, counter, then a value of 64 bits or a name of 8 bytes, CRC-32.
_SIZE = const(16)
_VALUE_FORMAT = "<BBHQ"
_NAME_FORMAT = "<BBH8s"
_OPENED = const(0xA1)
_NAMED = const(0xA2)
_VALUE = const(0xA3)
_PAGE = const(256)
_SAVE_MS = const(300000)
_SAVE_WH = const(100)
_MOST_COUNTERS = const(100)
_PATIENCE = const(5)


class Ledger:
    """Counters by name (at most 8 bytes, such as "E1.wh"; names that end in "wh" are energy).

    Flash holds absolute values in records that are only ever added; the highest sound value of
    a counter is its value, so a torn, old or repeated record can do no harm. Each block starts
    with every counter in it, so the blocks before can be erased, one at a time, and only while
    the contactor is open. `area` is store/area.py's or any object like it, None without flash.
    `rtc_memory()` reads and `rtc_memory(data)` writes memory that survives a reset; None
    without. `wear` is the account of store/wear.py.
    """

    def __init__(self, area, rtc_memory, wear, log):
        self._area = area
        self._lost = area is None
        self._rtc_memory = rtc_memory
        self._wear = wear
        self._log = log
        self._ids = {}
        self._names = []
        self._values = []
        self._written = []
        self._named = []
        self._stage = bytearray(4)
        self._batch = bytearray(_PAGE)
        self._slots = area.block_size // _SIZE if area else 0
        self._used = [0] * (area.blocks if area else 0)
        self._block = 0
        self._sequence = 0
        self._failures = 0
        self._full = False
        self._flush = False
        self._energy_due = False
        self._waited_ms = 0
        self._at = None

    def value(self, name: str) -> int:
        """The counter's value; 0 for one that never counted."""
        number = self._ids.get(name)
        return 0 if number is None else self._values[number]

    def names(self) -> list:
        """All counters, in the order in which they were first counted."""
        return [name for name in self._names if name]

    def add(self, name: str, amount: int) -> int:
        """Count up; the new value."""
        return self.raise_to(name, self.value(name) + amount)

    def raise_to(self, name: str, value: int) -> int:
        """Set the counter, unless that would lower it; its value after that.

        Takes no flash operation; the RTC memory has it at once, the flash by `step`.
        """
        number = self._number(name)
        if value <= self._values[number]:
            return self._values[number]
        self._values[number] = value
        if name.endswith("wh") and value - self._written[number] >= _SAVE_WH:
            self._energy_due = self._energy_due or not self._scarce()
        self._keep(number)
        return value

    def flush(self):
        """Save all at the next `step`: end of charging, failing supply, before a restart."""
        self._flush = True

    def saved(self) -> bool:
        """True when the flash holds every counter's present value."""
        return self._lost or self._values == self._written

    def step(self, now: int, closed: bool):
        """Save what is due; call once a second, and until `saved` before a restart.

        The account of wear is told the time as well.

        Holds the caller for at most one flash program (0.7 ms, at worst 3) and one read; while
        no contactor is `closed`, instead for one block erase (45 ms, at worst 400) now and then.
        """
        if self._at is not None:
            self._waited_ms += since(now, self._at)
        self._at = now
        self._wear.step(now)
        if self._lost:
            return
        try:
            everything = self._flush or self._waited_ms >= _SAVE_MS or -1 in self._written
            if everything or self._energy_due:
                self._save(closed, everything)
            elif not closed:
                self._tidy()
        except OSError as error:
            self._failed(f"ledger: {error}")

    def _number(self, name):
        number = self._ids.get(name)
        if number is None:
            number = len(self._names)
            if not 0 < len(name) <= 8 or number >= _MOST_COUNTERS:
                raise ValueError(name)
            self._ids[name] = number
            self._names.append(name)
            self._values.append(0)
            self._written.append(-1)
            self._named.append(False)
            self._stage.extend(bytes(_SIZE))
            self._keep(number)
        return number

    # The first stage: RTC memory, 4 bytes CRC-32 and 16 bytes for each counter.

    def _keep(self, number):
        stage = self._stage
        name = self._names[number].encode()
        struct.pack_into("<8sQ", stage, 4 + _SIZE * number, name, self._values[number])
        if self._rtc_memory:
            struct.pack_into("<I", stage, 0, crc32(memoryview(stage)[4:]))
            self._rtc_memory(stage)

    def load(self) -> list:
        """Find every counter's highest value on the flash and in the RTC memory; messages.

        Reads the whole area in pages of 256 bytes: before the loop starts.
        """
        from firmware.store.ledger_reader import Found

        found = Found(self._area, self._batch)
        messages = found.messages
        staged = found.recall(self._rtc_memory() if self._rtc_memory else b"")
        forget("ledger_reader")
        self._used, self._block, self._sequence = found.used, found.block, found.sequence
        self._names, self._ids = found.names, found.ids
        self._values, self._written, self._named = found.values, found.written, found.named
        self._stage = bytearray(4 + _SIZE * len(self._names))
        for number in range(len(self._names)):
            self._keep(number)
        if self._lost:
            messages.append("energy survives a reset, but no power cut")
        elif not self._sequence and not staged:
            messages.append("new ledger: all counters start at 0")
        for text in messages:
            self._log.warning("store", text)
        return messages

    # Writing the flash.

    def _save(self, closed, everything):
        free = self._slots - self._used[self._block] if self._sequence else 0
        if not free and not self._open(closed):
            return
        count = 0
        if self._used[self._block] == 0:
            count = self._put(0, _VALUE_FORMAT, _OPENED, 0, self._sequence)
            free = self._slots
        least = 1 if everything else _SAVE_WH
        count, chosen, complete = self._gather(count, min(free, _PAGE // _SIZE), least)
        if not count and not complete:
            # What is left of the block is too small for a name and its value.
            self._used[self._block] = self._slots
        elif not count or self._program(memoryview(self._batch)[: count * _SIZE]):
            for number, value in chosen:
                self._named[number] = True
                self._written[number] = value
            if complete:
                self._energy_due = False
                if everything:
                    self._flush = False
                    self._waited_ms = 0

    def _gather(self, count, room, least):
        chosen = []
        for number, name in enumerate(self._names):
            value = self._values[number]
            if value - self._written[number] < least or not name:
                continue
            if least > 1 and not name.endswith("wh"):
                continue
            if count + (1 if self._named[number] else 2) > room:
                return count, chosen, False
            if not self._named[number]:
                count = self._put(count, _NAME_FORMAT, _NAMED, number, name.encode())
            chosen.append((number, value))
            count = self._put(count, _VALUE_FORMAT, _VALUE, number, value)
        return count, chosen, True

    def _put(self, count, layout, kind, number, value):
        batch = self._batch
        start = count * _SIZE
        struct.pack_into(layout, batch, start, kind, number, 0, value)
        crc = crc32(memoryview(batch)[start : start + 12])
        struct.pack_into("<I", batch, start + 12, crc)
        return count + 1

    def _program(self, data):
        block = self._block
        start = self._used[block] * _SIZE
        self._used[block] += len(data) // _SIZE
        wanted = crc32(data)
        self._area.program(block, start, data)
        self._wear.wrote("ledger", len(data), 1, 0)
        # Read back into where it came from: another page for that would be kept for ever.
        self._area.read(block, start, data)
        if crc32(data) != wanted:
            self._failed("ledger: a record reads back differently")
            return False
        self._failures = 0
        return True

    def _failed(self, text):
        self._failures += 1
        self._wear.failures += 1
        if self._failures == 1:
            self._log.error("store", text)
        if self._failures == _PATIENCE * len(self._used):
            self._log.error("store", "ledger given up: energy survives no power cut from now on")
            self._lost = True

    def _open(self, closed):
        # The last erased block is for the time when the contactor is open again.
        blocks = len(self._used)
        erased = self._used.count(0)
        if erased <= 1 and closed:
            if not self._full:
                self._log.warning("store", "ledger full until the contactor opens")
            self._full = True
            return False
        self._full = False
        if not erased:
            self._erase((self._block + 1) % blocks)
            return False
        while self._used[self._block]:
            self._block = (self._block + 1) % blocks
        self._sequence += 1
        for number in range(len(self._written)):
            self._written[number] = -1 if self._names[number] else self._values[number]
            self._named[number] = False
        return True

    def _scarce(self):
        # The last quarter is kept for one record of each counter in 5 minutes.
        if self._lost:
            return True
        free = self._slots - self._used[self._block] + self._slots * (self._used.count(0) - 1)
        return free < self._slots * len(self._used) // 4

    def _tidy(self):
        for block, used in enumerate(self._used):
            if used and block != self._block:
                self._erase(block)
                return

    def _erase(self, block):
        self._used[block] = self._slots
        self._wear.wrote("ledger", 0, 1, 1000)
        self._area.erase(block)
        self._used[block] = 0
