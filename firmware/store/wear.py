"""The account of all flash wear: who wrote how much, and how long the flash will last."""

from micropython import const

from firmware.ticks import since

_DAY_S = const(86400)
# The data sheets of common flash chips promise 100,000 erase cycles for each block.
_CYCLES = const(100000)
# littlefs spreads unevenly: the most worn block of docs/storage.md takes 3.2 times the mean.
_UNEVEN = const(4)
_BLOCK = const(4096)


class Wear:
    """Every write path reports here, under its owner's name.

    An owner's entry is [bytes, programs, thousandths of an erase], once since boot and once for
    the running day of uptime. `blocks` is the number of erase blocks the writes are spread over.
    """

    def __init__(self, blocks: int = 512):
        self.blocks = blocks
        self.total = {}
        self.today = {}
        self.failures = 0
        self._at = None
        self._ms = 0
        self._seconds = 0
        self._yesterday = 0

    def wrote(self, owner: str, size: int, programs: int, milli_erases: int):
        """Book one write by `owner`: bytes, page programs and thousandths of block erases."""
        for book in (self.total, self.today):
            entry = book.setdefault(owner, [0, 0, 0])
            entry[0] += size
            entry[1] += programs
            entry[2] += milli_erases

    def file(self, owner: str, size: int):
        """Book the writing of a whole littlefs file.

        Up to 128 bytes lie within the folder's own block; above, each block begun is erased once
        and the folder's block takes its share (figures measured: docs/storage.md).
        """
        if size <= 128:
            self.wrote(owner, size, 2, 40)
        else:
            blocks = (size + _BLOCK - 1) // _BLOCK
            self.wrote(owner, size, size // 128 + 3, 1000 * blocks + 60)

    def step(self, now: int):
        """Let time pass: call at least once an hour. `now` in ticks."""
        if self._at is not None:
            self._ms += since(now, self._at)
            self._seconds += self._ms // 1000
            self._ms %= 1000
        self._at = now
        if self._seconds >= _DAY_S:
            self._seconds -= _DAY_S
            self._yesterday = self._erases()
            self.today = {}

    def _erases(self):
        return sum(entry[2] for entry in self.today.values())

    def years(self) -> int:
        """Projected life in years at the pace of today or yesterday, whichever was faster."""
        pace = max(self._yesterday, self._erases() * _DAY_S // max(self._seconds, _DAY_S // 4))
        return min(9999, _CYCLES * self.blocks * 1000 // _UNEVEN // 365 // max(pace, 1))

    def greatest(self) -> str | None:
        """The owner of most erases since boot."""
        return max(self.total, key=lambda owner: self.total[owner][2], default=None)

    def summary(self) -> dict:
        """Writes (page programs) today, projected life, greatest consumer: for get_params."""
        writes = sum(entry[1] for entry in self.today.values())
        return {"writes_today": writes, "years": self.years(), "greatest": self.greatest()}

    def status(self) -> dict:
        """Plain values for the API."""
        return {
            "today": {owner: _plain(entry) for owner, entry in self.today.items()},
            "total": {owner: _plain(entry) for owner, entry in self.total.items()},
            "years": self.years(),
            "greatest": self.greatest(),
            "failures": self.failures,
        }


def _plain(entry):
    return {"bytes": entry[0], "programs": entry[1], "erases": entry[2] / 1000}
