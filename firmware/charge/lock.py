"""The lock of the socket: drives it, believes its feedback, tries again, gives up by name."""

from micropython import const

from firmware.charge import faults

_TRAVEL_MS = const(1000)  # a motor takes up to a second, a pulse drive 300 ms
_TRIES = const(5)


class Lock:
    """Follows what is wanted; a try that fails is taken back for a second before the next."""

    def __init__(self, fitted: bool, standing: faults.Faults):
        self.output = False
        self.locked = not fitted  # without a lock (tethered cable) the plug is always held
        self._faults = standing
        self._wanted = False
        self._ms = 0
        self._tries = 0

    def update(self, wanted: bool, feedback: bool | None, elapsed: int):
        """Ten times a second; `feedback` None: no contact, so the travel time has to do."""
        if wanted != self._wanted:
            self._wanted = self.output = wanted
            self._ms = self._tries = 0
        elif self._ms < _TRAVEL_MS:
            self._ms += elapsed
        arrived = self._ms >= _TRAVEL_MS if feedback is None else feedback == wanted
        self.locked = wanted and arrived and self.output
        if arrived and self.output == wanted:
            self._tries = 0
        elif self._ms >= _TRAVEL_MS:
            self._try_again()

    def _try_again(self):
        self._ms = 0
        if self.output != self._wanted:
            self.output = self._wanted
            return
        self._tries = min(self._tries + 1, _TRIES)
        if self._tries == _TRIES and self._wanted:
            self._faults.report(faults.LOCK, self._tries)
        self.output = not self._wanted
