"""Decimal numbers as exact fractions, and values from JSON as integers."""

from micropython import const

_LONGEST = const(24)
_MOST = const(12)  # decimal places, and powers of ten, that make sense for a meter


def ratio(text: str) -> tuple:
    """A decimal number as (numerator, denominator): "-0.05" is (-5, 100), "1e3" is (1000, 1).

    Raises ValueError.
    """
    text = text.strip()
    if len(text) > _LONGEST:
        raise ValueError
    mantissa, exponential, power = text.lower().partition("e")
    whole, _, part = mantissa.partition(".")
    part = part.rstrip("0") if whole not in ("", "-") else part
    numerator = int(whole + part)
    places = len(part) - (int(power) if exponential else 0)
    if not -_MOST <= places <= _MOST + 8:
        raise ValueError
    return (numerator, 10**places) if places >= 0 else (numerator * 10**-places, 1)


def scaled(value, numerator: int, denominator: int) -> int | None:
    """A number or numeric text of a JSON document, times numerator/denominator, rounded.

    None for what is no number.
    """
    if isinstance(value, str):
        try:
            mine, places = ratio(value)
        except ValueError:
            return None
        value = mine
        denominator *= places
    if isinstance(value, bool):
        value = 1 if value else 0
    if isinstance(value, int):
        return (value * numerator * 2 + denominator) // (2 * denominator)
    if not isinstance(value, float) or value != value or not -1e12 < value < 1e12:
        return None
    number = value * numerator / denominator
    return int(number + 0.5) if number >= 0 else -int(0.5 - number)
