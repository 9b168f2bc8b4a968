"""Is a file in a ROM file system that is not mounted?

A record is its kind, its size and its contents; the numbers are in groups of seven bits, highest
first. The whole is one record; folders (4) and files (5) begin with their name.
"""

from micropython import const

_LONGEST = const(80)


def has(place, at: int, path: str) -> bool:
    """Whether the file system that begins at `at` of a place has the file `path`."""
    data = bytearray(_LONGEST)
    _, first, end, _ = _record(place, at, data)
    for name in path.encode().split(b"/"):
        found = _named(place, first, end, name, data)
        if found is None:
            return False
        first, end = found
    return True


def _named(place, at, end, name, data):
    """Where the contents of folder or file `name` begin and end; None when there is none."""
    while at < end:
        kind, first, following, start = _record(place, at, data)
        if kind in (4, 5):
            size, start = _number(data, start)
            if data[start : start + size] == name:
                return at + start + size, following
        at = following
    return None


def _record(place, at, data):
    """(kind, place of the contents, place after it, where in `data` the contents begin)"""
    place.read(at, data)
    kind, after = _number(data, 0)
    size, after = _number(data, after)
    return kind, at + after, at + after + size, after


def _number(data, at):
    value = 0
    while True:
        value = value << 7 | data[at] & 127
        at += 1
        if data[at - 1] < 128:
            return value, at
