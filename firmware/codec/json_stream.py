"""Values written as JSON in small pieces, so that no long text is ever held in memory."""

import json

from micropython import const

_CHUNK = const(512)
_PIECE = const(64)
_SLICE = const(24)


class Live:
    """A part of a value that is made only while it is written: `make()` returns it, fresh."""

    def __init__(self, make):
        self.make = make


class JsonStream:
    """One value as JSON: `length()` in bytes, then `chunks()` of at most 512 bytes each.

    What a `Live` part says may change between the two; it gets room to grow when it is measured,
    is followed by blanks when it is written, and becomes `{}` in the rare case that it outgrew
    its room, so that exactly `length()` bytes are written. Without a call of `length()` before,
    `chunks()` writes without blanks.
    """

    def __init__(self, value):
        self._value = value
        self._rooms = []
        self._length = None
        self._room = 0

    def steps(self):
        """Measure in slices: yields every few dozen tokens, so that no task holds the loop."""
        if self._length is not None:
            return
        self._rooms = []
        length = 0
        for count, token in enumerate(self._tokens(self._value, True)):
            length += len(token.encode())
            if count % _SLICE == 0:
                yield
        self._length = length

    def length(self) -> int:
        """The number of bytes that `chunks()` will write."""
        for _ in self.steps():
            pass
        return self._length

    def chunks(self):
        """Yield memoryviews of one buffer; each is valid until the next is asked for."""
        buffer = bytearray(_CHUNK)
        view = memoryview(buffer)
        used = 0
        self._room = 0
        for token in self._tokens(self._value, False):
            data = token.encode()
            if used + len(data) > _CHUNK:
                yield view[:used]
                used = 0
            buffer[used : used + len(data)] = data
            used += len(data)
        if used:
            yield view[:used]

    def text(self) -> str:
        """All of it at once: for tests and short answers."""
        return "".join(str(chunk, "utf-8") for chunk in self.chunks())

    def _tokens(self, value, measuring):
        if isinstance(value, Live):
            yield from self._live(value, measuring)
        elif isinstance(value, dict):
            yield from self._object(value, measuring)
        elif isinstance(value, (list, tuple)):
            separator = "["
            for item in value:
                yield separator
                yield from self._tokens(item, measuring)
                separator = ","
            yield "]" if separator == "," else "[]"
        elif isinstance(value, str) and len(value) > _PIECE:
            yield '"'
            for start in range(0, len(value), _PIECE):
                yield json.dumps(value[start : start + _PIECE])[1:-1]
            yield '"'
        else:
            yield scalar(value)

    def _object(self, value, measuring):
        separator = "{"
        for key, item in value.items():
            prefix = f"{separator}{json.dumps(key)}:"
            separator = ","
            if isinstance(item, (dict, list, tuple, Live)) or (
                isinstance(item, str) and len(item) > _PIECE
            ):
                yield prefix
                yield from self._tokens(item, measuring)
            else:
                yield prefix + scalar(item)
        yield "}" if separator == "," else "{}"

    def _live(self, part, measuring):
        value = part.make()
        if not measuring and self._length is None:
            yield from self._tokens(value, False)
            return
        needed = sum(len(token.encode()) for token in self._tokens(value, False))
        if measuring:
            room = needed + needed // 16 + 48
            self._rooms.append(room)
            yield from _blanks(room)
            return
        room = self._rooms[self._room]
        self._room += 1
        if needed > room:
            value, needed = {}, 2
        yield from self._tokens(value, False)
        yield from _blanks(room - needed)


def scalar(value) -> str:
    """JSON of a text, number, truth value or None; numbers that JSON cannot say become null."""
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return "null"
    return json.dumps(value)


def _blanks(count):
    while count > 0:
        yield " " * min(count, _PIECE)
        count -= _PIECE


def plain(value):
    """`value` with every `Live` part made: for the REPL and for comparing answers."""
    if isinstance(value, Live):
        return plain(value.make())
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value
