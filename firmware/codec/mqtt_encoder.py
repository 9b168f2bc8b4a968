"""MQTT packets as they go to a broker, in one buffer that is written in one piece."""

from micropython import const

_PUBLISH = const(0x30)
_PUBREL = const(0x60)
_SUBSCRIBE = const(0x82)
_PINGREQ = const(0xC0)
_DISCONNECT = const(0xE0)

_LONGEST_HEAD = const(5)  # the first byte and the length


class Encoder:
    """Bytes to send are buffer[start:end]; after writing them advance with `sent(count)`.

    A payload larger than the buffer, or streamed, goes through it in slices: while `open` no
    other packet may be put in. Callers look at `room()` first.
    """

    def __init__(self, size: int):
        self.buffer = bytearray(size)
        self.begin(None)

    def begin(self, five):
        """Drop everything: a new connection. `five` is codec.mqtt5 if that is spoken."""
        self.five = five
        self.start = self.end = 0
        self.open = False
        self.packet_id = 0
        self._rest = self._chunks = None
        self._rest_at = self._left = 0

    def room(self) -> int:
        """Bytes that a new packet may take now."""
        return 0 if self.open else len(self.buffer) - self.end

    def sent(self, count: int):
        """`count` bytes from `start` on have left."""
        self.start += count
        if self.start == self.end:
            self.start = self.end = 0
            if self.open:
                self._refill()

    def put(self, topic: bytes, payload: bytes, flags: int) -> bool:
        """PUBLISH the quick way; False if it does not fit now, or if MQTT 5 is spoken.

        With QoS 1 or 2 its identifier is in `packet_id`.
        """
        size = len(topic) + len(payload) + (4 if flags & 6 else 2)
        at = self.end
        buffer = self.buffer
        if at + size + _LONGEST_HEAD > len(buffer) or self.open or self.five:
            return False
        buffer[at] = _PUBLISH | flags
        at += 1
        while size > 127:
            buffer[at] = size & 127 | 128
            size >>= 7
            at += 1
        buffer[at] = size
        size = len(topic)
        buffer[at + 1] = size >> 8
        buffer[at + 2] = size & 255
        at += 3
        size += at
        buffer[at:size] = topic
        if flags & 6:
            at = self.packet_id
            buffer[size] = at >> 8
            buffer[size + 1] = at & 255
            size += 2
        at = size + len(payload)
        buffer[size:at] = payload
        self.end = at
        return True

    def publish(self, letter):
        """PUBLISH any way; needs room for all but the payload.

        `letter` has topic, payload, flags (DUP 8, QoS 2 and 4, RETAIN 1), packet_id, properties.
        The payload is bytes-like, or has length() and chunks(), which gives bytes-like pieces.
        """
        payload = letter.payload
        streamed = hasattr(payload, "length")
        length = payload.length() if streamed else len(payload)
        flags = letter.flags
        size = 2 + len(letter.topic) + length + (2 if flags & 6 else 0)
        if self.five:
            size += sized(letter.properties)
        self.head(_PUBLISH | flags, size)
        self.text(letter.topic)
        if flags & 6:
            self.number(letter.packet_id)
        if self.five:
            self._size(len(letter.properties))
            self.extend(letter.properties)
        self.open = length > 0
        self._left = length
        self._chunks = payload.chunks() if streamed else None
        self._rest = None if streamed else memoryview(payload)
        self._rest_at = 0
        self._refill()

    def _refill(self):
        """Take more of the open payload while there is room."""
        # One chunk at a time: making it may take a while.
        if not self.open or self.end == len(self.buffer):
            return
        while not self._rest:
            self._rest = memoryview(next(self._chunks))
            self._rest_at = 0
        at = self.end
        begin = self._rest_at
        count = min(len(self.buffer) - at, len(self._rest) - begin, self._left)
        self.buffer[at : at + count] = self._rest[begin : begin + count]
        self.end = at + count
        self._rest_at = begin + count
        self._left -= count
        if self._rest_at == len(self._rest):
            self._rest = None
        if not self._left:
            self.open = False
            self._rest = self._chunks = None

    def acknowledge(self, kind: int, packet_id: int) -> bool:
        """PUBACK, PUBREC, PUBREL or PUBCOMP with success, 4 bytes; False if there is no room."""
        buffer = self.buffer
        at = self.end
        if self.open or at + 4 > len(buffer):
            return False
        buffer[at] = kind | 2 if kind == _PUBREL else kind
        buffer[at + 1] = 2
        buffer[at + 2] = packet_id >> 8
        buffer[at + 3] = packet_id & 255
        self.end = at + 4
        return True

    def ping(self):
        """PINGREQ; 2 bytes."""
        self.head(_PINGREQ, 0)

    def disconnect(self, code: int):
        """DISCONNECT; MQTT 5 tells the reason; 2 or 3 bytes."""
        if self.five and code:
            self.head(_DISCONNECT, 1)
            self.byte(code)
        else:
            self.head(_DISCONNECT, 0)

    def ask(self, packet_id: int, topic_filter: bytes, qos: int):
        """SUBSCRIBE for one filter, or UNSUBSCRIBE if `qos` is negative."""
        kind, extra = (_SUBSCRIBE, 5) if qos >= 0 else (_SUBSCRIBE | 0x20, 4)
        size = extra + len(topic_filter)
        self.head(kind, size + 1 if self.five else size)
        self.number(packet_id)
        if self.five:
            self.byte(0)
        self.text(topic_filter)
        if qos >= 0:
            self.byte(qos)

    def head(self, kind: int, size: int):
        """Begin any packet: its first byte and its length. No piece looks at room()."""
        self.byte(kind)
        self._size(size)

    def _size(self, size: int):
        """A variable byte integer."""
        while size > 127:
            self.byte(size & 127 | 128)
            size >>= 7
        self.byte(size)

    def byte(self, value: int):
        self.buffer[self.end] = value
        self.end += 1

    def number(self, value: int):
        """Two bytes."""
        self.byte(value >> 8)
        self.byte(value & 255)

    def text(self, text: bytes):
        """A text with its length."""
        self.number(len(text))
        self.extend(text)

    def extend(self, data: bytes):
        self.buffer[self.end : self.end + len(data)] = data
        self.end += len(data)


def sized(properties: bytes) -> int:
    """Bytes that properties take together with their own length."""
    count = len(properties)
    return count + (1 if count < 128 else 2)
