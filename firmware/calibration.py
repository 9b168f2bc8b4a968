"""How far the pilot's converter is off, as calibrate() at the console has found it."""

from micropython import const

from firmware.sampler import as_points

_FILE = "/data/pilot"
_WHOLE = const(10000)
# More is no tolerance of parts but a wrong board, a wrong resistor or a slip of the pen.
_MOST_GAIN = const(800)
_MOST_OFFSET_MV = const(800)


def known() -> tuple:
    """(gain in ten-thousandths, offset in mV) that corrects the board's own scale."""
    try:
        with open(_FILE) as file:
            gain, offset_mv = [int(word) for word in file.read().split()]
    except (OSError, ValueError):
        return _WHOLE, 0
    return (_WHOLE, 0) if doubtful(gain, offset_mv) else (gain, offset_mv)


def doubtful(gain: int, offset_mv: int) -> str:
    """Why a correction cannot be believed; empty when it can."""
    if abs(gain - _WHOLE) > _MOST_GAIN:
        return f"the slope would be {gain / 100:.1f} % of the board's"
    if abs(offset_mv) > _MOST_OFFSET_MV:
        return f"zero would be off by {offset_mv} mV"
    return ""


def corrected(wiring: dict) -> dict:
    """The table of a board with its pilot's scale corrected."""
    gain, offset_mv = known()
    if (gain, offset_mv) == (_WHOLE, 0):
        return wiring
    points = as_points(wiring["pilot_scale"])
    scale = tuple([(adc, mv * gain // _WHOLE + offset_mv) for adc, mv in points])
    table = wiring | {"pilot_scale": scale}
    from firmware.wiring_rules import problems

    wrong = problems(table)
    if wrong:  # the board would be refused for it: better a box that is a little off
        print("calibration is not used:", wrong[0])
        return wiring
    return table
