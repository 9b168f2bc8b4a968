"""A Modbus meter without its line: what to ask next, and what the answer means."""

from micropython import const

from firmware.codec.modbus_values import integer, value
from firmware.meter.reading import Reading
from firmware.ticks import since

_COUNTERS_MS = const(2500)  # counters are worth a question only every third second
_MISSING = const(3)  # exceptions 1 to 3: no such function, address or number of registers
_BRIDGE = const(255)  # register_map.BRIDGE in a byte


class ModbusMeter:
    """Asks round by round and fills `reading`; owned by the Rota of a line.

    The reading is as fresh as the last round in which every request but those for counters was
    answered. A device that says it has no such registers loses the values of that request only;
    one that is busy, silent or garbled ends the round, and its values grow stale.

    finish   called with (meter, now) after each complete round, to derive and check values;
             when it says False the round does not count
    extra    values of further names in thousandths, by target number minus len(NAMES)
    """

    def __init__(self, unit: int, registers, reading: Reading | None = None):
        self.unit = unit
        self.registers = registers
        self.reading = reading or Reading()
        self.finish = None
        self.extra = [None] * registers.extras
        self.errors = 0
        self.error_at = None
        self._block = 0
        self._good = 0
        self._began = None
        self._counted = None

    def due(self, now: int) -> bool:
        if self._block or self._began is None:
            return True
        return since(now, self._began) >= self.registers.poll_ms

    def ask(self, master, now: int):
        """Put the next question into `master`."""
        if self._block == 0:
            self._began = now
            self._good = 0
        address, count, _, _ = self.registers.blocks[self._block]
        master.ask(self.unit, self.registers.function, address, count)

    def answered(self, master, now: int):
        self._decode(master)
        self._good += 1
        self._advance(now)

    def failed(self, error, now: int):
        self.errors += 1
        self.error_at = now
        if 0 < error.code <= _MISSING:
            self._decode(None)
            self._advance(now)
            return
        if self._block >= self.registers.fast:
            self._counted = now
        self._block = 0

    def _advance(self, now: int):
        self._block += 1
        fast = self.registers.fast
        if self._block == fast and self._good and (not self.finish or self.finish(self, now)):
            self.reading.touch(now)
        if self._block == fast and not self._counters_due(now):
            self._block = 0
        elif self._block == len(self.registers.blocks):
            self._block = 0
            self._counted = now

    def _counters_due(self, now: int) -> bool:
        return self._counted is None or since(now, self._counted) >= _COUNTERS_MS

    def _decode(self, words):
        """Registers into the reading; None for `words` says that there are none."""
        address, _, first, end = self.registers.blocks[self._block]
        rows = self.registers.rows
        for at in range(8 * first, 8 * end, 8):
            target = rows[at + 3]
            if target != _BRIDGE:
                index = (rows[at] << 8 | rows[at + 1]) - address
                number = self._value(words, index, at) if words else None
                keep(self.reading, self.extra, target, number)

    def _value(self, words, index: int, at: int) -> int | None:
        """The value at register `index`, as the row at byte `at` of the map describes it."""
        rows = self.registers.rows
        kind = rows[at + 2]
        reserved = self.registers.reserved
        if reserved and integer(words, index, kind) in reserved:
            return 0
        numerator = rows[at + 4] << 16 | rows[at + 5] << 8 | rows[at + 6]
        if numerator & 0x800000:
            numerator -= 0x1000000
        return value(words, index, kind, numerator, 10 ** rows[at + 7])


def keep(reading: Reading, extra: list, target: int, number: int | None):
    """Put a value where its target number (see register_map.NAMES) says; None = unknown.

    An unknown count, or one that goes down, leaves the last one.
    """
    if target < 3:
        reading.voltage_v[target] = number
    elif target < 6:
        reading.current_ma[target - 3] = number
    elif target == 6:
        reading.power_w = number
    elif target == 9:
        reading.soc = number
    elif target > 9:
        extra[target - 10] = number
    elif number is not None:
        (reading.count_import if target == 7 else reading.count_export)(number)
