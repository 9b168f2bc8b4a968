"""What happened, for those who tell the world: a small ring that the app drains."""

from micropython import const

STATE = const(1)  # value: state entered
FAULT = const(2)  # value: code raised
CLEARED = const(3)  # value: code cleared
OPENED = const(4)  # transaction opened
CLOSED = const(5)  # transaction closed; value: reason of the end
PHASES = const(6)  # value: phases in use from now on
WAKING = const(7)  # value: interruptions of the pilot so far in this session
TOGGLED = const(8)  # value: BCB toggles seen so far
TESTED = const(9)  # residual current sensor; value: 1 passed, 0 failed

_SIZE = const(32)


class Events:
    """The newest events; the oldest are lost, and counted, when nobody drains."""

    def __init__(self):
        self._kinds = bytearray(_SIZE)
        self._values = [0] * _SIZE
        self._first = 0
        self._count = 0
        self.lost = 0

    def put(self, kind: int, value: int):
        place = (self._first + self._count) % _SIZE
        self._kinds[place] = kind
        self._values[place] = value
        if self._count < _SIZE:
            self._count += 1
        else:
            self._first = (self._first + 1) % _SIZE
            self.lost += 1

    def pop(self) -> tuple | None:
        """(kind, value) of the oldest event, None when there is none."""
        if not self._count:
            return None
        place = self._first
        self._first = (place + 1) % _SIZE
        self._count -= 1
        return self._kinds[place], self._values[place]
