"""What the light on the box shows: a pattern for each state, and the number of a fault."""

from micropython import const

# One bit for each 100 ms of 3 s, the first in the lowest bit: standby, car plugged in, charging,
# ventilation asked for, nothing to offer, error. The rhythms are the ones of the cFos wallbox.
_PATTERNS = (0, 0x1, 0x7FFF, 0x3FF, 0x249, 0x14005)
_STEP_MS = const(100)
_PERIOD_MS = const(3000)

_FIRST_FAULT = const(16)
_TEN_MS = const(900)
_TEN_ON_MS = const(600)
_ONE_MS = const(400)
_ONE_ON_MS = const(150)
_PAUSE_MS = const(1500)


def lit(code: int, now: int) -> bool:
    """Whether the light is on at tick `now`.

    `code` is the pattern of a state, or 16 + the number of a fault: long flashes for its tens,
    short ones for its ones, and a pause.
    """
    if code < _FIRST_FAULT:
        return _PATTERNS[code] >> now % _PERIOD_MS // _STEP_MS & 1 == 1
    tens_ms = (code - _FIRST_FAULT) // 10 * _TEN_MS
    ones_ms = (code - _FIRST_FAULT) % 10 * _ONE_MS
    at = now % (tens_ms + ones_ms + _PAUSE_MS)
    if at < tens_ms:
        return at % _TEN_MS < _TEN_ON_MS
    at -= tens_ms
    return at < ones_ms and at % _ONE_MS < _ONE_ON_MS
