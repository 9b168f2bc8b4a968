"""How punctual the pilot loop is: a histogram of the gaps between its cycles, and the worst."""

from micropython import const

# Upper edges of the histogram's classes in ms; a last class takes the rest.
EDGES = (11, 15, 20, 30, 50, 100)
_CLASSES = const(7)


class Pace:
    """Counts gaps between cycles since boot, and separately those with a closed contactor."""

    def __init__(self, held_ms: int = 50):
        self.counts = [0] * _CLASSES
        self.worst_ms = 0
        self.worst_closed_ms = 0
        self.held = 0
        self._held_ms = held_ms

    def note(self, gap_ms: int, closed: bool) -> bool:
        """Take the time since the previous cycle began; True when the loop was held too long.

        "Too long" is more than 50 ms with a closed contactor, the most that the opening time of
        100 ms (IEC 61851-1 Table A.6, sequence 8.1) leaves room for.
        """
        index = 0
        for edge in EDGES:
            if gap_ms <= edge:
                break
            index += 1
        self.counts[index] += 1
        if gap_ms > self.worst_ms:
            self.worst_ms = gap_ms
        if not closed:
            return False
        if gap_ms > self.worst_closed_ms:
            self.worst_closed_ms = gap_ms
        if gap_ms <= self._held_ms:
            return False
        self.held += 1
        return True

    def status(self) -> dict:
        """Gaps in ms: counts per class, worst, worst while closed, how often held over 50 ms."""
        return {
            "edges_ms": EDGES,
            "counts": list(self.counts),
            "worst_ms": self.worst_ms,
            "worst_closed_ms": self.worst_closed_ms,
            "held": self.held,
        }
