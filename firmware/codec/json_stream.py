"""Values written as JSON in small pieces, so that no long text is ever held in memory."""

import json

from micropython import const

_CHUNK = const(512)
_ENOUGH = const(128)  # bytes; as many of dev_info take an ESP32 some 2 ms
_PIECE = const(64)
_GROUP = const(8)
_SPARE = const(48)
_COMPACT = (",", ":")


class Live:
    """An object that is made only while it is written: `make()` returns the dict, fresh.

    Or a generator of (name, value), for one that is too long for a dict.
    `before()`, if given, is called first, a slice of work earlier.
    """

    def __init__(self, make, before=None):
        self.make = make
        self.before = before


class Items:
    """An array whose members come from an iterator, one at a time: `make()` returns a new one.

    With `lines` the members are lines of text, which HTTP sends as they are.
    """

    def __init__(self, make, lines: bool = False):
        self.make = make
        self.lines = lines


class JsonStream:
    """One value as JSON: `length()` in bytes, then `chunks()` of 128 to 512 bytes each.

    Work comes in slices that no task has to share: a `Live` part is made in a step of its own,
    and a chunk ends before one.

    What a `Live` part says may change between the two. It gets room to grow when it is measured
    and is followed by blanks when it is written; should it outgrow its room, its last members
    are left out, so that exactly `length()` bytes are written in any case. Without a call of
    `length()` before, `chunks()` writes everything and no blanks.
    """

    def __init__(self, value):
        self._value = value
        self._rooms = []
        self._length = None
        self._room = 0

    def steps(self):
        """Measure in slices: yields after every few members.

        True means that a Live part has been made in this step or will be in the next one, and
        that the caller has done enough for once.
        """
        if self._length is not None:
            return
        self._rooms = []
        length = 0
        for token in self._tokens(self._value, True):
            length += len(token.encode())
            yield not token
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
            if used and (not data or used + len(data) > _CHUNK):
                yield view[:used]
                used = 0
            while len(data) > _CHUNK:
                buffer[:] = data[:_CHUNK]
                yield view
                data = data[_CHUNK:]
            buffer[used : used + len(data)] = data
            used += len(data)
            if used >= _ENOUGH:
                yield view[:used]
                used = 0
        if used:
            yield view[:used]

    def text(self) -> str:
        """All of it at once: for tests and short answers."""
        return "".join(list(self._tokens(self._value, False)))

    def _tokens(self, value, measuring):
        if isinstance(value, Live):
            yield from self._live(value, measuring)
        elif isinstance(value, dict) or hasattr(value, "send"):
            yield from self._object(value, measuring)
        elif isinstance(value, (list, tuple, Items)):
            yield from self._array(value, measuring)
        elif isinstance(value, str) and len(value) > _PIECE:
            yield '"'
            for start in range(0, len(value), _PIECE):
                yield json.dumps(value[start : start + _PIECE])[1:-1]
            yield '"'
        else:
            yield scalar(value)

    def _object(self, value, measuring):
        separator = "{"
        for part in members(value):
            yield separator
            separator = ","
            if isinstance(part, str):
                yield part
            else:
                yield json.dumps(part[0]) + ":"
                yield from self._tokens(part[1], measuring)
        yield "}" if separator == "," else "{}"

    def _array(self, value, measuring):
        separator = "["
        for item in value.make() if isinstance(value, Items) else value:
            yield separator
            yield from self._tokens(item, measuring)
            separator = ","
        yield "]" if separator == "," else "[]"

    def _live(self, part, measuring):
        # An empty token is where a slice ends, and a chunk, if there is anything in it: so a part
        # with much work leaves a blank after each piece of it.
        if part.before:
            yield ""
            part.before()
            yield " "
        yield ""
        value = part.make()
        if part.before:
            yield " "
        yield ""
        if measuring:
            yield from self._measured(value)
        elif self._length is None:
            yield from self._tokens(value, False)
        else:
            room = self._rooms[self._room]
            self._room += 1
            yield from self._fitted(value, room)

    def _measured(self, value):
        needed = 0
        for token in self._tokens(value, False):
            needed += len(token.encode())
            yield token
        spare = needed // 16 + _SPARE
        self._rooms.append(needed + spare)
        yield from _blanks(spare)

    def _fitted(self, value, room):
        separator = "{"
        room -= 1
        for part in members(value):
            tokens = [part]
            if not isinstance(part, str):
                tokens = [json.dumps(part[0]), ":"]
                tokens += self._tokens(part[1], False)
            needed = sum([len(token.encode()) for token in tokens]) + 1
            if needed > room:
                break
            room -= needed
            yield separator
            yield from tokens
            separator = ","
        yield "}" if separator == "," else "{}"
        yield from _blanks(room if separator == "," else room - 1)


def _pairs(value):
    return value.items() if isinstance(value, dict) else value


def members(value):
    """Yield an object's plain members as text, some at a time, and (key, value) of the others.

    `value` is a dict or a generator of (name, value).
    """
    # On MicroPython a bool is no int.
    group, width = {}, 0
    for key, item in _pairs(value):
        if isinstance(item, (int, bool, str)) or item is None:
            size = len(item) if isinstance(item, str) else 0
            if size > _PIECE:
                yield key, item
                continue
            if len(group) == _GROUP or width + size > _PIECE:
                yield json.dumps(group, separators=_COMPACT)[1:-1]
                group, width = {}, 0
            group[key] = item
            width += size
        else:
            yield key, item
    if group:
        yield json.dumps(group, separators=_COMPACT)[1:-1]


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
        if value.before:
            value.before()
        return plain(value.make())
    if isinstance(value, dict) or hasattr(value, "send"):
        return {key: plain(item) for key, item in _pairs(value)}
    if isinstance(value, (list, tuple, Items)):
        items = value.make() if isinstance(value, Items) else value
        return [plain(item) for item in items]
    return value
