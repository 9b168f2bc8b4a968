"""SunSpec inverters, meters and batteries: found by their models, read by their scale factors.

SunSpec Device Information Model Specification, and the models 1, 101-103, 111-113, 124, 160,
201-204, 211-214 and 802 of the SunSpec model definitions.
"""

from micropython import const

from firmware.codec.modbus_values import FLOAT, TYPES, integer, value
from firmware.meter.modbus_meter import keep
from firmware.meter.reading import Reading
from firmware.meter.register_map import NAMES
from firmware.ticks import since

_BASES = (40000, 50000, 0)  # where "SunS" may stand
_MARK = const(0x53756E53)
_END = const(0xFFFF)
_MOST_MODELS = const(40)
_PATIENCE = const(5)  # failures in a row before the models are looked for again
_AGAIN_MS = const(30000)
_MODULE = const(20)  # registers per module of model 160

# First model, last model, registers to read; then `name offset type scale-factor-offset factor`.
# Offsets count from behind the model's id and length; "-" = no scale factor.
_MODELS = """\
201 204 53
current_l1 1 int16 4 1000
current_l2 2 int16 4 1000
current_l3 3 int16 4 1000
voltage_l1 6 int16 13 1
voltage_l2 7 int16 13 1
voltage_l3 8 int16 13 1
power_w 16 int16 20 1
export_wh 36 uint32 52 1
import_wh 44 uint32 52 1

211 214 68
current_l1 2 float - 1000
current_l2 4 float - 1000
current_l3 6 float - 1000
voltage_l1 10 float - 1
voltage_l2 12 float - 1
voltage_l3 14 float - 1
power_w 26 float - 1
export_wh 58 float - 1
import_wh 66 float - 1

101 103 25
current_l1 1 uint16 4 1000
current_l2 2 uint16 4 1000
current_l3 3 uint16 4 1000
voltage_l1 8 uint16 11 1
voltage_l2 9 uint16 11 1
voltage_l3 10 uint16 11 1
power_w 12 int16 13 1
import_wh 22 uint32 24 1

111 113 32
current_l1 2 float - 1000
current_l2 4 float - 1000
current_l3 6 float - 1000
voltage_l1 14 float - 1
voltage_l2 16 float - 1
voltage_l3 18 float - 1
power_w 20 float - 1
import_wh 30 float - 1

160 160 108

124 124 21
soc 6 uint16 20 1

802 802 62
soc 9 uint16 54 1
power_w 45 int16 61 1
"""


