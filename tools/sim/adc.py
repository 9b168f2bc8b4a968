"""`machine.ADC`: range, noise and the time a conversion takes."""

from micropython import const
from pins import pin_number
from registers import ADC_TOP_UV, ADC_UV, NOISE, TIME
from silicon import SILICON, due

_FIRST_ADC1 = const(32)
_ADC2_PINS = (0, 2, 4, 12, 13, 14, 15, 25, 26, 27)
_ETIMEDOUT = const(110)
_PILOT_ADC = const(15)
_PILOT_TOP = const(19)
_LEAST_UV = const(100000)


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
        due()
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
