"""Values that a meter leaves out, worked out from the others; values that cannot be, refused."""

from micropython import const

from firmware.meter.counter import Counter
from firmware.meter.modbus_meter import keep
from firmware.meter.register_map import NAMES

_NOMINAL_MV = const(230000)
_HIGHEST_V = const(500)
_BASE = const(10)  # targets below this are in the reading, see register_map.NAMES


class Checks:
    """`finish` completes the reading of one meter after each round.

    definition  for what it gives, its formulas and further names
    lookup      function(name) for what a formula names beside the meter's own variables
    fuse_ma     of the meter's connection; ten times as much is no measurement
    assign      function(name, number) for variables that the file calls CM.name, or None
    """

    def __init__(self, definition, reading, lookup=None, fuse_ma: int = 63000):
        self.implausible = 0
        self._extras = definition.extras
        self._formulas = definition.formulas
        self._power_given = 6 in definition.given
        self._current_given = any(target in definition.given for target in (3, 4, 5))
        self._phase_powers = self._places("power_w_l1", "power_w_l2", "power_w_l3")
        self._shown = definition.shown
        self._inputs = definition.inputs
        self._lookup = lookup
        self.assign = None
        self._most_ma = 10 * fuse_ma
        self._most_w = 3 * self._most_ma * _NOMINAL_MV // 1000000
        self._pulses = None
        self._meter = None
        reading.counters = (Counter(), Counter())

    def _places(self, *names):
        places = []
        extras = self._extras.split()
        for name in names:
            places.append(extras.index(name) if name in extras else None)
        return places

    def finish(self, meter, now: int) -> bool:
        """Derive and check; False, and no values at all, when they cannot be true."""
        self._meter = meter
        for target, formula in self._formulas:
            self._evaluate(target, formula)
        reading = meter.reading
        if not self._plausible(reading):
            self.implausible += 1
            reading.power_w = None
            for phase in range(3):
                reading.current_ma[phase] = None
            return False
        powers = self._powers(meter)
        if reading.power_w is None or not self._power_given:
            self._derive_power(reading, powers, now)
        self._derive_currents(reading, powers)
        if self.assign:
            self._assign()
        return True

    def _assign(self):
        for name in self._extras.split():
            if name.startswith("CM.") and (number := self.value(name)) is not None:
                self.assign(name[3:], number)

    def user_info(self) -> dict:
        """The values that the file marks with "*"."""
        if self._meter is None:
            return {}
        return {name: self.value(name) for name in self._shown.split()}

    def inputs(self) -> str:
        """Levels of the switch inputs, such as "0 1"; "0" when there are none."""
        levels = []
        for place, count in self._inputs:
            number = (self._meter.extra[place] or 0) // 1000 if self._meter else 0
            levels.extend([str(number >> bit & 1) for bit in range(count)])
        return " ".join(levels) or "0"

    def _evaluate(self, target: int, formula):
        from firmware.codec.formula import FormulaError

        try:
            number = formula.value(self.value)
        except FormulaError:
            number = None
        if target >= _BASE:
            number = None if number is None else int(number * 1000)
        elif number is not None:
            number = int(number + 0.5) if number >= 0 else -int(0.5 - number)
        keep(self._meter.reading, self._meter.extra, target, number)

    def value(self, name: str, argument=None):
        """The meter's own variable of that name, else what the lookup says; None = unknown."""
        meter = self._meter
        extras = self._extras.split()
        base = NAMES.split()
        if name in extras:
            number = meter.extra[extras.index(name)] if meter else None
            return None if number is None else fraction(number)
        if name in base:
            return base_value(meter.reading, base.index(name)) if meter else None
        return self._lookup(name) if self._lookup and argument is None else None

    def _plausible(self, reading) -> bool:
        if reading.power_w is not None and abs(reading.power_w) > self._most_w:
            return False
        for phase in range(3):
            current = reading.current_ma[phase]
            voltage = reading.voltage_v[phase]
            if current is not None and abs(current) > self._most_ma:
                return False
            if voltage is not None and not 0 <= voltage <= _HIGHEST_V:
                return False
        return True

    def _powers(self, meter) -> list:
        """Power per phase in W, as far as the meter gives it."""
        powers = []
        for place in self._phase_powers:
            number = None if place is None else meter.extra[place]
            powers.append(None if number is None else number // 1000)
        return powers

    def _derive_power(self, reading, powers: list, now: int):
        """From the phases' powers, else from U and I, else from the counter."""
        known = [power for power in powers if power is not None]
        if known:
            reading.power_w = sum(known)
            return
        milliwatts = None
        for phase in range(3):
            current = reading.current_ma[phase]
            voltage = reading.voltage_v[phase]
            if current is not None and voltage is not None:
                milliwatts = (milliwatts or 0) + current * voltage
        if milliwatts is not None:
            reading.power_w = milliwatts // 1000
        elif reading.import_wh is not None:
            self._count(reading, now)

    def _count(self, reading, now: int):
        """Each Wh of the counter is taken for a pulse."""
        if self._pulses is None:
            from firmware.meter.s0 import S0Meter

            self._pulses = S0Meter(1000)
            self._first_wh = reading.import_wh
        self._pulses.update(now, reading.import_wh - self._first_wh)
        reading.power_w = self._pulses.reading.power_w

    def _derive_currents(self, reading, powers: list):
        """A phase that feeds in has a negative current; a missing current comes from its power.

        A total power tells nothing about the sign of one phase: without the phases' powers a
        current stays positive, which errs on the side of the fuse.
        """
        for phase in range(3):
            power = powers[phase]
            current = reading.current_ma[phase] if self._current_given else None
            voltage = reading.voltage_v[phase]
            if power is not None and current is not None:
                reading.current_ma[phase] = -abs(current) if power < 0 else abs(current)
            elif power is not None and voltage:
                reading.current_ma[phase] = power * 1000 // voltage
            elif not self._current_given and voltage and reading.power_w is not None:
                reading.current_ma[phase] = reading.power_w * 1000 // _sum(reading.voltage_v)


def _sum(voltages: list) -> int:
    return sum(voltage for voltage in voltages if voltage)


def fraction(thousandths: int):
    """A number kept in thousandths: an integer if it is one."""
    return thousandths // 1000 if thousandths % 1000 == 0 else thousandths / 1000


def base_value(reading, target: int) -> int | None:
    """The reading's value by its target number."""
    if target < 3:
        return reading.voltage_v[target]
    if target < 6:
        return reading.current_ma[target - 3]
    return (reading.power_w, reading.import_wh, reading.export_wh, reading.soc)[target - 6]
