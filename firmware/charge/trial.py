"""What an installer may have tried at an empty charge point; all of it ends by itself.

While a trial stands nothing is offered and a car cannot close the contactor, whatever it shows.
The contactor clicks only in state A1, for the second that the table of states allows. L2 and L3
move in the gaps in which they always do; a trial that moved them stands until they are back.
"""

from micropython import const

from firmware.charge import blocks, pilot, states
from firmware.charge.signals import Refused

_LONGEST_MS = const(600000)
_LOCK_MS = const(3000)
_SEND_MS = const(800)  # shorter than 500 ms of C and all that has to follow
_EMPTY_MS = const(500)


class Trial:
    """`standing` from begin() until end() or ten minutes have passed, and then until A is seen."""

    def __init__(self, point):
        self.standing = False
        self.lock_ms = 0  # for so long the lock is driven without a car
        self._point = point
        self._left_ms = 0
        self._send_ms = 0
        self._asked = 0  # an event of states.py
        self._home = 0  # the phases to come back to, once the other ones were asked for

    def why_not(self) -> str:
        """Why nothing can be tried now; empty when it can."""
        point = self._point
        if point.faults.active:
            return "a fault stands"
        if point.state != states.A1 or point.transaction.open:
            return "a car, or what looks like one, is plugged in"
        if point.level != pilot.A or point.pilot.seen_ms < _EMPTY_MS:
            return "the pilot is not steady at +12 V"
        if point.pilot.unknown_ms:
            return "the pilot cannot be read"
        if not point.contactor.proved_open():
            return "the contactor is not proved open"
        if not point.phases.ready:
            return "the contactor of L2 and L3 is not in its place"
        if point.chores.residual.running():
            return "the residual current sensor is being tested"
        return ""

    def _need(self, standing: bool):
        reason = self.why_not()
        if standing and not self.standing:
            reason = "no trial stands"
        if reason:
            raise Refused(reason)

    def begin(self):
        """Keep cars away from the contactor for at most ten minutes; raises Refused."""
        self._need(False)
        self.standing = True
        self._left_ms = _LONGEST_MS
        self._point.block(blocks.TRIED, True)

    def end(self):
        """Everything as before as soon as the socket is empty."""
        self._left_ms = self.lock_ms = self._send_ms = self._asked = 0

    def click(self):
        """Close the contactor for a second, once, with nothing plugged in; raises Refused."""
        self._need(True)
        self._asked = states.CLICKED

    def cut(self, swap: bool):
        """Cut the pilot for a second, once, with nothing plugged in; raises Refused.

        `swap`: L2 and L3 move to their other position meanwhile, and in another cut back.
        """
        self._need(True)
        point = self._point
        phases = point.phases
        if not point.fitted.pilot_disconnect or (swap and phases.why_not()):
            raise Refused("this board is not built for it")
        self._asked = states.SWITCH
        if swap and not self._home:
            self._home = phases.active
            phases.aim(4 - phases.active)

    def drive_lock(self):
        """Lock for three seconds with nothing plugged in; raises Refused."""
        self._need(True)
        self.lock_ms = _LOCK_MS

    def send(self):
        """Send 1 kHz for 0.8 s to a resistor that shows B; raises Refused."""
        if not self.standing or self._point.state != states.B1:
            raise Refused("no trial stands, or B is not shown")
        self._send_ms = _SEND_MS

    def update(self, elapsed: int) -> int:
        """Ten times a second while it stands: the event that it wants, or 0."""
        self._left_ms = max(0, self._left_ms - elapsed)
        self.lock_ms = max(0, self.lock_ms - elapsed)
        self._send_ms = max(0, self._send_ms - elapsed)
        asked, self._asked = self._asked, 0
        point = self._point
        if point.state == states.B1:  # whoever holds a resistor may have the pilot cut, too
            asked = point.waker.update(states.B1, elapsed)
        elif self.why_not():
            asked = 0
        elif self._home and not (asked and self._left_ms):
            asked = self._back()
        elif not self._left_ms:
            self.standing = False
            asked = 0
        point.block(blocks.TRIED, self.standing and not self._send_ms)
        return asked

    def _back(self) -> int:
        """L2 and L3 go to where they were."""
        phases = self._point.phases
        if phases.active != self._home:
            phases.aim(self._home)
            return states.SWITCH
        phases.aim(0)
        self._home = 0
        return 0
