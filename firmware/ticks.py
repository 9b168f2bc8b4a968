"""Millisecond ticks on a 30 bit circle: differences and deadlines that are right across the wrap.

MicroPython's ticks_ms() has this period on its 32 bit ports; elsewhere the board masks it. No
intermediate value leaves the 31 bits of a small integer, so nothing here allocates.
"""

from micropython import const

PERIOD = 1 << 30
_MASK = const(0x3FFFFFFF)
_HALF = const(0x20000000)


def since(now: int, then: int) -> int:
    """Milliseconds from `then` to `now`; negative when `then` lies ahead (up to 6 days)."""
    gone = (now - then) & _MASK
    return gone if gone < _HALF else gone - _MASK - 1


def after(now: int, delay_ms: int) -> int:
    """The tick `delay_ms` (0 to 6 days) after `now`."""
    return (now - (_MASK - delay_ms) - 1) & _MASK
