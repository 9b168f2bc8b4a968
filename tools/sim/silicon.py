"""The chip as its twins see it: one clock, one world behind the pins, and what survives a reset.

There is one chip per process, because the firmware finds its hardware by importing modules.
"""

from clock import Clock
from heap import Heap
from micropython import const
from registers import ADC_TOP_UV, ADC_UV, LEVELS, MODES, PINS, TIME
from serial_line import SerialLine

# What machine.reset_cause() answers, with the numbers of the ESP32 port.
PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5

_PULL_UP = const(2)
_DUE = const(1)

# Modes in which the chip drives the pin itself.
OUTPUT = 3
OPEN_DRAIN = 7
PULSED_BY_PWM = 100
_DRIVEN = (OUTPUT, PULSED_BY_PWM)


class Reset(BaseException):
    """The chip resets; raised through the firmware so that its stack is left. `cause` says why."""

    def __init__(self, cause: int, reason: str):
        super().__init__(reason)
        self.cause = cause
        self.reason = reason


class Silicon:
    """State of the chip's peripherals, reset by `begin()`, ended by `die()`."""

    def __init__(self):
        self.clock = Clock()
        self.new()

    def new(self):
        """Solder a new chip in: nothing stored, no time passed, no pin connected."""
        self.clock.restart()
        self.world = None
        self.reset_cause = PWRON_RESET
        self.unique_id = b"\x24\x6f\x28\xaa\xbb\xcc"
        self.freq = 160000000
        self.nvs = {}
        self.application = "factory"
        self.rtc_memory = b""
        self.rtc_offset_us = 0
        self.boots = 0
        self.glitches = []
        self.lookups = []
        self.in_thread = False
        self.heap = Heap(self.clock)
        self.serial = SerialLine(self.clock)
        self.dead = True
        self.external = [None] * PINS
        for n in range(PINS):
            LEVELS[n] = 0
            ADC_UV[n] = 0
        self.begin()

    def begin(self):
        """Bring all peripherals into their reset state: every pin an input without pull."""
        for n in range(PINS):
            MODES[n] = 0
            ADC_TOP_UV[n] = 950000
        self.pulls = [None] * PINS
        self.interrupts = {}
        self.pwms = {}
        self.uarts = {}
        self.timers = {}
        self.counters = {}
        self.watchdog = None
        self.wifi_active = False

    def power(self, world):
        """Wake the chip up on a board; `world` hears of what it does with its pins."""
        self.world = world
        self.dead = False
        self.clock.halted = None
        self.serial.begin()
        self.clock.charge(0)

    def forget(self):
        """The supply was gone: the clock and its memory start from nothing."""
        self.rtc_memory = b""
        self.rtc_offset_us = -self.clock.now()

    def die(self, cause: int, reason: str):
        """End this life: outputs fall to their reset state, later writes are ignored."""
        if self.dead:
            return
        self.dead = True
        for timer in list(self.timers.values()):
            timer.stop()
        watchdog = self.watchdog
        if watchdog is not None and cause != SOFT_RESET:
            watchdog.stop()
            watchdog = None
        self.clock.peers.close()
        used = [n for n in range(PINS) if MODES[n]]
        self.begin()
        self.watchdog = watchdog  # goes on barking through a soft reset
        for n in used:
            LEVELS[n] = 0
            self.world.pin_released(n)
            self.resolve(n)
        self.world.chip_died(cause)
        self.clock.halted = Reset(cause, reason)
        TIME[_DUE] = -1

    def block(self, duration_us: int):
        """A call holds its thread; the one that everything else runs in, or another."""
        if not self.in_thread:
            self.clock.block(duration_us)

    def drive(self, n: int, level: int | None):
        """The world drives a pin, or leaves it floating (None); an output ignores it."""
        self.external[n] = level
        self.resolve(n)

    def resolve(self, n: int):
        """Find the level of a pin that the chip does not drive."""
        if MODES[n] in _DRIVEN:
            return
        level = self.external[n]
        if level is None:
            level = 1 if self.pulls[n] == _PULL_UP else 0
        if LEVELS[n] != level:
            LEVELS[n] = level
            self.edge(n, level)

    def edge(self, n: int, level: int):
        """Tell the peripherals that watch a pin."""
        if n in self.counters:
            self.counters[n].edge(level)
        if n in self.interrupts:
            self.interrupts[n].edge(level)


def cause_name(cause: int) -> str:
    """How a cause is called in a log or a panel."""
    names = ("", "power-on", "hard", "watchdog", "deep sleep", "soft")
    return names[cause] if 0 < cause < len(names) else str(cause)


SILICON = Silicon()


def due():
    """Let happen what is due; for native code that has moved the clock on."""
    SILICON.clock.due()
