"""Who limits the current, to what, until when, and what holds after that."""

from firmware.ticks import after, since

MINIMUM_MA = 6000  # smallest current the pilot can offer (IEC 61851-1 Annex A)
_LONGEST_MS = 0x1FFFFFFF  # half the circle of ticks: 6 days


def power_limit_ma(power_w: int, phases: int) -> int:
    """Current per phase for a power at 230 V, never below what can be offered.

    Used for a dimming signal: the grid operator must leave 4.2 kW (18.26 A on one phase, 6.09 A
    on three), so rounding must not turn a dimmed box into a stopped one.
    """
    return max(MINIMUM_MA, power_w * 1000 // (230 * phases))


class Limits:
    """The smallest value of all owners rules; a value below 6 A offers nothing."""

    def __init__(self):
        self._owners = []
        self._values = []
        self._expires = []  # tick, or None: holds until set again
        self._fallbacks = []
        self.owner = ""
        self.value_ma = 0
        self.offer_ma = 0  # value_ma, or 0 when it is less than the minimum
        self.minimum_ma = MINIMUM_MA  # some cars need more to charge well

    def set(self, owner: str, value_ma: int, ttl_ms: int, fallback_ma: int | None, now: int):
        """Limit to `value_ma` for `ttl_ms` (0: until set again), then to `fallback_ma`.

        A fallback of None lifts the limit when its time is over. A time beyond 6 days is cut.
        """
        row = self._row(owner)
        self._values[row] = value_ma
        self._expires[row] = _deadline(ttl_ms, now)
        self._fallbacks[row] = fallback_ma
        self._rule()

    def lift(self, owner: str):
        """Forget what `owner` asked for. Its row stays, so that it can set again for free."""
        row = self._row(owner)
        self._values[row] = None
        self._expires[row] = None
        self._rule()

    def update(self, now: int):
        """Let values run out; called several times a second."""
        expires = self._expires
        for row in range(len(expires)):
            then = expires[row]
            if then is not None and since(now, then) >= 0:
                self._values[row] = self._fallbacks[row]
                expires[row] = None
                self._rule()

    def ruling(self) -> tuple:
        """(owner, value in mA) of the smallest limit."""
        return self.owner, self.value_ma

    def table(self, now: int) -> list:
        """[owner, value, ms left or None, fallback] of every limit, for the status."""
        rows = []
        for row, owner in enumerate(self._owners):
            then = self._expires[row]
            left = None if then is None else since(then, now)
            if self._values[row] is not None:
                rows.append([owner, self._values[row], left, self._fallbacks[row]])
        return rows

    def _row(self, owner: str) -> int:
        owners = self._owners
        for row in range(len(owners)):
            if owners[row] == owner:
                return row
        return self._add(owner)

    def _add(self, owner: str) -> int:
        # New lists, because append makes a list up to twice as long as it needs to be.
        self._owners = self._owners + [owner]
        self._values = self._values + [None]
        self._expires = self._expires + [None]
        self._fallbacks = self._fallbacks + [None]
        return len(self._owners) - 1

    def _rule(self):
        smallest = None
        values = self._values
        for row in range(len(values)):
            value = values[row]
            if value is not None and (smallest is None or value < smallest):
                smallest = value
                self.owner = self._owners[row]
        self.value_ma = smallest or 0
        self.offer_ma = self.value_ma if self.value_ma >= self.minimum_ma else 0


def _deadline(ttl_ms: int, now: int) -> int | None:
    return after(now, min(ttl_ms, _LONGEST_MS)) if ttl_ms > 0 else None
