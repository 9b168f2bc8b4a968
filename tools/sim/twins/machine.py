"""Twin of `machine` for the ESP32: offers what the port offers and refuses what it refuses."""

import silicon
import umachine
from micropython import const
from peripherals import RTC, UART, WDT, Counter, Timer, run_soft
from registers import ADC_TOP_UV, ADC_UV, LEVELS, MODES, NOISE, PULSED, TIME
from silicon import OPEN_DRAIN, OUTPUT, PULSED_BY_PWM, SILICON, Reset
from umachine import *  # noqa: F403  Signal, mem32 and the other parts that need no twin

PWRON_RESET = silicon.PWRON_RESET
HARD_RESET = silicon.HARD_RESET
WDT_RESET = silicon.WDT_RESET
DEEPSLEEP_RESET = silicon.DEEPSLEEP_RESET
SOFT_RESET = silicon.SOFT_RESET

_INPUT_ONLY = const(34)
_LAST_PIN = const(39)
_FIRST_ADC1 = const(32)
_MISSING = (6, 7, 8, 9, 10, 11, 20, 24, 28, 29, 30, 31)
_ADC2_PINS = (0, 2, 4, 12, 13, 14, 15, 25, 26, 27)
_FULL_U16 = const(65535)
_ETIMEDOUT = const(110)
_PILOT = const(2)
_PILOT_ADC = const(15)
_PILOT_TOP = const(19)
_LEAST_UV = const(100000)


@micropython.viper
def _level(n: int) -> int:
    """The level of a pin now; the phase of the pilot's PWM decides where that runs."""
    time = ptr32(TIME)
    time[0] += time[8]
    if time[0] >= time[1]:
        _due()
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
        _due()
    return int(ptr8(LEVELS)[n]) == level and int(ptr8(MODES)[n]) == 3


def _due():
    SILICON.clock.due()


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


@micropython.viper
def _noise_uv() -> int:
    time = ptr32(TIME)
    i = (time[13] + 1) & 1023
    time[13] = i
    noise = int(ptr16(NOISE)[i])
    if noise > 32767:
        noise -= 65536
    return (noise * time[14]) >> 10


@micropython.viper
def _pilot_uv() -> int:
    """`ADC.read_uv()` of the pilot: the level of the phase that the sample falls into."""
    time = ptr32(TIME)
    time[0] += time[9]
    if time[0] >= time[1]:
        _due()
    gone = ((time[0] - time[2]) * 10 - time[3]) % time[5]
    high = time[4]
    level = time[11] if gone < high else time[12]
    if time[16]:
        # The line needs some microseconds after each edge.
        since = gone if gone < high else gone - high
        if since < time[16] and 0 < high < time[5]:
            other = time[12] if gone < high else time[11]
            level = other + (level - other) * since // time[16]
    i = (time[13] + 1) & 1023
    time[13] = i
    noise = int(ptr16(NOISE)[i])
    if noise > 32767:
        noise -= 65536
    level += (noise * time[14]) >> 10
    if level > time[19]:
        level = time[19]
    time[0] += time[10]
    if level < _LEAST_UV:
        return 0
    return level // 1000 * 1000


@micropython.viper
def _pilot_level() -> int:
    """`Pin.value()` of the pin that the pilot's PWM drives."""
    time = ptr32(TIME)
    time[0] += time[8]
    if time[0] >= time[1]:
        _due()
    gone = (time[0] - time[2]) * 10 - time[3]
    return 1 if gone % time[5] < time[4] else 0


