"""Temperature from an NTC (10 kOhm at 25 degC, B = 3950 K) or from a sensor with a voltage."""

from micropython import const

# Resistance in ohm at -30, -20 ... 120 degC: 10000 * exp(3950 * (1 / T - 1 / 298.15)), rounded.
_OHM = (
    200204, 105385, 58246, 33621, 20175, 12535, 8037, 5301, 3588, 2486, 1760, 1270, 934, 698, 529,
    407,
)  # fmt: skip
_FIRST_DC = const(-300)
_STEP_DC = const(100)
_LAST_DC = const(1200)


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


def linear_dc(mv: int, at_zero_mv: int, mv_per_kelvin: int) -> int | None:
    """Tenths of a degree Celsius from a sensor whose voltage rises with the temperature.

    MCP9700A, TMP36: 500 mV at 0 degC, 10 mV per kelvin. None outside -30 to 120 degC.
    """
    tenths = (mv - at_zero_mv) * 10 // mv_per_kelvin
    return tenths if _FIRST_DC <= tenths <= _LAST_DC else None
