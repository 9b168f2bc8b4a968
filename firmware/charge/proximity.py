"""The coding resistor of the cable: how much it may carry, or that it makes no sense."""

from micropython import const

# Ohms between which a resistor counts as 63, 32, 20 or 13 A (100, 220, 680, 1500 ohm nominal);
# outside is a short or no cable. Conservative windows: a doubtful cable gets the smaller rating.
_EDGES_OHM = (0, 80, 140, 308, 936, 2460, 1 << 24)
_RATINGS_MA = (0, 63000, 32000, 20000, 13000, 0)
_DECISIONS = const(3)


class Proximity:
    """The rating of the cable, after three equal decisions, with 4 % of hysteresis."""

    def __init__(self):
        self.rating_ma = 0  # 0: no sound cable
        self._band = 5
        self._count = 0

    def update(self, ohm: int | None) -> bool:
        """Ten times a second; True when the rating has just changed."""
        band = self._classify(-1 if ohm is None else min(ohm, 1 << 23))
        if band == self._band:
            self._count = 0
            return False
        self._count += 1
        if self._count < _DECISIONS:
            return False
        self._band = band
        self._count = 0
        changed = self.rating_ma != _RATINGS_MA[band]
        self.rating_ma = _RATINGS_MA[band]
        return changed

    def _classify(self, ohm: int) -> int:
        band = self._band
        low, high = _EDGES_OHM[band], _EDGES_OHM[band + 1]
        if low - low // 25 <= ohm < high * 26 // 25:
            return band
        band = 0
        while band < 5 and ohm >= _EDGES_OHM[band + 1]:
            band += 1
        return band
