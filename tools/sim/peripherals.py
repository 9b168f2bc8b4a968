"""The slow peripherals behind `machine`: watchdog, timers, counter, real-time clock."""

import sys

from micropython import const
from registers import TIME
from silicon import SILICON, WDT_RESET

_FED = const(7)
_NOW = const(0)
_RTC_MEMORY = const(2048)


class WDT:
    """The task watchdog: once made it cannot be stopped; not fed in time, it resets the chip."""

    def __init__(self, id=0, timeout=5000):
        if id != 0:
            raise ValueError("WDT(%d) doesn't exist" % id)
        if timeout <= 0:
            raise ValueError("WDT timeout too short")
        self._timeout_us = timeout * 1000
        self._event = None
        if SILICON.dead:
            return
        if SILICON.watchdog is not None:
            SILICON.watchdog.stop()
        SILICON.watchdog = self
        self.feed()
        self._event = SILICON.clock.after(self._timeout_us, self._check)

    def feed(self):
        TIME[_FED] = TIME[_NOW]

    def stop(self):
        SILICON.clock.cancel(self._event)

    def _check(self, _):
        left = self._timeout_us - (TIME[_NOW] - TIME[_FED])
        if left > 0:
            self._event = SILICON.clock.after(left, self._check)
        elif SILICON.watchdog is self:
            SILICON.die(WDT_RESET, "watchdog")


def run_soft(handler, argument) -> bool:
    """Run a handler as the interpreter does: one that raises is reported, and not called again."""
    try:
        handler(argument)
    except Exception as error:
        print("Uncaught exception in IRQ callback handler")
        sys.print_exception(error)
        return False
    return True


class Timer:
    """One of the four hardware timers; callbacks are soft."""

    ONE_SHOT = 0
    PERIODIC = 1

    def __init__(self, id, **options):
        if not 0 <= id <= 3:
            raise ValueError("invalid Timer number")
        self._id = id
        self._event = None
        if options:
            self.init(**options)

    def init(  # noqa: PLR0913
        self, *, mode=PERIODIC, period=-1, freq=0, callback=None, hard=False, tick_hz=1000
    ):
        if hard:
            raise ValueError("hard Timers are not implemented")
        before = SILICON.timers.get(self._id)
        if before is not None:
            before.stop()
        self._period_us = int(1000000 / freq) if freq else max(1, period * 1000000 // tick_hz)
        self._periodic = mode == Timer.PERIODIC
        self._callback = callback
        if not SILICON.dead:
            SILICON.timers[self._id] = self
            self._event = SILICON.clock.after(self._period_us, self._fire)

    def deinit(self):
        self.stop()
        SILICON.timers.pop(self._id, None)

    def stop(self):
        SILICON.clock.cancel(self._event)

    def _fire(self, _):
        if self._periodic:
            self._event = SILICON.clock.after(self._period_us, self._fire)
        if self._callback is not None and not run_soft(self._callback, self):
            self._callback = None


class Counter:
    """A pulse counter in hardware; edges closer than the filter's time do not count."""

    RISING = 1
    FALLING = 2
    UP = 1
    DOWN = 2
    _LONGEST_FILTER_NS = 12787

    def __init__(self, id, src=None, **options):
        if not 0 <= id <= 7:
            raise ValueError("invalid Counter number")
        self._pin = None
        self._value = 0
        if src is not None:
            self.init(src, **options)

    def init(self, src, *, edge=RISING, direction=UP, filter_ns=0):
        self.deinit()
        self._pin = src if isinstance(src, int) else src.id
        self._edge = edge
        self._step = 1 if direction == Counter.UP else -1
        self._filter_us = min(filter_ns, Counter._LONGEST_FILTER_NS) / 1000
        self._pending = None
        self._since = SILICON.clock.now()
        SILICON.counters[self._pin] = self

    def deinit(self):
        SILICON.counters.pop(self._pin, None)

    def value(self, value=None):
        """The count; with an argument, set it, as the port does, and answer the old one."""
        self._settle()
        before = self._value
        if value is not None:
            self._value = value
        return before

    def edge(self, level: int):
        now = SILICON.clock.now()
        if self._pending is not None and now - self._since < self._filter_us:
            self._pending = None
        else:
            self._settle()
            self._pending = level
        self._since = now

    def _settle(self):
        if self._pending is None or SILICON.clock.now() - self._since < self._filter_us:
            return
        if self._edge & (Counter.RISING if self._pending else Counter.FALLING):
            self._value += self._step
        self._pending = None


class RTC:
    """Clock and 2 KiB of memory; both survive every reset but the loss of power."""

    def datetime(self, moment=None):
        import time

        if moment is None:
            year, month, day, hour, minute, second, weekday, _ = time.gmtime()
            micros = (SILICON.clock.now() + SILICON.rtc_offset_us) % 1000000
            return (year, month, day, weekday, hour, minute, second, micros)
        year, month, day, _, hour, minute, second, micros = moment
        seconds = time.mktime((year, month, day, hour, minute, second, 0, 0))
        SILICON.rtc_offset_us = seconds * 1000000 + micros - SILICON.clock.now()

    def init(self, moment):
        self.datetime(moment)

    def memory(self, data=None):
        if data is None:
            return SILICON.rtc_memory
        if len(data) > _RTC_MEMORY:
            raise ValueError("buffer too long")
        if not SILICON.dead:
            SILICON.rtc_memory = bytes(data)
