"""Control-pilot levels from one ADC, each sample qualified by the PWM pin's own level.

At 6 A the high level lasts 100 us of each millisecond and an ADC read from Python takes some
40 us, so a sample counts only when the pin read the same before and after the conversion. Valid
up to 51 A (85 % duty: the low level lasts 150 us); above, a read could span the whole low part.
"""

from micropython import const

# Samples per level for a decision that stands alone, and for one that confirms the last one:
# a steady pilot costs a quarter of the reads, a changed one always gets the full number.
_ENOUGH = const(8)
_CONFIRMING = const(2)
# How far a confirming mean may be from the last decision's, in mV at the connector: well inside
# the 3 V between two states, well outside the noise of the ESP32's ADC.
_AGREES_MV = const(500)
# Reads per cycle at the most: at 6 A one read in twenty hits the high level.
_MOST = const(180)

_HIGH = const(65535)


class Sampler:
    """Fills `levels_known`, `high_mv` and `low_mv` of the charge point's inputs.

    `scale` is (factor, offset_mv): connector mV = (ADC mV - offset_mv) * factor; or two or more
    points ((ADC mV, connector mV), ...) in rising order, with straight lines through them.
    """

    def __init__(self, pin, adc, scale):
        self._pin = pin
        self._adc = adc
        self._points = as_points(scale)
        self._last = len(self._points) - 1
        self._highs = [0] * _ENOUGH
        self._lows = [0] * _ENOUGH

    def sample(self, inputs, duty: int):
        """Measure the pilot while it is driven with `duty` (0 = -12 V, 65535 = +12 V).

        `levels_known` is False when a level was not hit often enough: no guess is made.
        """
        if 0 < duty < _HIGH:
            inputs.levels_known = self._confirm(inputs) or self._decide(inputs)
        else:
            adc = self._adc
            for index in range(_ENOUGH):
                self._highs[index] = adc.read_uv()
            inputs.high_mv = inputs.low_mv = self._mean_mv(self._highs)
            inputs.levels_known = True

    def _confirm(self, inputs) -> bool:
        """Whether a few samples agree with the last decision; if so they become the new one."""
        if not (inputs.levels_known and self._collect(_CONFIRMING)):
            return False
        high_mv = self._connector_mv((self._highs[0] + self._highs[1]) // 2000)
        low_mv = self._connector_mv((self._lows[0] + self._lows[1]) // 2000)
        if abs(high_mv - inputs.high_mv) > _AGREES_MV or abs(low_mv - inputs.low_mv) > _AGREES_MV:
            return False
        inputs.high_mv = high_mv
        inputs.low_mv = low_mv
        return True

    def _decide(self, inputs) -> bool:
        if not self._collect(_ENOUGH):
            return False
        inputs.high_mv = self._mean_mv(self._highs)
        inputs.low_mv = self._mean_mv(self._lows)
        return True

    def _collect(self, wanted: int) -> bool:
        pin = self._pin
        adc = self._adc
        highs = self._highs
        lows = self._lows
        high = low = 0
        before = pin.value()
        for _ in range(_MOST):
            reading = adc.read_uv()
            level = pin.value()
            if level != before:
                before = level
            elif level:
                if high < wanted:
                    highs[high] = reading
                    high += 1
                    if low == wanted == high:
                        return True
            elif low < wanted:
                lows[low] = reading
                low += 1
                if high == wanted == low:
                    return True
        return False

    def _mean_mv(self, readings_uv) -> int:
        """Mean of all readings but the largest and the smallest, in mV at the connector."""
        total = most = 0
        least = 1 << 29
        for reading in readings_uv:
            total += reading
            if reading < least:
                least = reading
            if reading > most:
                most = reading
        return self._connector_mv((total - least - most) // ((_ENOUGH - 2) * 1000))

    def _connector_mv(self, adc_mv: int) -> int:
        points = self._points
        index = 1
        while index < self._last and adc_mv > points[index][0]:
            index += 1
        low_adc_mv, low_mv = points[index - 1]
        high_adc_mv, high_mv = points[index]
        return low_mv + (adc_mv - low_adc_mv) * (high_mv - low_mv) // (high_adc_mv - low_adc_mv)


def as_points(scale) -> tuple:
    """A `pilot_scale` in its second form, whichever it has."""
    if isinstance(scale[0], int):
        factor, offset_mv = scale
        return (offset_mv, 0), (offset_mv + 1000, factor * 1000)
    return scale
