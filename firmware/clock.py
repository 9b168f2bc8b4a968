"""What time it is, and how sure that is: known, estimated after a power cut, or not at all."""

from micropython import const

from firmware.system import chip_time, unix_time

# Counters of the ledger. The lower half of "time" is the unix time at which the minutes of
# operation, counted in "min", would have begun without a pause; the upper half counts changes,
# because the ledger only ever raises a value. So the last known time goes on by the minutes that
# are kept anyway: it costs 16 bytes after each power cut, which no program is made for.
_BASE = "time"
_MINUTES = "min"
_SEQUENCE = const(32)
_APART_S = const(90)
# RFC 5905 stops at a step of 1,000 s. An estimate is only ever behind: by the time without power.
_STEP_S = const(1000)
_OFF_S = const(31622400)
# Who says something strange three times in a row, and the same each time, is believed.
_TIMES = const(3)
_SAME_S = const(10)
_LOGGED_S = const(2)
# 2025: this firmware is younger. 2106: sessions keep their times in 32 bits.
_FIRST = 1735689601
_LAST = 0xFFFFFFFE


class Clock:
    """`estimate()` for those who prefer a time that may be behind to none.

    `set_time(seconds, ms)` sets the chip's clock, which goes on over every reset but a power cut.
    `known()`, when the app sets it, is called when the time has become known; `source` asks for
    the time (firmware/link/sntp.py).
    """

    def __init__(self, ledger, set_time, log):
        self.known = self.source = None
        self._ledger = ledger
        self._set_time = set_time
        self._log = log
        self._base = ledger.value(_BASE) & 0xFFFFFFFF
        # What the chip's clock, which began at 0 with the power, is behind at least.
        self._behind_s = self._base + 60 * ledger.value(_MINUTES) - chip_time()
        self._doubtful_s = 0
        self._doubts = 0

    def estimate(self) -> int | None:
        """Unix seconds: the time if it is known, else what it is at least, else None."""
        now = unix_time()
        if now is None and self._base:
            return self._behind_s + chip_time()
        return now

    def offer(self, seconds: int, ms: int) -> str:
        """Somebody says that it is so late now; why that is not believed, or "" when it is."""
        if not _FIRST <= seconds <= _LAST:
            return f"{seconds} s since 1970 is no time of this box"
        before = unix_time()
        doubt = self._doubt(seconds, before)
        if doubt and not self._insisted(seconds - chip_time()):
            return doubt
        self._doubts = 0
        self._set_time(seconds, ms)
        step_s = 0 if before is None else seconds - before
        self._keep(seconds)
        if before is None:
            self._log.info("time", "the clock is set")
            if self.known:
                self.known()
        elif abs(step_s) >= _LOGGED_S:
            self._log.info("time", f"the clock was set by {step_s} s")
        return ""

    def _doubt(self, seconds, before):
        expected = self.estimate()
        if expected is None:
            return ""
        step_s = seconds - expected
        most_s = _OFF_S if before is None else _STEP_S
        return f"it would set the clock by {step_s} s" if not -_STEP_S <= step_s <= most_s else ""

    def _insisted(self, ahead_s):
        if abs(ahead_s - self._doubtful_s) > _SAME_S:
            self._doubts = 0
        self._doubtful_s = ahead_s
        self._doubts += 1
        return self._doubts >= _TIMES

    def _keep(self, seconds):
        base = seconds - 60 * self._ledger.value(_MINUTES)
        if abs(base - self._base) > _APART_S and 0 < base <= _LAST:
            self._base = base
            sequence = (self._ledger.value(_BASE) >> _SEQUENCE) + 1
            self._ledger.raise_to(_BASE, sequence << _SEQUENCE | base)

    def status(self) -> dict:
        """`source` is "known", "estimated" or "none"; `seconds` is unix time or None."""
        seconds = self.estimate()
        source = "none" if seconds is None else "estimated" if unix_time() is None else "known"
        answer = {"seconds": seconds, "source": source}
        if self.source:
            answer["server"] = self.source.state
        return answer
