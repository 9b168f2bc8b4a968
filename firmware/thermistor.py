"""Temperature from an NTC (10 kOhm at 25 degC, B = 3950 K) with a 10 kOhm pull-up."""

from micropython import const

# Resistance in ohm at -30, -20 ... 120 degC: 10000 * exp(3950 * (1 / T - 1 / 298.15)), rounded.
_OHM = (
    200204, 105385, 58246, 33621, 20175, 12535, 8037, 5301, 3588, 2486, 1760, 1270, 934, 698, 529,
    407,
)  # fmt: skip
_FIRST_DC = const(-300)
_STEP_DC = const(100)


def temperature_dc(ohm: int) -> int | None:
    """Tenths of a degree Celsius between the table's points; None outside -30 to 120 degC.

    None means a broken or shorted sensor.
    """
    if ohm > _OHM[0] or ohm < _OHM[-1]:
        return None
    index = 0
    while ohm < _OHM[index + 1]:
        index += 1
    span = _OHM[index] - _OHM[index + 1]
    return _FIRST_DC + _STEP_DC * index + (_OHM[index] - ohm) * _STEP_DC // span
