"""`machine.PWM`: duty, frequency, and a record of what must not happen to a pilot signal."""

from micropython import const
from pins import Pin, pin_number
from registers import LEVELS, MODES, PULSED, TIME
from silicon import OUTPUT, PULSED_BY_PWM, SILICON, due

_INPUT_ONLY = const(34)
_FULL_U16 = const(65535)
_PILOT = const(2)


@micropython.viper
def _pilot_level() -> int:
    """`Pin.value()` of the pin that the pilot's PWM drives."""
    time = ptr32(TIME)
    time[0] += time[8]
    if time[0] >= time[1]:
        due()
    gone = (time[0] - time[2]) * 10 - time[3]
    return 1 if gone % time[5] < time[4] else 0


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
        before = SILICON.pwms.get(n)
        self._pins = [] if before is None else before._pins
        self._freq = 5000 if before is None else before._freq
        self._duty = 32768 if before is None else before._duty
        self._valid = True
        if before is not None:
            SILICON.glitches.append((SILICON.clock.now(), n, "created again"))
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
            self._pins.append(pin)

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
        for pin in self._pins:
            if pin.value is _pilot_level:
                del pin.value
        self._pins.clear()


def _in_range(name: str, value: int, low: int, high: int) -> int:
    if not low <= value <= high:
        raise ValueError(f"{name} must be from {low} to {high}")
    return value
