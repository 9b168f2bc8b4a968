"""MQTT packets as they come from a broker: bytes in, values out, versions 3.1.1 and 5."""

from micropython import const

CONNACK = const(0x20)
PUBLISH = const(0x30)
PUBACK = const(0x40)
PUBREC = const(0x50)
PUBREL = const(0x60)
PUBCOMP = const(0x70)
SUBACK = const(0x90)
UNSUBACK = const(0xB0)
PINGRESP = const(0xD0)
DISCONNECT = const(0xE0)
AUTH = const(0xF0)
SKIPPED = const(0x31)  # no kind of the standard: a PUBLISH too large to keep

_HEAD = const(0)  # stages of a packet
_LENGTH = const(1)
_BODY = const(2)
_SKIP = const(3)

_TOPICS_KEPT = const(16)
_LONGEST_TOPIC_KEPT = const(128)


class PacketError(Exception):
    """The peer broke the protocol; the argument says how, `code` is MQTT 5's word for it."""

    def __init__(self, problem: str, code: int = 0x81):
        super().__init__(problem)
        self.code = code


class Decoder:
    """One incoming packet at a time, in a buffer allocated once.

    Put up to `wanted` bytes at the start of `target`, then call `filled(count)`: it returns the
    packet's kind once it is complete, else 0. The fields below describe that packet until the
    next call; `payload` is a view into the buffer and ends with it. A packet longer than `limit`
    bytes is skipped without being buffered: a PUBLISH is reported once as SKIPPED (with topic,
    qos and packet_id), any other kind raises PacketError.
    """

    def __init__(self, limit: int, five=None):
        self.five = five  # firmware.codec.mqtt5 where MQTT 5 is spoken
        self.kind = 0
        self.topic = b""
        self.payload = None
        self.qos = 0
        self.retain = False
        self.duplicate = False
        self.packet_id = 0
        self.code = 0  # CONNACK, SUBACK and all MQTT 5 answers: return or reason code
        self.session_present = False
        self.length = 0
        self.properties = None
        self.response_topic = None
        self.correlation = None
        self._head = bytearray(2)
        self._body = bytearray(limit)
        self._view = memoryview(self._body)
        self._payload_at = self._payload_end = -1
        self._topics = {}
        self.begin()

    def begin(self):
        """Forget a packet that was cut off; the next byte starts a new one."""
        self._stage = _HEAD
        self.target = self._head
        self.wanted = 2

    def filled(self, count: int) -> int:
        """Take the `count` bytes just put into `target`; the complete packet's kind, or 0."""
        if count < self.wanted:
            self.wanted -= count
            self.target = memoryview(self.target)[count:]
            return 0
        stage = self._stage
        if stage == _BODY:
            self._stage = _HEAD
            self.target = self._head
            self.wanted = 2
            return self._complete()
        if stage == _HEAD:
            size = self._head[1]
            self.length = size & 127
            self._shift = 7
        elif stage == _LENGTH:
            size = self._body[0]
            self.length |= (size & 127) << self._shift
            self._shift += 7
        else:
            return self._skipped()
        self.target = self._body
        if size > 127:
            if self._shift > 21:
                raise PacketError("remaining length of more than four bytes")
            self._stage = _LENGTH
            self.wanted = 1
            return 0
        return self._sized()

    def _sized(self) -> int:
        length = self.length
        if length == 0:
            self.begin()
            return self._complete()
        if length > len(self._body):
            if self._head[0] & 0xF0 != PUBLISH:
                raise PacketError(f"packet of {length} bytes", 0x95)
            self._stage = _SKIP
            self._left = length
            self.wanted = self._portion = len(self._body)
            return 0
        self._stage = _BODY
        self.wanted = length
        return 0

    def _skipped(self) -> int:
        """One buffer of a packet too large has come: the first tells what it was."""
        first = self._left == self.length
        self._left -= self._portion
        self._portion = self.wanted = min(self._left, len(self._body))
        self.target = self._body
        if self._left == 0:
            self.begin()
        if not first:
            return 0
        self._publish(self._head[0], len(self._body))
        self.payload = None
        self.kind = SKIPPED
        return SKIPPED

    def _complete(self) -> int:
        head = self._head[0]
        kind = head & 0xF0
        self.kind = kind
        if kind == PUBLISH:
            self._publish(head, self.length)
            return kind
        wanted = 2 if kind == PUBREL else 0
        if head & 15 != wanted:
            raise PacketError("reserved bits set")
        if kind in (PINGRESP, DISCONNECT, AUTH):
            self._closing(kind)
        elif kind == CONNACK:
            self._connack()
        elif PUBACK <= kind <= PUBCOMP or kind == SUBACK or kind == UNSUBACK:
            self._answer(kind)
        else:
            raise PacketError("a packet that only clients send")
        return kind

    def _publish(self, head: int, end: int):
        body = self._body
        if end < 2:
            raise PacketError("PUBLISH without a topic")
        at = 2 + (body[0] << 8 | body[1])
        self.qos = (head >> 1) & 3
        self.retain = head & 1 != 0
        self.duplicate = head & 8 != 0
        past_id = at + 2 if head & 6 else at
        if past_id > end:
            raise PacketError("topic longer than its packet")
        self.topic = self._topic(at)
        if head & 6:
            self.packet_id = body[at] << 8 | body[at + 1]
            if self.packet_id == 0 or head & 6 == 6:
                raise PacketError("QoS 3 or packet identifier 0")
        elif head & 8:
            raise PacketError("DUP with QoS 0")
        if self.five:
            past_id = self.five.publish_properties(self, body, past_id, end)
        if at <= 2 and not self.topic:
            raise PacketError("PUBLISH with an empty topic")
        if past_id != self._payload_at or end != self._payload_end:
            self._payload_at = past_id
            self._payload_end = end
            self._payload = self._view[past_id:end]
        self.payload = self._payload

    def _topic(self, end: int) -> bytes:
        """The topic in body[2:end]; known ones come from a small store, without allocating."""
        key = end << 8 | self._body[end - 1]
        known = self._topics.get(key)
        if known:
            view, topic = known
            if view == topic:
                return topic
        view = self._view[2:end]
        topic = bytes(view)
        check_topic(topic)
        if end <= _LONGEST_TOPIC_KEPT:
            if len(self._topics) >= _TOPICS_KEPT:
                self._topics.clear()
            self._topics[key] = (view, topic)
        return topic

    def _connack(self):
        body = self._body
        if self.length < 2 or body[0] > 1 or (self.length > 2 and not self.five):
            raise PacketError("CONNACK of a wrong form")
        self.session_present = body[0] == 1
        self.code = body[1]
        self.properties = self.five.properties(body, 2, self.length) if self.five else None

    def _answer(self, kind: int):
        body = self._body
        length = self.length
        if length < 2:
            raise PacketError("answer without a packet identifier")
        self.packet_id = body[0] << 8 | body[1]
        self.code = 0
        if self.five:
            self.five.answer(self, body, kind)
        elif kind == SUBACK:
            if length != 3 or body[2] not in (0, 1, 2, 0x80):
                raise PacketError("SUBACK of a wrong form")
            self.code = body[2]
        elif length != 2:
            raise PacketError("answer of a wrong length")

    def _closing(self, kind: int):
        self.code = 0
        if kind != PINGRESP and not self.five:
            raise PacketError("a packet that MQTT 3.1.1 does not know from a broker")
        if self.length == 0:
            return
        if kind == PINGRESP:
            raise PacketError("PINGRESP of a wrong length")
        self.code = self._body[0]
        self.properties = self.five.properties(self._body, 1, self.length)


def check_topic(topic: bytes):
    """Raise PacketError unless these bytes may be a topic name (3.1.1 section 4.7)."""
    if not _is_text(topic):
        raise PacketError("topic that is not UTF-8")
    if b"\0" in topic or b"+" in topic or b"#" in topic:
        raise PacketError("topic with NUL or a wildcard", 0x90)


def _is_text(data: bytes) -> bool:
    try:
        str(data, "utf-8")
    except UnicodeError:
        return False
    return True
