"""Query strings: `cmd=set_cm_vars&name=x&val=1` taken apart."""

from micropython import const

_LONGEST = const(2048)
_MOST = const(32)


class QueryError(Exception):
    """A query string that cannot be read: what is wrong and where."""

    def __init__(self, problem: str, near: str):
        self.problem = problem
        self.near = near[:32]
        self.where = "query"

    def __str__(self):
        return f"query: {self.problem} at {self.near!r}"


def parse(query: str) -> dict:
    """The parameters by name, in order where the interpreter keeps it, percent-decoded.

    A name that is given several times gets its values joined by commas, as lists are written
    (`voltage=230&voltage=231`). QueryError: too long, too many, not UTF-8, a bad escape.
    """
    if len(query) > _LONGEST:
        raise QueryError(f"longer than {_LONGEST} characters", query[:16])
    parts = query.lstrip("?").split("&")
    if len(parts) > _MOST:
        raise QueryError(f"more than {_MOST} parameters", query[:16])
    values = {}
    for part in parts:
        if part:
            name, _, value = part.partition("=")
            name = decoded(name)
            value = decoded(value)
            values[name] = values[name] + "," + value if name in values else value
    return values


def decoded(text: str) -> str:
    """`text` without its escapes: `+` is a blank, `%41` an A."""
    if "%" not in text:
        return text.replace("+", " ")
    raw = bytearray()
    data = text.replace("+", " ").encode()
    position = 0
    while position < len(data):
        byte = data[position]
        if byte == 0x25:
            byte = _escape(text, data[position + 1 : position + 3])
            position += 2
        raw.append(byte)
        position += 1
    try:
        return str(raw, "utf-8")
    except UnicodeError:
        raise QueryError("not UTF-8", text) from None


def _escape(text, digits):
    try:
        if len(digits) == 2 and digits[0] not in b"+- " and 0x5F not in digits:
            return int(str(digits, "ascii"), 16)
    except (ValueError, UnicodeError):
        pass
    raise QueryError("% without two hexadecimal digits", text)