class SunSpecMeter:
    """A device of a Rota that looks for its models, then polls the ones that tell something.

    The first of the meter and inverter models gives the values; a battery model adds the state
    of charge. `models` are the ids found. Signs are the maker's: a factor of -1 turns them.
    """

    def __init__(self, unit: int, reading: Reading | None = None, poll_ms: int = 1000):
        self.unit = unit
        self.reading = reading or Reading()
        self.extra = []
        self.finish = None
        self.errors = 0
        self.error_at = None
        self.poll_ms = poll_ms
        self._base = 0
        self._look_again()

    def _look_again(self):
        self.models = []
        self._blocks = []  # (address, count, model, rows)
        self._at = None  # where the next model's head stands
        self._length = 0
        self._block = 0
        self._failed = 0
        self._began = None

    def due(self, now: int) -> bool:
        if self._block or self._began is None or self._at is not None:
            return True
        return since(now, self._began) >= (self.poll_ms if self._blocks else _AGAIN_MS)

    def ask(self, master, now: int):
        """Put the next question into `master`."""
        if self._at is None and not self._blocks:
            self._began = now
            master.ask(self.unit, 3, _BASES[self._base], 2)
        elif self._at is not None:
            master.ask(self.unit, 3, self._at, 2)
        else:
            if self._block == 0:
                self._began = now
            address, count, _, _ = self._blocks[self._block]
            master.ask(self.unit, 3, address, count)

    def answered(self, words, now: int):
        self._failed = 0
        if self._at is not None:
            self._head(words)
        elif not self._blocks:
            self._marked(integer(words, 0, 3) == _MARK)
        else:
            self._decode(words)
            self._advance(now)

    def failed(self, error, now: int):
        self.errors += 1
        self.error_at = now
        if not self._blocks and self._at is None:
            self._marked(False)
            return
        self._failed += 1
        self._block = 0
        if self._failed >= _PATIENCE:
            self._look_again()

    def _marked(self, found: bool):
        if found:
            self._at = _BASES[self._base] + 2
            self._began = None
        else:
            self._base = (self._base + 1) % len(_BASES)
            if self._base:
                self._began = None  # the next base at once; after all of them a pause

    def _head(self, words):
        model = words.word(0)
        length = words.word(1)
        if model == _END or len(self.models) == _MOST_MODELS or not length:
            self._at = None
            self._began = None
            self._choose()
            return
        self.models.append(model)
        found = _model(model, self._at + 2, length)
        if found:
            self._blocks.append(found)
        self._at += 2 + length
        if self._at > 65000:
            self._at = None

    def _choose(self):
        """One model for the values, one for the state of charge."""
        values = [block for block in self._blocks if block[2] not in (124, 160, 802)]
        if not values:
            values = [block for block in self._blocks if block[2] == 160]
        charge = [block for block in self._blocks if block[2] in (124, 802)]
        if values and charge:
            rows = [row for row in charge[0][3] if row[0] == 9]
            charge = [charge[0][:3] + (rows,)]
        self._blocks = values[:1] + charge[:1]

    def _advance(self, now: int):
        self._block += 1
        if self._block == len(self._blocks):
            self._block = 0
            if not self.finish or self.finish(self, now):
                self.reading.touch(now)

    def _decode(self, words):
        _, count, model, rows = self._blocks[self._block]
        if model == 160:
            self._modules(words, count)
        for target, offset, kind, scale, factor in rows:
            number = None
            if scale is None:
                number = value(words, offset, kind, factor, 1)
            elif not _missing(words, offset, kind):
                number = _scaled(integer(words, offset, kind) * factor, words, scale)
            keep(self.reading, self.extra, target, number)

    def _modules(self, words, count: int):
        """Power and energy of all strings of a multiple MPPT inverter."""
        watts = watt_hours = None
        for module in range(min(words.word(6), (count - 8) // _MODULE)):
            at = 8 + _MODULE * module
            if words.word(at + 11) != 0xFFFF:
                watts = (watts or 0) + (_scaled(words.word(at + 11), words, 2) or 0)
            watt_hours = (watt_hours or 0) + (_scaled(integer(words, at + 12, 3), words, 3) or 0)
        self.reading.power_w = watts
        if watt_hours:
            self.reading.count_import(watt_hours)


def _missing(words, offset: int, kind: int) -> bool:
    """A point that the device does not have: all ones, or the smallest number if signed."""
    number = integer(words, offset, kind)
    return number in (-0x8000, -0x80000000) if kind in (0, 2) else number in (0xFFFF, 0xFFFFFFFF)


def _scaled(number: int, words, scale: int) -> int | None:
    """number * 10^scale factor, rounded; None for a scale factor that is none."""
    power = integer(words, scale, 0)
    if not -10 <= power <= 10:
        return None
    if power >= 0:
        return number * 10**power
    return (number + 10**-power // 2) // 10**-power


def _model(model: int, address: int, length: int):
    """(address, count, model, rows) of a model that is known; None for others."""
    for block in _MODELS.split("\n\n"):
        lines = block.strip().split("\n")
        first, last, count = [int(field) for field in lines[0].split()]
        if first <= model <= last:
            rows = [_row(line) for line in lines[1:]]
            return (address, min(count, length), model, rows) if _fits(rows, length) else None
    return None


def _fits(rows: list, length: int) -> bool:
    return all(row[1] + (2 if row[2] == FLOAT else 1) <= length for row in rows)


def _row(line: str) -> tuple:
    name, offset, kind, scale, factor = line.split()
    target = NAMES.split().index(name)
    scale = None if scale == "-" else int(scale)
    return (target, int(offset), TYPES.index(kind), scale, int(factor))
