"""One phase or three: who wants it, when it may change, and the contactor of L2 and L3.

That contactor moves only while the main contactor is proved open and the pilot is cut, because a
car may bridge its phases while it charges on one: live L2 and L3 would then be shorted.
"""

from micropython import const

from firmware.charge import events, faults, pilot
from firmware.charge.contactor import Contactor
from firmware.charge.signals import Refused

_APART_MS = const(200)  # two rounds: at least 100 ms from cutting the pilot to the move
_UNPLUGGED_MS = const(1000)
_LOADED_MS = const(60000)  # after an opening under load the car gets at least this long
_ONE_MS = const(30000)
_STRONG_MA = const(5000)
_IDLE_MA = const(500)
_PLENTY_MS = const(100000000)
# What survives a reset.
_ONE = const(1)  # one phase is in use
_ONE_WANTED = const(2)
_KNOWN = const(4)
_FALLBACK = const(8)


class Phases:
    """The phases in use, the ones wanted, and the way from here to there."""

    def __init__(self, fitted, standing: faults.Faults, ring: events.Events):
        self.active = 3 if fitted.phases == 3 else 1
        self.wanted = self.active
        self._fall_back(False)  # True: this car uses one phase only
        self.output = False
        self.placed = False  # since boot
        self._known = False  # the phases that a car may have charged on before the boot
        self.joined = 0  # phases in use when the pilot was last joined; 0: nothing is placed
        self.due = False  # the offer has to be withdrawn now for a switch
        self.ready = not fitted.phase_contactor  # the contactor is where it should be
        self.switching = False  # allowed at all; off unless the user knows the car
        self.automatic = True
        self.gap_ms = 60000  # BMW iX3 and Cupra Tavascan take 45 s to believe a new plug-in
        self.interval_ms = 210000
        self._fitted = fitted
        self._ring = ring
        self._since_ms = _PLENTY_MS
        self._in_gap_ms = 0
        self._moved = False
        self._one_ms = 0
        self._contactor = Contactor(
            fitted.phase_mirror,
            standing,
            (faults.PHASE_WELDED, faults.PHASE_NOT_CLOSED, faults.PHASE_NOT_CLOSED),
        )

    def why_not(self) -> str:
        """Why phases cannot be switched on this board; empty when they can."""
        fitted = self._fitted
        if not fitted.phase_contactor or fitted.phases != 3:
            return "no contactor for L2 and L3"
        if not fitted.contactor_mirror:
            return "no mirror contact proves the contactor open"
        if not fitted.pilot_disconnect:
            return "this board cannot cut the pilot"
        return ""

    def request(self, phases: int):
        """Ask for 1 or 3 phases; it happens as soon as the rules allow. Raises Refused."""
        if phases not in (1, 3):
            raise Refused("1 or 3 phases")
        if phases != self.active or phases != self.wanted:
            reason = self.why_not() or ("" if self.switching else "phase switching is off")
            if reason:
                raise Refused(reason)
        self.wanted = phases
        self._fall_back(False)

    def _fall_back(self, fallback: bool):
        self.fallback = fallback
        self.aim(0)

    def aim(self, phases: int):
        """Where the next gap leads to: 1 or 3, for a trial; 0: to what is wanted."""
        self._target = phases or (1 if self.fallback else self.wanted)

    def unplugged(self):
        """No car is there: it may not have wanted three phases, the next one may."""
        if not self.switching and not self.why_not():
            self.wanted = 3
        self._fall_back(False)

    def kept(self) -> int:
        """What a reset may not forget; 0 while nothing is known, or there is nothing to know.

        A gap counts when it is over: one that a reset cuts short has to begin anew.
        """
        if not self.joined or self.why_not():
            return 0
        one = _ONE if self.joined == 1 else 0
        wanted = _ONE_WANTED if self.wanted == 1 else 0
        return _KNOWN | one | wanted | (_FALLBACK if self.fallback else 0)

    def restore(self, kept: int):
        """Go on with the `kept()` from before a reset; before the first step."""
        if not kept & _KNOWN or self.why_not():
            return
        self._known = True
        self.active = self.joined = 1 if kept & _ONE else 3
        self.wanted = 1 if kept & _ONE_WANTED else 3
        self._fall_back(kept & _FALLBACK != 0)
        self._since_ms = 0

    def update(self, mirror: bool | None, elapsed: int):
        """Ten times a second, where the contactor is fitted: time and the mirror contact."""
        if mirror is not self.output or self._contactor.moving:
            self._contactor.update(self.output, mirror, elapsed)
        self.ready = self.placed and self._contactor.agreed
        if self._since_ms < _PLENTY_MS:
            self._since_ms += elapsed
        if self.placed:
            self.due = self._target != self.active and self._since_ms >= self.interval_ms

    def watch(self, measured, elapsed: int):
        """Ten times a second while charging: fall back when only L1 is used for 30 s."""
        first, second, third = measured.current_ma
        one = first > _STRONG_MA and max(second, third) < _IDLE_MA
        self._one_ms = min(self._one_ms + elapsed, _ONE_MS) if one and measured.known else 0
        if self._one_ms >= _ONE_MS:
            self._fall_back(True)

    def settle(self, proved_open: bool, level: int):
        """At boot, before anything is offered: the contactor goes where it belongs.

        A car that is there may have charged before: it finds the same phases again, or gets a
        gap when they are not known, unless phases are never switched here.
        """
        if level == pilot.A:
            self.unplugged()
            self.active = self._target
            self.due = False
            self.place(proved_open)
        elif level != pilot.NONE:
            self.due = self.switching and not self._known
            self.place(proved_open and not self.due)

    def place(self, proved_open: bool):
        if proved_open:
            self._move()

    def _move(self):
        self.placed = True
        self.output = self.active == 3
        self._contactor.moving = True
        self.ready = False

    def begin(self, plugged: bool, loaded: bool) -> int:
        """The pilot has just been cut; the length of the gap in ms."""
        self.due = False
        self._since_ms = 0
        self._in_gap_ms = 0
        self._moved = False
        if not plugged:
            return _UNPLUGGED_MS
        return max(self.gap_ms, _LOADED_MS) if loaded else self.gap_ms

    def gap(self, proved_open: bool, elapsed: int):
        """Ten times a second in the gap: once in it, the contactor moves."""
        self._in_gap_ms += elapsed
        if proved_open and self._in_gap_ms >= _APART_MS and not self._moved:
            self._moved = True
            self.active = self._target
            self._move()
            self._ring.put(events.PHASES, self.active)
