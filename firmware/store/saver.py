"""When the configuration is saved: bursts become one write, and a budget limits the rest."""

from micropython import const

from firmware.ticks import since

# Within this time after the first change a burst is gathered.
_SETTLE_MS = const(5000)
_APART_MS = const(60000)
# 240 writes a day for 20 years are 1.8 million: littlefs's most worn block then has 12 % of its
# 100,000 cycles behind it (one block in 512 takes a 15 millionth of 100,000 cycles per save).
_PER_DAY = const(240)
_REFILL_MS = const(360000)
_RESERVE = const(24)


class Saver:
    """Decides; it writes nothing itself. Call `due` about once a second and `saved` after a save.

    One write a minute at most, 240 in a row at most, then one in six minutes.
    `delayed` is True while the daily budget holds a save back.
    """

    def __init__(self):
        self.pending = False
        self.delayed = False
        self._tokens = _PER_DAY
        self._forced = False
        self._at = None
        self._wait_ms = 0
        self._refill_ms = 0

    def resume(self, minutes: int, saves: int):
        """Go on after a restart: `minutes` of operation and `saves` in the box's whole life.

        So that restarting does not renew the budget.
        """
        self._tokens = min(_PER_DAY, _PER_DAY + minutes * 60000 // _REFILL_MS - saves)

    def spent(self) -> bool:
        """True when even a forced save has to wait."""
        return self._tokens <= -_RESERVE

    def changed(self):
        """Something that belongs on the flash has changed."""
        if not self.pending:
            self.pending = True
            self._wait_ms = max(self._wait_ms, _SETTLE_MS)

    def force(self):
        """Save at the next chance (`sync`, restart): skips the minute and the daily budget.

        Only a reserve of 24 writes stands behind it; a client that forces in a loop gets no
        more than the budget.
        """
        if self.pending:
            self._forced = True

    def due(self, now: int, closed: bool) -> bool:
        """True when a save should be made now; never while a contactor is `closed`."""
        if self._at is not None:
            self._pass(since(now, self._at))
        self._at = now
        if not self.pending or closed:
            return False
        if self._forced and not self.spent():
            return True
        self.delayed = self._tokens <= 0
        return self._wait_ms == 0 and not self.delayed

    def saved(self, done: bool = True):
        """A save was tried; one that failed is tried again after a minute."""
        self.pending = not done
        self._forced = False
        self.delayed = False
        self._wait_ms = _APART_MS
        self._tokens -= 1

    def _pass(self, elapsed):
        self._wait_ms = max(0, self._wait_ms - elapsed)
        self._refill_ms += elapsed
        while self._refill_ms >= _REFILL_MS:
            self._refill_ms -= _REFILL_MS
            self._tokens = min(_PER_DAY, self._tokens + 1)
