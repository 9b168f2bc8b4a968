"""MQTT packets as they come from a broker: bytes in, values out, versions 3.1.1 and 5."""

from micropython import const

# Kinds of packets by their first byte (3.1.1 table 2.1); SKIPPED is ours, for what is too large.
_CONNACK = const(0x20)
_PUBLISH = const(0x30)
_PUBACK = const(0x40)
_PUBREL = const(0x60)
_PUBCOMP = const(0x70)
_SUBACK = const(0x90)
_UNSUBACK = const(0xB0)
_PINGRESP = const(0xD0)
_DISCONNECT = const(0xE0)
_SKIPPED = const(0x31)

_MALFORMED = const(0x81)
_PROTOCOL = const(0x82)
_BAD_TOPIC = const(0x90)
_TOO_LARGE = const(0x95)

_FIRST = const(2432)  # bytes: hardly a request is longer, and short ones need few moves
_TOPICS_KEPT = const(16)
_LONGEST_TOPIC_KEPT = const(128)


class PacketError(Exception):
    """The peer broke the protocol; the argument names what is wrong, `code` is MQTT 5's number."""

    def __init__(self, problem: str, code: int = _MALFORMED):
        super().__init__("bad " + problem)
        self.code = code


class Decoder:
    """Takes bytes as they come in one buffer, gives one packet after the other.

    Read into `target()` and say how much with `filled(count)`; then `next()` returns the kind of
    the next whole packet, or 0. The fields below describe that packet until `target()` is called;
    `payload` is a view into the buffer and ends with it. Of a PUBLISH of more than `limit` bytes
    only topic, qos, packet_id and length are given, once, with the kind SKIPPED (0x31). So are
    they when the buffer, which grows for a packet that does not fit, finds no memory.
    Everything raises PacketError.

    A function whose locals and stack fit into eleven words runs without a heap block of its own:
    what runs per message keeps to that, here and in the encoder and the client.
    """

    def __init__(self, limit: int):
        self.topic = b""
        self.payload = None
        self.qos = 0
        self.retain = False
        self.duplicate = False
        self.packet_id = -1
        self.code = 0  # CONNACK, SUBACK and MQTT 5's answers: return or reason code
        self.session_present = False
        self.length = 0
        self._limit = limit
        self.buffer = bytearray(min(limit, _FIRST))
        self._view = memoryview(self.buffer)
        self._topics = {}
        self._head = self._payload_at = self._payload_end = -1
        self.begin(None)

    def begin(self, five):
        """Forget what was cut off: a new connection. `five` is codec.mqtt5 if that is spoken."""
        self.five = five
        self.aliases = {}
        self.properties = self.response_topic = self.correlation = None
        self._at = self._end = self._skip = 0

    def target(self):
        """Where to put bytes that arrive next; never empty."""
        at = self._at
        left = self._end - at
        if not left:
            self._at = self._end = 0
            return self.buffer
        if at:
            self._view[:left] = self._view[at : self._end]
            self._at = 0
            self._end = left
        return self._view[left:]

    def filled(self, count: int):
        """`count` bytes have been put into the target."""
        self._end += count
        if self._skip:
            dropped = min(self._skip, count)
            self._skip -= dropped
            self._at += dropped

    def next(self) -> int:
        """The kind of the next packet, whose fields are then here; 0 if none is whole."""
        at = self._at
        if self._end - at < 2:
            return 0
        buffer = self.buffer
        head = buffer[at]
        size = buffer[at + 1]
        at += 2
        if size > 127:
            if at == self._end:
                return 0
            size = size & 127 | buffer[at] << 7
            at += 1
            if size & 0x4000:
                return self._long(head)
        if at + size > self._end:
            return self._not_whole(head, at, size)
        self._at = at + size
        if head & 0xF0 == _PUBLISH:
            return self._publish(head, at, at + size)
        if head != _PUBACK or size != 2 or self.five:
            return self._other(head, at, at + size)
        # the one answer that comes often
        self.packet_id = buffer[at] << 8 | buffer[at + 1]
        return _PUBACK

    def _long(self, head: int) -> int:
        """A remaining length of three or four bytes: larger than anything we keep, or wrong."""
        at = self._at + 1
        size = shift = 0
        while at < self._end:
            more = self.buffer[at]
            at += 1
            size |= (more & 127) << shift
            if more < 128:
                if at + size > self._end:
                    return self._not_whole(head, at, size)
                self._at = at + size
                if head & 0xF0 == _PUBLISH:
                    return self._publish(head, at, at + size)
                return self._other(head, at, at + size)
            shift += 7
            if shift > 21:
                raise PacketError("length")
        return 0

    def _publish(self, head: int, at: int, past: int) -> int:
        buffer = self.buffer
        if head != self._head:
            self._flags(head)
        at += 2
        here = buffer[at - 2] << 8 | buffer[at - 1] if at <= past else past
        here += at  # the topic's end
        if here + self._id_size > past:
            raise PacketError("topic length")
        topic = (here - at) << 8 | buffer[here - 1]
        topic = self._topics.get(topic)
        if topic is None or not buffer.startswith(topic, at):
            topic = self._new_topic(at, here)
        self.topic = topic
        if head & 6:
            self.packet_id = buffer[here] << 8 | buffer[here + 1]
            here += 2
        if self.five or not topic or not self.packet_id:
            here = self._checked(here, past)
        if here != self._payload_at or past != self._payload_end:
            self._payload_at = here
            self._payload_end = past
            self.payload = self._view[here:past]
        return _PUBLISH

    def _checked(self, at: int, past: int) -> int:
        """What is rare: empty topics, packet identifier 0, and the properties of MQTT 5."""
        if self.qos and not self.packet_id:
            raise PacketError("packet identifier")
        if self.five:
            return self.five.read_publish(self, at, past)
        if not self.topic:
            raise PacketError("topic", _BAD_TOPIC)
        return at

    def _flags(self, head: int):
        """QoS, RETAIN and DUP, which seldom change from one message to the next."""
        if head & 6 == 6 or head & 14 == 8:
            raise PacketError("flags")
        self._head = head
        self.qos = (head >> 1) & 3
        self._id_size = 2 if self.qos else 0
        self.retain = head & 1 == 1
        self.duplicate = head & 8 == 8

    def _new_topic(self, at: int, end: int) -> bytes:
        """Known topics are given again without allocating; a new one is checked."""
        topic = bytes(self._view[at:end])
        if not is_topic(topic):
            raise PacketError("topic", _BAD_TOPIC)
        if end - at <= _LONGEST_TOPIC_KEPT:
            if len(self._topics) >= _TOPICS_KEPT:
                self._topics.clear()
            self._topics[(end - at) << 8 | self.buffer[end - 1]] = topic
        return topic

    def _not_whole(self, head: int, at: int, size: int) -> int:
        """Wait for the rest; or let a packet pass that does not fit, once its begin is here."""
        needed = at + size - self._at
        if needed <= len(self.buffer) or (needed <= self._limit and self._grown(needed)):
            return 0
        if head & 0xF0 != _PUBLISH:
            raise PacketError("size", _TOO_LARGE)
        end = self._end
        known = at + 4 + (self.buffer[at] << 8 | self.buffer[at + 1]) if end - at > 2 else end + 1
        if known > end:
            if self._at == 0 and end == len(self.buffer):
                raise PacketError("topic length")
            return 0
        five, self.five = self.five, None  # its properties may be cut off
        self._publish(head, at, end)
        self.five = five
        self.length = size
        self._skip = size - (end - at)
        self._at = end
        return _SKIPPED

    def _grown(self, size: int) -> bool:
        """Make room for a longer packet, for good; False if there is no memory for it."""
        try:
            buffer = bytearray(min(size + 511 & ~511, self._limit))
        except MemoryError:
            return False
        left = self._end - self._at
        buffer[:left] = self._view[self._at : self._end]
        self._at = 0
        self._end = left
        self.buffer = buffer
        self._view = memoryview(buffer)
        self._payload_at = -1
        return True

    def _other(self, head: int, at: int, past: int) -> int:
        """Everything but PUBLISH: bytes [at, past) after the fixed header."""
        kind = head & 0xF0
        if head & 15 != (2 if kind == _PUBREL else 0):
            raise PacketError("flags")
        self.code = 0
        if kind == _CONNACK or _PUBACK <= kind <= _PUBCOMP or kind == _SUBACK or kind == _UNSUBACK:
            if past - at < 2:
                raise PacketError("length")
            self.packet_id = self.buffer[at] << 8 | self.buffer[at + 1]
            if self.five:
                self.five.read_answer(self, kind, at, past)
            else:
                self._answer(kind, at, past - at)
        elif kind == _PINGRESP:
            if past != at:
                raise PacketError("length")
        elif kind >= _DISCONNECT and self.five:
            self.five.read_closing(self, at, past)
        else:
            raise PacketError("kind of packet", _PROTOCOL)
        return kind

    def _answer(self, kind: int, at: int, size: int):
        """The acknowledgements of 3.1.1; CONNACK's flags and code lie where others have an id."""
        if size != (3 if kind == _SUBACK else 2):
            raise PacketError("length")
        if kind == _CONNACK:
            self.connack()
        elif kind == _SUBACK:
            self.code = self.buffer[at + 2]
            if self.code & 0x7F > 2:
                raise PacketError("code")

    def connack(self):
        """Split what was read as a packet identifier into CONNACK's flags and code."""
        if self.packet_id > 0x1FF:
            raise PacketError("flags")
        self.session_present = self.packet_id > 255
        self.code = self.packet_id & 255


def is_topic(topic: bytes) -> bool:
    """Whether these bytes may be a topic name: UTF-8 without NUL or wildcards (3.1.1, 4.7)."""
    try:
        str(topic, "utf-8")
    except UnicodeError:
        return False
    return not (b"\0" in topic or b"+" in topic or b"#" in topic)
