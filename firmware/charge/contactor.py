"""One contactor and its mirror contact: did it do what it was told, and how often did it."""

from micropython import const

_TRAVEL_MS = const(250)  # pull-in takes 110 ms, drop-out 100 ms; bounces settle in this time
_UNSEEN_MS = const(500)  # without a mirror contact the contactor is taken as open after this
_DECISIONS = const(3)
_PLENTY_MS = const(2000)


class Contactor:
    """Compares the command with the mirror contact and reports what disagrees."""

    def __init__(self, mirrored: bool, faults, codes: tuple):
        """`codes`: faults for closed unasked, did not close, opened by itself."""
        self.closed = False  # the command
        self.agreed = False  # the mirror has confirmed the command since the last edge
        self.moving = True  # since the last edge; False once there is nothing more to see
        self.edge_ms = 0  # since the last edge, saturating
        self.switches = 0  # closings
        self.under_load = 0  # openings while current could flow
        self._mirrored = mirrored
        self._faults = faults
        self._welded, self._not_closed, self._dropped = codes
        self._wrong = 0

    def update(self, closed: bool, mirror: bool | None, elapsed: int):
        """`closed`: the command that has held since the last call; `mirror`: the reading now.

        Needs no call while `moving` is False and the mirror is as commanded.
        """
        if closed != self.closed:
            self.closed = closed
            self.agreed = False
            self.moving = True
            self.edge_ms = self._wrong = 0
            self.switches += closed
        elif self.edge_ms < _PLENTY_MS:
            self.edge_ms += elapsed
        if mirror is closed:
            self.agreed = True
            self.moving = self.edge_ms < _PLENTY_MS
            self._wrong = 0
        elif mirror is None and not self._mirrored:
            self.agreed = self.edge_ms >= _UNSEEN_MS
        else:
            self._disagree()

    def _disagree(self):
        self._wrong = min(self._wrong + 1, _DECISIONS)
        if self._wrong < _DECISIONS or not (self.agreed or self.edge_ms >= _TRAVEL_MS):
            return
        if not self.closed:
            self.agreed = False
            self._faults.report(self._welded, self.edge_ms)
        elif self.agreed:
            self._faults.report(self._dropped, 0)
        else:
            self._faults.report(self._not_closed, self.edge_ms)

    def proved_open(self) -> bool:
        """Told to open for longer than it bounces, and its mirror says that it is."""
        settled = self.agreed and not self._wrong and self.edge_ms >= _TRAVEL_MS
        return settled and not self.closed
