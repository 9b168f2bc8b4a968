"""Runs the firmware on the simulated chip, life after life, and stories beside it.

A story is a generator that runs in the world's time: it yields a number (milliseconds to wait) or
a function (wait until it is true); it may pull levers and assert whatever it likes in between.
"""

import sys

import install

install.install()

import bootloader  # noqa: E402

# Machine code on a chip: it must not be compiled while boot.py runs.
import esp32  # noqa: E402, F401
import rom  # noqa: E402
from clock import WorldError  # noqa: E402
from silicon import (  # noqa: E402
    HARD_RESET,
    PWRON_RESET,
    SILICON,
    SOFT_RESET,
    Reset,
)

_BOOT_MS = 600
_SOFT_BOOT_MS = 60
_LOOK_US = 1000
_FIRMWARE = ("firmware", "boot", "main", "slot")


class PowerOff(BaseException):
    """The simulation ends here; raised through the firmware."""


class Timeout(AssertionError):
    """What a story waited for did not happen in time."""


class Chip:
    """A chip with the program in folder `root` (boot.py, main.py, firmware/), on a world's board.

    speed: 0 virtual time, 1 real time, N accelerated. `boots` counts its starts, `deaths` tells
    (milliseconds, cause, reason) of each end.
    """

    def __init__(self, world, root: str = ".", speed: int = 0):
        self.world = world
        self.root = root
        world.cut_power = self.cut_power
        self.clock = SILICON.clock
        self.clock.set_speed(speed)
        self.boots = 0
        self.deaths = []
        self.failure = None
        self.result = None
        self.ticks_at_boot = 0
        self.uncaught = None
        self.program = {}  # names of boot.py, then of main.py, of this life
        self._off_ms = 0
        self.mount = "/data"
        self._cause = PWRON_RESET
        self._over = False
        self._stories = []

    def run(self, story=None, limit_ms: int | None = None):
        """Run until the story has ended, or `limit_ms` have passed.

        Raises what the story raised; without a story, reaching the limit is no error. With one it
        raises Timeout. The answer is what the story returned.
        """
        self._over = False
        self.failure = None
        self.result = None
        if story is not None:
            self.play(story, True)
        limit = None
        if limit_ms is not None:
            limit = self.clock.after(limit_ms * 1000, self._limit, story)
        try:
            self._live()
        finally:
            self.clock.cancel(limit)
            self.clock.halted = None
            self.world.flash.unmount()
            self.world.flash.save()
        if self.failure is not None:
            raise self.failure
        return self.result

    def play(self, story, main: bool = False):
        """Run a story beside the firmware; the end of a `main` one ends the simulation."""
        entry = [story, main]
        self._stories.append(entry)
        self.clock.after(0, self._step, (entry, None))

    # Levers on the chip.

    def reset(self):
        """Press the reset button."""
        SILICON.die(HARD_RESET, "reset button")

    def cut_power(self, for_ms: int = 1000):
        """Cut the controller's supply; contactors drop, flash stops where it is."""
        self._off_ms = for_ms
        SILICON.die(PWRON_RESET, "power cut")

    def brown_out(self):
        """The supply dips so far that the chip resets."""
        self.cut_power(0)

    # The lives of the chip.

    def _live(self):
        while not self._over:
            try:
                self._wait_for_boot()
                if not self._over:
                    self._boot()
            except Reset as reset:
                self._died(reset)
            except WorldError as error:
                self.failure = error.args[0]
                self._stop()
                SILICON.die(PWRON_RESET, "the world failed")
            except PowerOff:
                SILICON.die(PWRON_RESET, "end of the simulation")
                self.clock.halted = None
                self._cause = PWRON_RESET

    def _wait_for_boot(self):
        pause_ms = _SOFT_BOOT_MS if self._cause == SOFT_RESET else _BOOT_MS
        off_ms = self._off_ms
        self._off_ms = 0
        self.clock.halted = None
        self.world.flash.unmount()
        if off_ms:
            self.world.supply(False)
            self.clock.advance(off_ms * 1000)
            self.world.supply(True)
        self.clock.advance(pause_ms * 1000)

    def _boot(self):
        self.boots += 1
        self.program = {}
        SILICON.boots = self.boots
        SILICON.reset_cause = self._cause
        SILICON.power(self.world)
        SILICON.heap.begin(self.clock)
        self.world.chip_started()
        if self._cause == PWRON_RESET:
            SILICON.forget()
        if self._cause != SOFT_RESET:
            self.clock.set_ticks(self.ticks_at_boot)
        install.install()
        for name in list(sys.modules):
            if name.split(".")[0] in _FIRMWARE:
                del sys.modules[name]
        rom.forget()
        started = bootloader.start(self.world, self._cause == SOFT_RESET)
        if SILICON.dead:
            self.clock.due()
        if not started:
            self._prompt()
        if self.root not in sys.path:
            sys.path.append(self.root)
        self.world.flash.mount(self.mount)
        self._execute("boot.py")
        self._execute("main.py")
        self._prompt()

    def _prompt(self):
        """Left alone at the prompt: only a watchdog or a hand can end this."""
        while True:
            self.clock.advance(60000000)

    def _execute(self, name: str):
        try:
            with open(f"{self.root}/{name}") as file:
                source = file.read()
        except OSError:
            return
        try:
            self.program = {"__name__": "__main__", "__file__": name}
            SILICON.serial.running = True
            exec(compile(source, name, "exec"), self.program)
        except SystemExit:
            SILICON.die(SOFT_RESET, "sys.exit()")
            self.clock.due()
        except KeyboardInterrupt:
            if not SILICON.serial.interrupted:
                raise
        except Exception as error:
            self._uncaught(error, name)
        finally:
            SILICON.serial.running = False
        if SILICON.dead:
            self.clock.due()

    def _uncaught(self, error, name: str):
        if self.failure is None and not SILICON.dead:
            sys.print_exception(error)
            self.uncaught = error

    def _died(self, reset):
        self.deaths.append((self.clock.ms(), reset.cause, reset.reason))
        self._cause = reset.cause

    # Stories.

    def _step(self, what):
        entry, until = what
        if entry not in self._stories or self._over:
            return
        try:
            if until is not None and not until():
                self.clock.after(_LOOK_US, self._step, what)
                return
            wanted = next(entry[0])
        except StopIteration as end:
            self._ended(entry, end.value)
        except BaseException as error:
            # Kept for the caller: in here it would end in one of the firmware's tasks.
            self.failure = error
            self._stop()
        else:
            if callable(wanted):
                self.clock.after(0, self._step, (entry, wanted))
            else:
                self.clock.after(int(wanted * 1000), self._step, (entry, None))

    def _ended(self, entry, value):
        self._stories.remove(entry)
        if entry[1]:
            self.result = value
            self._stop()

    def _limit(self, story):
        if story is not None:
            self.failure = Timeout("the story did not end in time")
        self._stop()

    def _stop(self):
        self._over = True
        self._stories.clear()
        self.clock.halted = PowerOff()


def until(condition, limit_ms: int, what: str = ""):
    """For stories: `took = yield from until(lambda: world.contactor.closed, 5000)`.

    The milliseconds it took; raises Timeout after `limit_ms`.
    """
    clock = SILICON.clock
    began = clock.ms()
    yield lambda: condition() or clock.ms() - began > limit_ms
    took = clock.ms() - began
    if took > limit_ms and not condition():
        raise Timeout(what or f"not within {limit_ms} ms")
    return took
