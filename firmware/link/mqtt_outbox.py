"""Messages on their way out: those that wait, and those a broker has not acknowledged yet."""

from micropython import const

from firmware.ticks import since

LATEST = const(0)  # the newest value per topic replaces one that still waits
NEWEST = const(1)  # when there is no room, the oldest of these goes
ALWAYS = const(2)  # never dropped; refused when there is no room, so that the caller keeps it

_LAST_ID = const(65279)  # of messages; the identifiers above are for other requests
_DUPLICATE = const(8)


class Letter:
    """One message; `flags` as in the PUBLISH packet: DUP 8, QoS 2 and 4, RETAIN 1."""

    lowered = False  # True: the broker does not take QoS 1 or 2, nobody will acknowledge it

    def __init__(self):
        self.topic = self.payload = None
        self.properties = b""
        self.flags = self.keep = self.packet_id = self.sent_at = 0
        self.released = False  # PUBREL has left, PUBCOMP is owed


class Outbox:
    """At most `most` messages, `most_bytes` of payload, and `window` unacknowledged ones.

    `waiting` are those to be sent, in order; `sent` those that the broker has not acknowledged,
    as they were sent; `spare` are objects for further ones. `now` is the time.
    """

    def __init__(self, most: int = 24, most_bytes: int = 8192, window: int = 8):
        self.waiting = []
        self.sent = []
        self.dropped = self.now = 0
        self.window = window
        self._most = most
        self._most_bytes = most_bytes
        self.spare = []
        self._last_id = 0
        self._free_ids = 0  # so many that follow are known to be unused

    def put(self, topic: bytes, payload, flags: int, keep: int) -> bool:
        """Keep one message; False when there is no room for it and nothing may be dropped."""
        if keep == LATEST and self._replaced(topic, payload, flags):
            return True
        if not self._room(_size(payload), keep):
            self.dropped += 1
            return False
        letter = self.spare.pop() if self.spare else Letter()
        letter.topic = topic
        letter.payload = payload
        letter.properties = b""
        letter.flags = flags
        letter.keep = keep
        letter.packet_id = 0
        letter.released = False
        self.waiting.append(letter)
        return True

    def track(self, topic: bytes, payload: bytes, flags: int) -> int:
        """Keep a message of QoS 1 or 2 that leaves at once, while nothing else waits.

        Returns its packet identifier, or -1 if it has to wait.
        """
        if len(self.sent) >= self.window:
            return -1
        if not self._free_ids:
            self._find_free_ids()
        self._free_ids -= 1
        self._last_id += 1
        letter = self.spare.pop() if self.spare else Letter()
        letter.topic = topic
        letter.payload = payload
        letter.flags = flags
        letter.properties = b""
        letter.keep = ALWAYS
        letter.released = False
        letter.sent_at = self.now
        letter.packet_id = self._last_id
        self.sent.append(letter)
        return self._last_id

    def untrack(self, packet_id: int):
        """The message could not leave after all."""
        letter = self.acknowledged(packet_id)
        if letter is not None:
            self.forget(letter)

    def _replaced(self, topic: bytes, payload, flags: int) -> bool:
        """Put a newer value in the place of one that waits; a repetition keeps its own."""
        for letter in self.waiting:
            if letter.keep == LATEST and letter.topic == topic and not letter.packet_id:
                letter.payload = payload
                letter.flags = flags
                return True
        return False

    def _room(self, size: int, keep: int) -> bool:
        """Make room for a message of `size` bytes; False if nothing more may be dropped."""
        while (
            len(self.waiting) + len(self.sent) >= self._most
            or self._bytes() + size > self._most_bytes
        ):
            if size > self._most_bytes or not self._drop(keep):
                return False
        return True

    def _bytes(self) -> int:
        total = 0
        for letters in (self.waiting, self.sent):
            for letter in letters:
                total += _size(letter.payload)
        return total

    def _drop(self, keep: int) -> bool:
        """Make room for a message of this policy; False if nothing may go for it."""
        for victim in (NEWEST,) if keep == NEWEST else (NEWEST, LATEST):
            for letter in self.waiting:
                if letter.keep == victim:
                    self.discard(letter)
                    return True
        return False

    def discard(self, letter: Letter):
        """Drop a message that waits."""
        self.dropped += 1
        self.waiting.remove(letter)
        self.forget(letter)

    def next(self) -> Letter | None:
        """The message to send next, or None; order is kept, also across QoS levels."""
        if self.waiting:
            letter = self.waiting[0]
            if not letter.flags & 6 or len(self.sent) < self.window:
                return letter
        return None

    def taken(self, letter: Letter):
        """`letter`, the next one, has left: QoS 0 is done, others await their answer."""
        self.waiting.pop(0)
        if letter.flags & 6:
            letter.sent_at = self.now
            self.sent.append(letter)
        else:
            self.forget(letter)

    def new_id(self) -> int:
        """A packet identifier that no unacknowledged message uses."""
        if not self._free_ids:
            self._find_free_ids()
        self._free_ids -= 1
        self._last_id += 1
        return self._last_id

    def _find_free_ids(self):
        """Skip identifiers in use, and see how many follow that are not."""
        used = [letter.packet_id for letters in (self.sent, self.waiting) for letter in letters]
        last = self._last_id % _LAST_ID
        while last + 1 in used:
            last = (last + 1) % _LAST_ID
        self._last_id = last
        self._free_ids = (
            min([_LAST_ID + 1] + [number for number in used if number > last]) - last - 1
        )

    def acknowledged(self, packet_id: int) -> Letter | None:
        """PUBACK or PUBCOMP: delivered. Hand the message to forget() after a look at it."""
        for letter in self.sent:
            if letter.packet_id == packet_id:
                self.sent.remove(letter)
                return letter
        return None

    def received(self, packet_id: int):
        """PUBREC: from now on only the release is repeated."""
        for letter in self.sent:
            if letter.packet_id == packet_id:
                letter.released = True
                letter.sent_at = self.now

    def overdue(self, patience_ms: int) -> bool:
        """True when the broker has owed an answer for too long."""
        for letter in self.sent:
            if since(self.now, letter.sent_at) > patience_ms:
                return True
        return False

    def reconnected(self, session_present: bool):
        """Prepare what was unacknowledged for sending again (3.1.1 section 4.4).

        In a resumed session under its old packet identifier with DUP, otherwise as new.
        """
        again = [letter for letter in self.sent if not (session_present and letter.released)]
        for letter in again:
            self.sent.remove(letter)
            letter.released = False
            if session_present:
                letter.flags |= _DUPLICATE
        self.waiting[:0] = again
        if not session_present:
            for letter in self.waiting:
                letter.packet_id = 0
                letter.flags &= ~_DUPLICATE

    def releases(self):
        """Yield the packet identifiers whose PUBREL has to be sent again."""
        for letter in self.sent:
            letter.sent_at = self.now
            yield letter.packet_id

    def forget(self, letter: Letter):
        """A message that has left the outbox; its object may serve another one."""
        letter.payload = None
        if letter.lowered:
            letter.lowered = False
        self.spare.append(letter)


def _size(payload) -> int:
    if type(payload) is bytes:
        return len(payload)
    return 0 if hasattr(payload, "length") else len(payload)
