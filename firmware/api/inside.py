"""What clients see of the charge point's own sensors: the member `evse` of E1."""

from micropython import const

from firmware.charge import events, faults

_DAY_S = const(86400)
_DAY_MS = const(86400000)
_RESIDUAL = const(0x30)  # bits of the two faults
_PROXIMITY = const(0x100000)
# Between two looks the age of the last test and the clock may differ by as much.
_ROUNDING_S = const(2)
_PILOT = ("", "Waiting", "Vehicle detected", "Charging", "Ventilation", "Error")


class Inside:
    """Counts what happened since the start; `clock()` gives unix seconds or None."""

    def __init__(self, point):
        self.clock = None
        self._point = point
        self._faults = 0
        self._tested = 0

    def happened(self, kind: int, value: int):
        """An event of the charge point, as in firmware/charge/events.py."""
        if kind == events.FAULT and value in (faults.RESIDUAL, faults.RESIDUAL_TEST):
            self._faults += 1

    def info(self, state: int) -> dict:
        """The object `evse`; `state` counts from 1 for A."""
        point = self._point
        glimpses = point.chores.protection.residual_glimpses
        return {
            "dc_sensor_faults": self._faults,
            "dc_last_test_time": iso(self._last_test()),
            "dc_sensor_fault": bool(point.faults.active & _RESIDUAL),
            "dc_sensor_glitches": max(0, glimpses - self._faults),
            "cp_state": _PILOT[state],
            "cp_fault": state == 5,
            "pp_state": self._cable(),
            "charging": state in (3, 4),
            "current": point.offered_ma,
            "enabled": point.enabled,
            "limit_owner": point.limits.owner,
        }

    def _last_test(self):
        """Unix seconds of the last test of the sensor; 0 when there was none, or no clock."""
        test = self._point.chores.residual
        now = self.clock() if self.clock else None
        if test.passed is None or now is None:
            return 0
        tested = now - test.age_ms // 1000
        # The age stops at a day: what was computed before remains right.
        if test.age_ms < _DAY_MS and abs(tested - self._tested) > _ROUNDING_S:
            self._tested = tested
        return self._tested

    def _cable(self):
        point = self._point
        if not point.fitted.proximity:
            return "fixed cable"
        if point.faults.active & _PROXIMITY:
            return "fault"
        rating_ma = point.chores.cable.rating_ma
        return f"{rating_ma // 1000} A" if rating_ma else "no cable"


def iso(seconds: int) -> str:
    """Unix seconds as 2026-01-31T12:00:00.000Z."""
    if not seconds:
        return "1970-01-01T00:00:00.000Z"
    from firmware.codec.time_zone import civil

    year, month, day = civil(seconds // _DAY_S)
    rest = seconds % _DAY_S
    hour, minute, second = rest // 3600, rest // 60 % 60, rest % 60
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.000Z"
