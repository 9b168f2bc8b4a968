"""What else is wired to the board: residual-current sensor, lock, temperature, cable."""

import math

from micropython import const
from registers import ADC_UV

_SUPPLY_MV = const(3300)
_OPEN_OHM = const(10000000)
# Trip levels and times of a 6 mA DC monitor (Bender RCMB104 manual), rearmed below 2.5 mA.
_TRIPS = ((300000, 20), (60000, 240), (6000, 700))
_REARM_UA = const(2500)
_TEST_MS = const(180)
_RELEASE_MS = const(300)


class ResidualSensor:
    """RDC-DD: its output is low while all is well. Levers: `leak(ua)`, `broken_wire`, `dead`."""

    def __init__(self, world, trip_pin: int | None, test_pin: int | None):
        self._world = world
        self._trip_pin = trip_pin
        self.leak_ua = 0
        self.tripped = False
        self.dead = False
        self.broken_wire = False
        self.tests = 0
        self.testing = False
        self._event = None
        if test_pin is not None:
            world.on_pin(test_pin, self._test)
        self.refresh()

    def leak(self, ua: int):
        """A direct residual current of so many microamperes flows (6000 = 6 mA)."""
        self.leak_ua = ua
        self._judge()

    def refresh(self):
        """Drive the output again, after a lever that is a plain attribute was moved."""
        if self._trip_pin is not None:
            high = self.tripped or self.broken_wire
            self._world.silicon.drive(self._trip_pin, None if high else 0)

    def _test(self, on: int):
        if on and not self.testing:
            self.tests += 1
        self.testing = bool(on)
        self._judge()

    def _judge(self):
        clock = self._world.clock
        clock.cancel(self._event)
        self._event = None
        if self.dead:
            return
        delay_ms = _TEST_MS if self.testing else self._delay_ms()
        if delay_ms is not None and not self.tripped:
            self._event = clock.after(delay_ms * 1000, self._set, True)
        elif delay_ms is None and self.tripped and self.leak_ua < _REARM_UA:
            self._event = clock.after(_RELEASE_MS * 1000, self._set, False)

    def _delay_ms(self):
        for level_ua, delay_ms in _TRIPS:
            if self.leak_ua >= level_ua:
                return delay_ms
        return None

    def _set(self, tripped: bool):
        self._event = None
        self.tripped = tripped
        self.refresh()


class Lock:
    """Socket lock with feedback. Levers: `jammed`, `travel_ms`."""

    def __init__(self, world, pin: int | None, feedback_pin: int | None):
        self._world = world
        self._feedback_pin = feedback_pin
        self.locked = False
        self.jammed = False
        self.travel_ms = 350
        self._event = None
        if pin is not None:
            world.on_pin(pin, self._drive)
        self._report()

    def _drive(self, level: int):
        self._world.clock.cancel(self._event)
        self._event = self._world.clock.after(self.travel_ms * 1000, self._arrive, bool(level))

    def _arrive(self, locked: bool):
        if not self.jammed:
            self.locked = locked
            self._report()

    def _report(self):
        if self._feedback_pin is not None:
            self._world.silicon.drive(self._feedback_pin, 1 if self.locked else 0)


class Analogue:
    """Resistors on ADC inputs: the thermistor and the cable's coding resistor."""

    def __init__(self, board: dict):
        self._temperature_pin = board.get("temperature_adc")
        self._proximity_pin = board.get("proximity_adc")
        self._linear = board.get("temperature_linear")
        self._pullup_ohm, _ = board.get("proximity_pullup") or (1000, _SUPPLY_MV)
        self.temperature_dc = 250
        self.proximity_ohm = None
        self.set_temperature(250)
        self.set_proximity(None)

    def set_temperature(self, tenths: int | None):
        """Temperature in tenths of a degree Celsius; None for a broken sensor."""
        self.temperature_dc = tenths
        if self._linear:
            at_zero_mv, mv_per_kelvin = self._linear
            ADC_UV[self._temperature_pin] = (
                0 if tenths is None else at_zero_mv * 1000 + tenths * mv_per_kelvin * 100
            )
            return
        ohm = None if tenths is None else _thermistor_ohm(tenths)
        self._set(self._temperature_pin, ohm, 10000)

    def set_proximity(self, ohm: int | None):
        """The cable's coding resistor; None: no cable in the socket."""
        self.proximity_ohm = ohm
        self._set(self._proximity_pin, ohm, self._pullup_ohm)

    def _set(self, pin: int | None, ohm: int | None, pullup_ohm: int):
        if pin is not None:
            ohm = _OPEN_OHM if ohm is None else ohm
            ADC_UV[pin] = _SUPPLY_MV * 1000 * ohm // (ohm + pullup_ohm)


def _thermistor_ohm(tenths: int) -> int:
    """An NTC of 10 kOhm at 25 degrees with B = 3950 K."""
    kelvin = tenths / 10 + 273.15
    return int(10000 * math.exp(3950 * (1 / kelvin - 1 / 298.15)))
