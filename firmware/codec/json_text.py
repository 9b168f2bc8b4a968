"""JSON that comes from outside: what is sound is read fast, the rest by the tolerant reader."""

import json

from micropython import const

LONGEST = const(16384)
_OPENERS = const(16)
_USUAL = const(1000000000)
_LARGEST = const(1000000000000000)


class JsonError(Exception):
    """Text that cannot be read: `position` counts bytes from 0, `where` names it for answers."""

    def __init__(self, problem: str, position: int):
        self.problem = problem
        self.position = position
        self.where = "body"

    def __str__(self):
        return f"JSON: {self.problem} at position {self.position}"


def loads(text, longest: int = LONGEST):
    """The value in `text`: str or bytes-like. As firmware/codec/relaxed_json.py, and JsonError.

    The interpreter's own reader is fast, but takes `[1 2]` and keys that come twice. So its
    result counts only if it is as long when it is written again, with as many colons after
    quotes, commas and closing brackets; otherwise, and for all that people type, the tolerant
    reader is asked, and loaded if need be. What still passes has commas in wrong places, such as
    `[,1 2]`.
    """
    data = text.encode() if isinstance(text, str) else bytes(text)
    openers = data.count(b"[") + data.count(b"{")
    if len(data) <= longest and openers <= _OPENERS and b"\\u" not in data:
        try:
            value = json.loads(data)
            if _sound(value) and _shape(json.dumps(value).encode()) == _shape(data):
                return value
        except ValueError:
            pass
    from firmware.codec import relaxed_json

    return relaxed_json.loads(data, longest)


def _shape(data: bytes) -> tuple:
    for blank in (b" ", b"\n", b"\r", b"\t"):
        if blank in data:
            data = data.replace(blank, b"")
    counts = data.count(b'":'), data.count(b","), data.count(b"]"), data.count(b"}")
    return len(data), counts


def _sound(value) -> bool:
    # Without generators, and most numbers without a call: each meter's message comes through here.
    if isinstance(value, dict):
        for key in value:
            if type(key) is not str:
                return False
        value = value.values()
    elif not isinstance(value, list):
        return not isinstance(value, (int, float)) or -_LARGEST < value < _LARGEST
    for item in value:
        if type(item) is int and -_USUAL < item < _USUAL:
            continue
        if not _sound(item):
            return False
    return True
