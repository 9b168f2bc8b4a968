"""`machine.Pin`: levels, modes, pulls and soft interrupts of the ESP32's pins."""

import umachine
from micropython import const
from peripherals import run_soft
from registers import LEVELS, MODES, TIME
from silicon import OPEN_DRAIN, OUTPUT, SILICON, due

_INPUT_ONLY = const(34)
_LAST_PIN = const(39)
_MISSING = (6, 7, 8, 9, 10, 11, 20, 24, 28, 29, 30, 31)
_PILOT = const(2)


@micropython.viper
def _level(n: int) -> int:
    """The level of a pin now; the phase of the pilot's PWM decides where that runs."""
    time = ptr32(TIME)
    time[0] += time[8]
    if time[0] >= time[1]:
        due()
    level = int(ptr8(LEVELS)[n])
    if level == _PILOT:
        gone = (time[0] - time[2]) * 10 - time[3]
        return 1 if gone % time[5] < time[4] else 0
    return level


@micropython.viper
def _unchanged(n: int, level: int) -> bool:
    """Charge for a write; True if the pin is an output that has this level already."""
    time = ptr32(TIME)
    time[0] += time[8]
    if time[0] >= time[1]:
        due()
    return int(ptr8(LEVELS)[n]) == level and int(ptr8(MODES)[n]) == 3


class Pin(umachine.PinBase):
    """A pin of the chip. Writing through a pin that is no output raises ValueError, where the
    hardware would silently do nothing: that is always a mistake."""

    IN = 1
    OUT = 3
    OPEN_DRAIN = 7
    PULL_DOWN = 1
    PULL_UP = 2
    IRQ_RISING = 1
    IRQ_FALLING = 2
    WAKE_LOW = 4
    WAKE_HIGH = 5
    DRIVE_0 = 0
    DRIVE_1 = 1
    DRIVE_2 = 2
    DRIVE_3 = 3

    # The arguments, and their number, are those of the chip's module.
    def __init__(self, id, mode=-1, pull=-1, *, value=None, drive=None, hold=None):  # noqa: PLR0913
        self.id = pin_number(id)
        if mode != -1 or pull != -1 or value is not None:
            self.init(mode, pull, value=value)

    def init(self, mode=-1, pull=-1, *, value=None, drive=None, hold=None):
        n = self.id
        _check_pin_use(n, mode, pull)
        if SILICON.dead:
            return
        if pull != -1:
            SILICON.pulls[n] = pull
        if mode == -1:
            mode = MODES[n]
        pwm = SILICON.pwms.pop(n, None)
        if pwm is not None:
            pwm.orphan()
        was_output = MODES[n] == OUTPUT
        MODES[n] = 0 if mode is None else mode
        if mode == OUTPUT:
            LEVELS[n] = LEVELS[n] == 1 if value is None else bool(value)
            SILICON.world.pin_driven(n, LEVELS[n])
        elif mode == OPEN_DRAIN:
            self._write(1 if value is None or value else 0)
        else:
            if was_output:
                SILICON.world.pin_released(n)
            SILICON.resolve(n)

    @micropython.native
    def value(self, level=None):
        if level is None:
            return _level(self.id)
        level = 1 if level else 0
        if not _unchanged(self.id, level):
            self._write(level)

    @micropython.native
    def __call__(self, level=None):
        if level is None:
            return _level(self.id)
        level = 1 if level else 0
        if not _unchanged(self.id, level):
            self._write(level)

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def toggle(self):
        self.value(1 - LEVELS[self.id])

    def _write(self, level):
        n = self.id
        if SILICON.dead:
            return
        mode = MODES[n]
        if mode == OUTPUT:
            if LEVELS[n] != level:
                LEVELS[n] = level
                SILICON.world.pin_driven(n, level)
                SILICON.edge(n, level)
        elif mode == OPEN_DRAIN:
            SILICON.drive(n, 0 if level == 0 else None)
            SILICON.world.pin_driven(n, level)
        else:
            raise ValueError(f"pin {n} is not an output")

    def irq(self, handler=None, trigger=3, wake=None, hard=False):
        if hard:
            raise ValueError("hard IRQ not supported")
        if trigger not in (1, 2, 3):
            raise ValueError("invalid trigger")
        if handler is None:
            SILICON.interrupts.pop(self.id, None)
        else:
            SILICON.interrupts[self.id] = _Interrupt(self, handler, trigger)

    def __repr__(self):
        return f"Pin({self.id})"


def _check_pin_use(n: int, mode, pull):
    """Raise ValueError for what this pin cannot do."""
    if mode not in (-1, None, Pin.IN, Pin.OUT, Pin.OPEN_DRAIN):
        raise ValueError("invalid mode")
    if n >= _INPUT_ONLY and mode in (Pin.OUT, Pin.OPEN_DRAIN):
        raise ValueError("pin can only be input")
    if n >= _INPUT_ONLY and pull not in (-1, None):
        raise ValueError("pins 34 to 39 have no pulls")


class _Interrupt:
    """A soft interrupt: the handler runs when the interpreter comes to it, between two events."""

    def __init__(self, pin, handler, trigger):
        self._pin = pin
        self._handler = handler
        self._trigger = trigger

    def edge(self, level: int):
        if self._trigger & (Pin.IRQ_RISING if level else Pin.IRQ_FALLING):
            SILICON.clock.after(0, self._call)

    def _call(self, _):
        if not SILICON.dead and not run_soft(self._handler, self._pin):
            SILICON.interrupts.pop(self._pin.id, None)


def pin_number(pin) -> int:
    """The number of a pin, given as a Pin or a number; ValueError for one that cannot be used."""
    if isinstance(pin, Pin):
        return pin.id
    if not isinstance(pin, int):
        raise TypeError("expecting a pin")
    if not 0 <= pin <= _LAST_PIN or pin in _MISSING:
        raise ValueError("invalid pin")
    return pin