class ADC:
    """The converter: pins 32 to 39, and those of the second unit while Wi-Fi is off."""

    ATTN_0DB = 0
    ATTN_2_5DB = 1
    ATTN_6DB = 2
    ATTN_11DB = 3
    WIDTH_9BIT = 9
    WIDTH_10BIT = 10
    WIDTH_11BIT = 11
    WIDTH_12BIT = 12
    _TOPS_UV = (950000, 1250000, 1750000, 3150000)

    def __init__(self, pin, *, atten=ATTN_0DB):
        n = pin_number(pin)
        if n in _ADC2_PINS:
            self.read_uv = self._read_second_uv
        elif n < _FIRST_ADC1:
            raise ValueError("invalid pin")
        self._n = n
        if n == TIME[_PILOT_ADC]:
            self.read_uv = _pilot_uv
        self.init(atten=atten)

    def init(self, *, atten=ATTN_0DB):
        self.atten(atten)

    def atten(self, atten):
        if atten not in (0, 1, 2, 3):
            raise ValueError("invalid attenuation")
        ADC_TOP_UV[self._n] = ADC._TOPS_UV[atten]
        if self._n == TIME[_PILOT_ADC]:
            TIME[_PILOT_TOP] = ADC._TOPS_UV[atten]

    def width(self, bits):
        if not 9 <= bits <= 12:
            raise ValueError("invalid bits")

    @micropython.native
    def read_uv(self) -> int:
        """Microvolts in steps of a millivolt, with the noise and within the range of the pin."""
        SILICON.clock.charge(TIME[9])
        level = min(ADC_UV[self._n] + _noise_uv(), ADC_TOP_UV[self._n])
        SILICON.clock.charge(TIME[10])
        return level // 1000 * 1000 if level >= _LEAST_UV else 0

    def read(self) -> int:
        return self.read_uv() * 4095 // ADC_TOP_UV[self._n]

    def read_u16(self) -> int:
        raw = self.read()
        return raw << 4 | raw >> 8

    def _read_second_uv(self) -> int:
        self._check_second_unit()
        return ADC.read_uv(self)

    def _check_second_unit(self):
        if SILICON.wifi_active:
            raise OSError(_ETIMEDOUT, "ADC2 is used by Wi-Fi")


