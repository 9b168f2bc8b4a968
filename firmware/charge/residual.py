"""The self-test of the residual current sensor: when it is due, whether it trips and resets."""

from micropython import const

from firmware.charge import events, faults

_DAY_MS = const(86400000)
_TRIP_MS = const(1200)  # sensors take 30 ms to 1.2 s to answer the test input
_RESET_MS = const(2000)  # and stay tripped for 1.2 s below their threshold

IDLE = const(0)
TRIPPING = const(1)
RESETTING = const(2)


class ResidualTest:
    """Due at boot, after each session and every 24 h; runs only while no car is there.

    A box that boots with a car plugged in charges before its first test, so that a power failure
    does not strand a driver; the status says that the test is overdue.
    """

    def __init__(self, fitted: bool, standing: faults.Faults, ring: events.Events):
        self.due = fitted
        self.passed = None  # None: not tested yet
        self.age_ms = 0  # since the last test, or boot; saturates after a day
        self.output = False
        self._fitted = fitted
        self._faults = standing
        self._ring = ring
        self._phase = IDLE
        self._ms = 0

    def running(self) -> bool:
        return self._phase != IDLE

    def ask(self):
        """A session is over: test again before the next one."""
        self.due = self._fitted

    def update(self, tripped: bool | None, idle: bool, elapsed: int):
        """Ten times a second; `idle`: nothing plugged, contactor proved open, no fault."""
        self.age_ms = min(self.age_ms + elapsed, _DAY_MS)
        if self.age_ms >= _DAY_MS:
            self.due = True
        self._ms += elapsed
        if self._phase == IDLE:
            if self.due and idle and tripped is False:
                self._enter(TRIPPING)
        elif self._phase == TRIPPING:
            self._await(tripped, _TRIP_MS)
        else:
            self._await(not tripped, _RESET_MS)

    def _enter(self, phase: int):
        self._phase = phase
        self._ms = 0
        self.output = phase == TRIPPING

    def _await(self, answered: bool, limit_ms: int):
        if answered and self._phase == TRIPPING:
            self._enter(RESETTING)
        elif answered:
            self._end(True)
        elif self._ms >= limit_ms:
            self._end(False)

    def _end(self, passed: bool):
        if not passed:
            self._faults.report(faults.RESIDUAL_TEST, self._ms)
        self.passed = passed
        self.due = not passed
        self.age_ms = 0
        self._ring.put(events.TESTED, 1 if passed else 0)
        self._enter(IDLE)
