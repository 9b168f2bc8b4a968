"""Modbus registers to integers: exact scaling, no floats, no allocation below 2^30.

The ESP32's floats have 24 bits: a meter's 16,777,217 Wh would lose its last digit. So a float
of the meter (IEEE 754, 32 bit) is taken apart and scaled by integer arithmetic.
"""

from micropython import const

INT16 = const(0)
UINT16 = const(1)
INT32 = const(2)
UINT32 = const(3)
FLOAT = const(4)
INT64 = const(5)
DOUBLE = const(6)
TYPES = ("int16", "uint16", "int32", "uint32", "float", "int64", "double")
LOW_FIRST = const(8)  # added to a type whose low word comes first ("lh")

_FARTHEST = const(54)  # a float shifted right by more than this is zero with any numerator
_LARGEST = const(-7)  # and one shifted left by more than 7 is above 2^31: no meter counts that


def width(kind: int) -> int:
    """Registers that a value of this kind takes."""
    kind &= 7
    return 1 if kind <= UINT16 else 4 if kind >= INT64 else 2


def value(words, index: int, kind: int, numerator: int, denominator: int) -> int | None:
    """The value at register `index`, times numerator/denominator, rounded to an integer.

    `words.word(i)` gives register i. None for a float that is no number or beyond 2^31.
    """
    if kind & 7 == FLOAT:
        high, low = (1, 0) if kind & LOW_FIRST else (0, 1)
        number = _float(words.word(index + high), words.word(index + low), numerator)
    elif kind & 7 == DOUBLE:
        number = _double(integer(words, index, kind), numerator)
    else:
        number = integer(words, index, kind) * numerator
    if denominator == 1 or number is None:
        return number
    return (number + denominator // 2) // denominator


def integer(words, index: int, kind: int) -> int:
    """The raw integer at register `index`; a float's bits as an unsigned number."""
    count = width(kind)
    number = 0
    for step in range(count):
        place = count - 1 - step if kind & LOW_FIRST else step
        number = number << 16 | words.word(index + place)
    if kind & 7 in (INT16, INT32, INT64) and number >> (16 * count - 1):
        number -= 1 << 16 * count
    return number


def _float(high: int, low: int, numerator: int) -> int | None:
    """numerator * mantissa * 2^-shift in two halves of 12 bits, so that both stay small."""
    exponent = high >> 7 & 0xFF
    shift = 150 - exponent
    if exponent == 255 or shift < _LARGEST:
        return None
    if exponent == 0 or shift > _FARTHEST:
        return 0
    negative = (high & 0x8000 != 0) != (numerator < 0)
    numerator = abs(numerator)
    upper = (high & 0x7F | 0x80) << 4 | low >> 12
    upper *= numerator
    lower = (low & 0xFFF) * numerator
    if shift > 12:
        number = upper + (lower >> 12) + (1 << shift - 13) >> shift - 12
    elif shift >= 0:
        number = (upper << 12 - shift) + (lower + (1 << shift >> 1) >> shift)
    else:
        number = (upper << 12) + lower << -shift
    return -number if negative else number


def _double(bits: int, numerator: int) -> int | None:
    """IEEE 754, 64 bit; allocates, which few meters ask for."""
    shift = 1075 - (bits >> 52 & 0x7FF)
    number = (bits & (1 << 52) - 1 | 1 << 52) * numerator
    if shift < 0:
        return None
    number = number + (1 << shift >> 1) >> shift if shift < 128 else 0
    return -number if bits >> 63 else number