class PWM:
    """A PWM output. A pilot signal must never see its frequency set again: that is recorded in
    `SILICON.glitches` as (microseconds, pin, what)."""

    def __init__(  # noqa: PLR0913
        self, pin, *, freq=None, duty=None, duty_u16=None, duty_ns=None, invert=False
    ):
        n = pin_number(pin)
        if n >= _INPUT_ONLY:
            raise ValueError("pin can only be input")
        self._n = n
        self._invert = bool(invert)
        self._pin = None
        before = SILICON.pwms.get(n)
        self._freq = 5000 if before is None else before._freq
        self._duty = 32768 if before is None else before._duty
        self._valid = True
        if before is not None:
            SILICON.glitches.append((SILICON.clock.now(), n, "created again"))
            before.release()
        self._set(freq, duty, duty_u16, duty_ns)
        if SILICON.dead:
            return
        SILICON.pwms[n] = self
        MODES[n] = PULSED_BY_PWM
        LEVELS[n] = PULSED
        SILICON.world.pwm_set(n, self._freq, self._duty)
        if LEVELS[n] == _PILOT and isinstance(pin, Pin):
            # A sampler reads this pin twice per sample: spare it the search for the method.
            # Writing to it is refused all the same, by the number of arguments.
            pin.value = _pilot_level
            self._pin = pin

    def init(self, *, freq=None, duty=None, duty_u16=None, duty_ns=None, invert=None):
        SILICON.glitches.append((SILICON.clock.now(), self._n, "init"))
        if invert is not None:
            self._invert = bool(invert)
        self._set(freq, duty, duty_u16, duty_ns)
        self._apply()

    def _set(self, freq, duty, duty_u16, duty_ns):
        if (duty is not None) + (duty_u16 is not None) + (duty_ns is not None) > 1:
            raise ValueError("only one of parameters 'duty', 'duty_u16' or 'duty_ns' is allowed")
        if freq is not None:
            self._freq = _in_range("freq", freq, 1, 40000000)
        if duty is not None:
            self._duty = _in_range("duty", duty, 0, 1023) * _FULL_U16 // 1023
        if duty_u16 is not None:
            self._duty = _in_range("duty_u16", duty_u16, 0, _FULL_U16)
        if duty_ns is not None:
            period_ns = 1000000000 // self._freq
            self._duty = _in_range("duty_ns", duty_ns, 0, period_ns) * _FULL_U16 // period_ns

    def _apply(self):
        if not self._valid:
            raise RuntimeError("PWM is inactive")
        if not SILICON.dead:
            duty = _FULL_U16 - self._duty if self._invert else self._duty
            SILICON.world.pwm_set(self._n, self._freq, duty)

    def freq(self, freq=None):
        if freq is None:
            # 65536 steps of the 80 MHz clock and a divider in 1/256: 998 Hz for 1 kHz.
            return 998 if self._freq == 1000 else self._freq
        SILICON.glitches.append((SILICON.clock.now(), self._n, "freq"))
        self._freq = _in_range("freq", freq, 1, 40000000)
        self._apply()

    def duty_u16(self, duty=None):
        if duty is None:
            return self._duty
        if not 0 <= duty <= _FULL_U16:
            raise ValueError("duty_u16 must be from 0 to 65535")
        SILICON.clock.charge(18)
        if duty != self._duty:
            self._duty = duty
            self._apply()

    def duty(self, duty=None):
        if duty is None:
            return self._duty * 1023 // _FULL_U16
        self.duty_u16(_in_range("duty", duty, 0, 1023) * _FULL_U16 // 1023)

    def duty_ns(self, duty=None):
        period_ns = 1000000000 // self._freq
        if duty is None:
            return self._duty * period_ns // _FULL_U16
        self.duty_u16(_in_range("duty_ns", duty, 0, period_ns) * _FULL_U16 // period_ns)

    def deinit(self):
        """Stop: the pin stays driven, and low."""
        if self._valid and not SILICON.dead:
            self.release()
            SILICON.pwms.pop(self._n, None)
            MODES[self._n] = OUTPUT
            LEVELS[self._n] = 0
            SILICON.world.pin_driven(self._n, 0)

    def orphan(self):
        """The pin has been given another mode."""
        self.release()
        SILICON.glitches.append((SILICON.clock.now(), self._n, "pin mode changed"))

    def release(self):
        """The pin is somebody else's from now on."""
        self._valid = False
        if self._pin is not None:
            del self._pin.value
            self._pin = None


def _in_range(name: str, value: int, low: int, high: int) -> int:
    if not low <= value <= high:
        raise ValueError(f"{name} must be from {low} to {high}")
    return value


def reset():
    """Hard reset, by raising Reset through the firmware."""
    SILICON.die(HARD_RESET, "machine.reset()")
    raise Reset(HARD_RESET, "machine.reset()")


def soft_reset():
    SILICON.die(SOFT_RESET, "machine.soft_reset()")
    raise Reset(SOFT_RESET, "machine.soft_reset()")


def deepsleep(time_ms: int = 0):
    SILICON.die(DEEPSLEEP_RESET, "machine.deepsleep()")
    raise Reset(DEEPSLEEP_RESET, "machine.deepsleep()")


def lightsleep(time_ms: int = 0):
    SILICON.clock.block(time_ms * 1000)


def reset_cause() -> int:
    return SILICON.reset_cause


def unique_id() -> bytes:
    return SILICON.unique_id


def freq(hertz: int | None = None):
    if hertz is None:
        return SILICON.freq
    if hertz not in (20000000, 40000000, 80000000, 160000000, 240000000):
        raise ValueError("frequency must be 20MHz, 40MHz, 80Mhz, 160MHz or 240MHz")
    SILICON.freq = hertz


def idle():
    SILICON.clock.charge(100)


def disable_irq() -> int:
    return 0


def enable_irq(state: int):
    pass
