"""Watches sensors and currents on its own account; all it can do is trip and lower the limit."""

from micropython import const

from firmware.charge import faults, pilot
from firmware.ticks import since

# Temperatures in tenths of a degree: full current up to 62, half at 65, a quarter at 68, nothing
# from 71 until it is 62 again; straight lines between, so that nothing jumps.
_COOL_DC = const(620)
_WARM_DC = const(650)
_HOT_DC = const(680)
_STOP_DC = const(710)
_COLDEST_DC = const(-400)
_HOTTEST_DC = const(1250)

_OVER_MS = const(7000)  # 5 s for the car to follow a new duty, and 2 s of grace
_MISSING_MS = const(30000)
_EXTRA_MS = const(2000)
_ACTIVE_MA = const(1000)  # a phase in use
_STRONG_MA = const(5000)
_IDLE_MA = const(500)
_OPEN_W = const(300)
_OPEN_MS = const(30000)  # S0 power needs 12 s without a pulse to fall below 300 W
_AGAIN_MS = const(75)  # two decisions in a row, however late the second is


def derated_ma(full_ma: int, temperature_dc: int) -> int:
    """Current allowed at a temperature below the stop, in whole amperes, at least 6 A."""
    if temperature_dc <= _COOL_DC:
        return full_ma
    if temperature_dc <= _WARM_DC:
        share = 120 - (temperature_dc - _COOL_DC) * 2
    elif temperature_dc <= _HOT_DC:
        share = 60 - (temperature_dc - _WARM_DC)
    else:
        share = 30
    return max(6000, full_ma * share // 120 // 1000 * 1000)


class Protection:
    """Trips; never clears, never closes, never raises a limit above the hardware's."""

    def __init__(self, fitted, standing: faults.Faults, limits):
        self._fitted = fitted
        self._faults = standing
        self._limits = limits
        self.testing = False  # the residual current sensor is being tested: it has to trip
        self.residual_glimpses = 0  # trips seen, also those that one reading did not confirm
        self._residual_at = 0
        self._hot = False
        self._share_ma = fitted.max_current_ma
        self._over_ms = self._missing_ms = self._extra_ms = self._flow_ms = self._open_ms = 0

    def doubt(self, level: int, inputs, unknown_ms: int):
        """What the level itself says is wrong; nothing while it has not settled."""
        if level == pilot.SILENT:
            self._faults.report(faults.UNKNOWN, unknown_ms)
        elif level == pilot.UNSOUND:
            self._faults.report(faults.DIODE, inputs.low_mv)
        elif level == pilot.E:
            self._faults.report(faults.SHORT, inputs.high_mv)
        elif level == pilot.F:
            self._faults.report(faults.PILOT, inputs.high_mv)

    def trip(self, inputs):
        """One of the fast ones: called in each step that sees it."""
        if inputs.emergency_stop:
            self._faults.report(faults.EMERGENCY, 0)
        if inputs.supply_ok is False:
            self._faults.report(faults.SUPPLY, 0)
        if inputs.residual_tripped and not self.testing:
            # A glimpse of more than 6 days ago would lie ahead, on the circle of the ticks.
            if 0 <= since(inputs.now, self._residual_at) <= _AGAIN_MS:
                self._faults.report(faults.RESIDUAL, 0)
            else:
                self.residual_glimpses += 1
            self._residual_at = inputs.now

    def sensors(self, inputs):
        """Ten times a second: what is fitted has to answer, and not to be hot."""
        fitted = self._fitted
        if (fitted.residual_sensor and inputs.residual_tripped is None) or (
            fitted.emergency_stop and inputs.emergency_stop is None
        ):
            self._faults.report(faults.SENSOR, 0)
        if fitted.temperature:
            self._temperature(inputs.temperature_dc, inputs.now)

    def _temperature(self, temperature_dc: int | None, now: int):
        if temperature_dc is None or not _COLDEST_DC < temperature_dc < _HOTTEST_DC:
            self._faults.report(faults.SENSOR, temperature_dc or 0)
            return
        if temperature_dc >= _STOP_DC:
            self._hot = True
        elif temperature_dc <= _COOL_DC:
            self._hot = False
        if self._hot:
            self._faults.report(faults.OVER_TEMPERATURE, temperature_dc)
        share_ma = derated_ma(self._fitted.max_current_ma, temperature_dc)
        if share_ma != self._share_ma:
            self._share_ma = share_ma
            self._limits.set("temperature", share_ma, 0, None, now)

    def currents(self, point, elapsed: int):
        """Ten times a second; without a fresh meter nothing is concluded."""
        measured = point.measured
        if not measured.known:
            self._over_ms = self._missing_ms = self._extra_ms = self._flow_ms = self._open_ms = 0
            return
        most = max(measured.current_ma)
        if not point.outputs.contactor:
            self._flow(most > _ACTIVE_MA or measured.power_w > _OPEN_W, measured.power_w, elapsed)
            return
        self._open_ms = 0
        over = most * 10 > (point.offered_ma + 500) * 11 and point.offered_ma
        self._over_ms = self._over_ms + elapsed if over else 0
        if self._over_ms >= _OVER_MS:
            self._faults.report(faults.OVER_CURRENT, most)
        self._balance(measured.current_ma, point.phases.output, elapsed)

    def _flow(self, flows: bool, power_w: int, elapsed: int):
        """With the contactor open for a while, nothing may flow."""
        self._over_ms = self._missing_ms = self._extra_ms = 0
        self._open_ms = min(self._open_ms + elapsed, _OPEN_MS)
        self._flow_ms = self._flow_ms + elapsed if flows and self._open_ms >= _OPEN_MS else 0
        if self._flow_ms >= _OPEN_MS:
            self._faults.report(faults.CURRENT_WHILE_OPEN, power_w)

    def _balance(self, current_ma: list, three: bool, elapsed: int):
        """L1 has to be in use when others are; `three`: L2 and L3 are joined."""
        others = max(current_ma[1], current_ma[2])
        self._missing_ms += elapsed
        if others <= _STRONG_MA or current_ma[0] >= _IDLE_MA:
            self._missing_ms = 0
        elif self._missing_ms >= _MISSING_MS:
            self._faults.report(faults.MISSING_PHASE, current_ma[0])
        three = three or not self._fitted.phase_contactor
        self._extra_ms = self._extra_ms + elapsed if others > _ACTIVE_MA and not three else 0
        if self._extra_ms >= _EXTRA_MS:
            self._faults.report(faults.PHASE_WELDED, others)
