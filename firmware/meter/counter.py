"""Judges a meter's energy counter: one odd count is a mistake, a row of them is a new meter."""

from micropython import const

_SURE = const(5)  # so many odd counts that agree with each other are believed


class Counter:
    """Turns raw counts into one that never goes down and does not jump.

    most_wh  the largest step that is believed at once
    value    the last count that was accepted
    """

    _offset = 0  # of the class, until a meter is replaced: one attribute more takes 16 bytes

    def __init__(self, most_wh: int = 20000):
        self.value = None
        self.most_wh = most_wh
        self._odd = 0
        self._odd_raw = 0

    def accept(self, raw: int) -> int:
        """The count to publish. A meter that was reset or replaced goes on where it was."""
        value = raw + self._offset
        if self.value is None or 0 <= value - self.value <= self.most_wh:
            self._odd = 0
            self.value = value
        elif self._agrees(raw):
            self._odd = 0
            if value < self.value:
                self._offset = self.value - raw
            else:
                self.value = value  # it went on counting while nobody asked
        return self.value

    def _agrees(self, raw: int) -> bool:
        if not self._odd or not 0 <= raw - self._odd_raw <= self.most_wh:
            self._odd = 0
        self._odd += 1
        self._odd_raw = raw
        return self._odd >= _SURE
