"""Messages on their way out: those that wait, and those a broker has not acknowledged yet."""

from micropython import const

from firmware.ticks import since

LATEST = const(0)  # the newest value per topic replaces one that still waits
NEWEST = const(1)  # when there is no room, the oldest of these goes
ALWAYS = const(2)  # never dropped; refused when there is no room, so that the caller keeps it

_WAITING = const(0)
_SENT = const(1)  # PUBLISH has left, PUBACK or PUBREC is owed
_RELEASED = const(2)  # PUBREL has left, PUBCOMP is owed

_DUPLICATE = const(8)


class Letter:
    """One message; `flags` as in the PUBLISH packet: DUP 8, QoS 2 and 4, RETAIN 1."""

    def __init__(self):
        self.topic = self.payload = None
        self.properties = b""
        self.flags = self.keep = self.stage = self.packet_id = self.sent_at = 0


class Outbox:
    """At most `most` messages, `most_bytes` of payload, and `window` unacknowledged ones."""

    def __init__(self, most: int = 24, most_bytes: int = 8192, window: int = 8):
        self.waiting = 0
        self.unacknowledged = 0
        self.dropped = 0
        self.window = window
        self._most = most
        self._most_bytes = most_bytes
        self._bytes = 0
        self._letters = []
        self._spare = []
        self._last_id = 0

    def put(self, topic: bytes, payload, flags: int, keep: int) -> bool:
        """Keep one message; False when there is no room for it and nothing may be dropped."""
        if keep == LATEST and self.waiting and self._replaced(topic, payload, flags):
            return True
        if not self._room(_size(payload), keep):
            self.dropped += 1
            return False
        letter = self._spare.pop() if self._spare else Letter()
        letter.topic = topic
        letter.payload = payload
        letter.properties = b""
        letter.flags = flags
        letter.keep = keep
        letter.stage = _WAITING
        self.waiting += 1
        self._letters.append(letter)
        return True

    def sent(self, topic: bytes, payload: bytes, flags: int, now: int) -> Letter:
        """A message of QoS 1 or 2 that has left at once: nothing waits and the window is open."""
        letter = self._spare.pop() if self._spare else Letter()
        letter.topic = topic
        letter.payload = payload
        letter.properties = b""
        letter.flags = flags
        letter.keep = ALWAYS
        letter.stage = _SENT
        letter.sent_at = now
        self._bytes += len(payload)
        self.unacknowledged += 1
        self._letters.append(letter)
        return letter

    def last(self) -> Letter:
        """The message that came in last."""
        return self._letters[-1]

    def _replaced(self, topic: bytes, payload, flags: int) -> bool:
        """Put a newer value in the place of one that waits; a repetition keeps its own."""
        for letter in self._letters:
            if letter.keep == LATEST and letter.topic == topic and not letter.packet_id:
                self._bytes += _size(payload) - _size(letter.payload)
                letter.payload = payload
                letter.flags = flags
                return True
        return False

    def _room(self, size: int, keep: int) -> bool:
        """Account for `size` more bytes, dropping what may go; False if that is not enough."""
        while len(self._letters) >= self._most or self._bytes + size > self._most_bytes:
            if size > self._most_bytes or not self._drop(keep):
                return False
        self._bytes += size
        return True

    def _drop(self, keep: int) -> bool:
        """Make room for a message of this policy; False if nothing may go for it."""
        for victim in (NEWEST,) if keep == NEWEST else (NEWEST, LATEST):
            for letter in self._letters:
                if letter.keep == victim and letter.stage == _WAITING:
                    self.discard(letter)
                    return True
        return False

    def discard(self, letter: Letter):
        """Drop a message that waits."""
        self.waiting -= 1
        self.dropped += 1
        self._forget(letter)

    def next(self) -> Letter | None:
        """The message to send next, or None; order is kept, also across QoS levels."""
        if self.waiting:
            for letter in self._letters:
                if letter.stage == _WAITING:
                    if letter.flags & 6 and self.unacknowledged >= self.window:
                        return None
                    return letter
        return None

    def taken(self, letter: Letter, now: int):
        """`letter` has been put into the encoder: QoS 0 is done, others await their answer."""
        self.waiting -= 1
        if letter.flags & 6:
            letter.stage = _SENT
            letter.sent_at = now
            self.unacknowledged += 1
        else:
            self._forget(letter)

    def new_id(self) -> int:
        """A packet identifier that no unacknowledged message uses."""
        number = self._last_id
        while True:
            number = number % 65535 + 1
            if self._find(number) is None:
                self._last_id = number
                return number

    def acknowledged(self, packet_id: int) -> Letter | None:
        """PUBACK or PUBCOMP: delivered. The message may be looked at until the next put()."""
        letter = self._find(packet_id)
        if letter is None or letter.stage == _WAITING:
            return None
        self.unacknowledged -= 1
        self._forget(letter)
        return letter

    def received(self, packet_id: int, now: int):
        """PUBREC: from now on only the release is repeated."""
        letter = self._find(packet_id)
        if letter and letter.stage == _SENT:
            letter.stage = _RELEASED
            letter.sent_at = now

    def overdue(self, now: int, patience_ms: int) -> bool:
        """True when the broker has owed an answer for too long."""
        if self.unacknowledged:
            for letter in self._letters:
                if letter.stage != _WAITING and since(now, letter.sent_at) > patience_ms:
                    return True
        return False

    def reconnected(self, session_present: bool):
        """Prepare what was unacknowledged for sending again (3.1.1 section 4.4).

        In a resumed session under its old packet identifier with DUP, otherwise as new.
        """
        for letter in self._letters:
            if letter.stage == _SENT or (letter.stage == _RELEASED and not session_present):
                letter.stage = _WAITING
                self.waiting += 1
                self.unacknowledged -= 1
                if session_present:
                    letter.flags |= _DUPLICATE
            if not session_present and letter.stage == _WAITING:
                letter.packet_id = 0
                letter.flags &= ~_DUPLICATE

    def releases(self, now: int):
        """Yield the packet identifiers whose PUBREL has to be sent again."""
        for letter in self._letters:
            if letter.stage == _RELEASED:
                letter.sent_at = now
                yield letter.packet_id

    def _find(self, packet_id: int) -> Letter | None:
        for letter in self._letters:
            if letter.packet_id == packet_id:
                return letter
        return None

    def _forget(self, letter: Letter):
        self._letters.remove(letter)
        self._bytes -= _size(letter.payload)
        letter.packet_id = 0
        self._spare.append(letter)


def _size(payload) -> int:
    if type(payload) is bytes:
        return len(payload)
    return 0 if hasattr(payload, "length") else len(payload)
