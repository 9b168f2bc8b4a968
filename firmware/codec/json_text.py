"""JSON that comes from outside: what is sound is read fast, the rest by the tolerant reader."""

import json

from micropython import const

LONGEST = const(16384)
_OPENERS = const(16)
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
    result counts only if it is written with the very characters of the text again; otherwise,
    and for all that people type, the tolerant reader is asked, and loaded if need be.
    """
    data = text.encode() if isinstance(text, str) else bytes(text)
    openers = data.count(b"[") + data.count(b"{")
    if len(data) <= longest and openers <= _OPENERS and b"\\u" not in data:
        try:
            value = json.loads(data)
            if _sound(value) and _characters(json.dumps(value).encode()) == _characters(data):
                return value
        except ValueError:
            pass
    from firmware.codec import relaxed_json

    return relaxed_json.loads(data, longest)


def _characters(data):
    for blank in (b" ", b"\n", b"\r", b"\t"):
        data = data.replace(blank, b"")
    return len(data), sum(data)


def _sound(value):
    if isinstance(value, dict):
        return all(isinstance(key, str) and _sound(value[key]) for key in value)
    if isinstance(value, list):
        return all(_sound(item) for item in value)
    if isinstance(value, (int, float)):
        return -_LARGEST < value < _LARGEST
    return True
