"""Values as clients send them, checked against a type and its bounds: see firmware/schema.py."""

_LONGEST_FORMULA = 200
# Letters are looked at as bytes: for each string it makes, MicroPython looks through its names.
_DIGITS = b"0123456789+-"
_OTHERS = b".eExXabcdfABCDF"
_TRUE = (True, "1", "1.0", "true", "on", "yes")
_FALSE = (False, "0", "0.0", "false", "off", "no")


def take(kind, lowest, highest, value):
    """`value` as the table wants it; ValueError with what was expected otherwise.

    The type and its bounds are the table's text, str or bytes.

    Numbers may come as text and integers as floats (`"6000"`, `6000.0`): query strings and
    home-automation templates send both.
    """
    if isinstance(kind, str):
        kind = kind.encode()
    taker = _TAKERS.get(kind)
    if taker:
        return taker(lowest, highest, value)
    choices = kind.split(b"|")
    if isinstance(value, str) and value.encode() in choices:
        return value
    raise ValueError(str(b" or ".join(choices), "utf-8"))


def numbers(lowest, highest, values: list) -> list:
    """Each of `values` as take("num", ...) takes it."""
    least, most = _bound(lowest), _bound(highest)
    for each in values:
        if type(each) is not int or not least <= each <= most:
            return [_real(lowest, highest, each) for each in values]
    return values


def _boolean(lowest, highest, value):
    if isinstance(value, str):
        value = value.lower()
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise ValueError("true or false")


def _real(lowest, highest, value):
    if type(value) is int and _bound(lowest) <= value <= _bound(highest):
        return value
    if isinstance(value, str) and 0 < len(value) <= 24:
        value = _parsed(value)
    known = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not known or not _bound(lowest) <= value <= _bound(highest):
        raise ValueError(f"a number from {_shown(lowest)} to {_shown(highest)}")
    whole = int(value)
    return whole if whole == value else value


def _integer(lowest, highest, value):
    try:
        value = _real(lowest, highest, value)
    except ValueError:
        value = None
    if not isinstance(value, int):
        raise ValueError(f"a whole number from {_shown(lowest)} to {_shown(highest)}")
    return value


def _expression(lowest, highest, value):
    # A plain number out of its bounds is not a formula.
    if not isinstance(value, str) or not value or _parsed(value) is not None:
        return _real(lowest, highest, value)
    return _text(0, _LONGEST_FORMULA, value)


def _list(lowest, highest, value):
    if not isinstance(value, list) or len(value) > int(highest):
        raise ValueError(f"a list of at most {_shown(highest)}")
    return value


def _parsed(text):
    """The number that a text says; None for what a person does not mean as one."""
    # float() takes "nan", "inf" and "1_000"; a person who types those means something else.
    whole = True
    for letter in text.encode():
        if letter not in _DIGITS:
            if letter not in _OTHERS:
                return None
            whole = False
    try:
        if whole:
            return int(text)
        if "x" in text or "X" in text:
            return int(text, 16)
        return float(text)
    except ValueError:
        return None


def _bound(text):
    """A number of a table; where exponents stand, nobody needs the last digit."""
    data = text.encode() if isinstance(text, str) else text
    return float(data) if b"e" in data or b"." in data else int(data)


def _shown(bound):
    return str(bound, "utf-8") if isinstance(bound, bytes) else bound


def _device(lowest, highest, value):
    data = value.encode() if isinstance(value, str) else b""
    number = data[1:]
    if len(data) > 4 or data[:1] not in (b"E", b"M") or number[:1] == b"0" or not number.isdigit():
        raise ValueError("a device such as E1 or M2")
    return value


def _text(shortest, longest, value):
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise ValueError("text")
    if not int(shortest) <= len(value) <= int(longest):
        raise ValueError(f"text of {_shown(shortest)} to {_shown(longest)} characters")
    if any(byte < 32 or byte == 127 for byte in value.encode()):
        raise ValueError("text without control characters")
    return value


_TAKERS = {
    b"bool": _boolean,
    b"int": _integer,
    b"num": _real,
    b"expr": _expression,
    b"dev": _device,
    b"list": _list,
    b"text": _text,
    b"secret": _text,
    b"url": _text,
}
