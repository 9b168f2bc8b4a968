"""Waking a car that sleeps: a recipe of interruptions of the pilot, bounded per session."""

from micropython import const

from firmware.charge import states
from firmware.charge.signals import Refused

# Wait in B2, what to do, for how long (seconds). 90 s, because some cars wake late by themselves;
# 4 s is the norm's legacy wake-up (A.5.3), others need 30 s. -12 V only helps cars that have been
# idle for more than an hour, and locks up some old hybrids, so it comes last.
DEFAULT_RECIPE = "90 gap 4, 30 gap 30, 30 F 4, 30 F 30"

_HOUR_MS = const(3600000)
_MANUAL_MS = const(4000)
_KINDS = ("gap", "F")


def parse(recipe: str) -> list:
    """[wait ms, event, hold ms] per step of a recipe text; raises Refused."""
    steps = []
    for part in recipe.split(","):
        words = part.split()
        if not words:
            continue
        if len(words) != 3 or words[1] not in _KINDS:
            raise Refused(f"wake recipe: {part.strip()!r} is not like '90 gap 4'")
        if not (words[0].isdigit() and words[2].isdigit() and 1 <= int(words[2]) <= 120):
            raise Refused("wake recipe: waits are whole seconds, gaps 1 to 120 s")
        event = states.WAKE if words[1] == "gap" else states.WAKE_BY_F
        steps.append([int(words[0][:6]) * 1000, event, int(words[2]) * 1000])
    return steps


class Wake:
    """Says when the next interruption is due and counts what was done to this car."""

    def __init__(self, can_cut: bool):
        self.steps = []
        self.most = 8  # interruptions per session; VW cars give up after 10
        self.count = 0
        self.hold_ms = 0  # of the interruption that is due or under way
        self._can_cut = can_cut
        self._next = 0
        self._wait_ms = 0
        self._idle_ms = 0
        self._asked = False

    def plugged(self):
        """A new session."""
        self.count = 0
        self.arm()

    def arm(self):
        """A new offer begins: the recipe may be used from its start."""
        self._next = 0
        self._wait_ms = 0

    def charged(self):
        """The car has asked for current, so it is awake; when it stops, it wants to."""
        self._next = len(self.steps)
        self._idle_ms = 0

    def ask(self):
        """Interrupt once by hand; raises Refused."""
        if not self._can_cut:
            raise Refused("this board cannot cut the pilot")
        if self.count >= self.most:
            raise Refused(f"{self.count} interruptions in this session are enough")
        self._asked = True

    def update(self, state: int, elapsed: int) -> int:
        """The event that is due, or 0; a car that waits in B2 without asking may sleep."""
        self._idle_ms = min(self._idle_ms + elapsed, _HOUR_MS)
        if self._asked:
            self.hold_ms = _MANUAL_MS
            self._asked = state == states.B1 or state == states.B2
            return states.WAKE if self._asked else 0
        if state != states.B2 or self._next >= len(self.steps) or self.count >= self.most:
            return 0
        wait_ms, event, hold_ms = self.steps[self._next]
        self._wait_ms += elapsed
        if self._wait_ms < wait_ms:
            return 0
        if self._cannot(event):
            self._next += 1
            return 0
        self.hold_ms = hold_ms
        return event

    def _cannot(self, event: int) -> bool:
        return not self._can_cut if event == states.WAKE else self._idle_ms < _HOUR_MS

    def taken(self):
        """The interruption begins."""
        self.count += 1
        self._wait_ms = 0
        if self._asked:
            self._asked = False
        else:
            self._next += 1
