"""MQTT packets as they go to a broker, in one buffer that is written in one piece."""

from micropython import const

_CONNECT = const(0x10)
_PUBLISH = const(0x30)
_PUBREL = const(0x60)
_SUBSCRIBE = const(0x82)
_PINGREQ = const(0xC0)
_DISCONNECT = const(0xE0)

_CHUNKS = const(4)  # of a streamed payload per refill; making one may take a while


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

    def put(self, topic: bytes, payload: bytes, flags: int, packet_id: int) -> bool:
        """PUBLISH the quick way; False if it does not fit now, or if MQTT 5 is spoken."""
        buffer = self.buffer
        at = self.end
        count = len(topic)
        length = len(payload)
        size = 4 + count + length if flags & 6 else 2 + count + length
        if self.open or self.five or size > 16383 or at + size + 3 > len(buffer):
            return False
        buffer[at] = _PUBLISH | flags
        if size > 127:
            at += 1
            buffer[at] = size & 127 | 128
            size >>= 7
        buffer[at + 1] = size
        buffer[at + 2] = count >> 8
        buffer[at + 3] = count & 255
        at += 4
        buffer[at : at + count] = topic
        at += count
        if flags & 6:
            buffer[at] = packet_id >> 8
            buffer[at + 1] = packet_id & 255
            at += 2
        buffer[at : at + length] = payload
        self.end = at + length
        return True

    def publish(self, topic: bytes, payload, flags: int, packet_id: int, properties: bytes = b""):
        """PUBLISH; `flags` are DUP 8, QoS 2 and 4, RETAIN 1; needs room for all but the payload.

        The payload is bytes-like, or has length() and chunks(), which gives bytes-like pieces.
        """
        streamed = hasattr(payload, "length")
        length = payload.length() if streamed else len(payload)
        buffer = self.buffer
        count = len(topic)
        size = 2 + count + length + (2 if flags & 6 else 0)
        if self.five:
            size += sized(properties)
        self._head(_PUBLISH | flags, size)
        self._text(topic)
        if flags & 6:
            self._number(packet_id)
        if self.five:
            self._size(len(properties))
            self._bytes(properties)
        at = self.end
        if not streamed and at + length <= len(buffer):
            buffer[at : at + length] = payload
            self.end = at + length
            return
        self.open = length > 0
        self._left = length
        self._chunks = payload.chunks() if streamed else None
        self._rest = None if streamed else memoryview(payload)
        self._rest_at = 0
        self._refill()

    def _refill(self):
        """Take more of the open payload while there is room."""
        for _ in range(_CHUNKS):
            if not self.open or self.end == len(self.buffer):
                return
            if self._rest is None:
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

    def acknowledge(self, kind: int, packet_id: int):
        """PUBACK, PUBREC, PUBREL or PUBCOMP with success; 4 bytes."""
        self._head(kind | 2 if kind == _PUBREL else kind, 2)
        self._number(packet_id)

    def ping(self):
        """PINGREQ; 2 bytes."""
        self._head(_PINGREQ, 0)

    def disconnect(self, code: int):
        """DISCONNECT; MQTT 5 tells the reason; 2 or 3 bytes."""
        if self.five and code:
            self._head(_DISCONNECT, 1)
            self._byte(code)
        else:
            self._head(_DISCONNECT, 0)

    def ask(self, packet_id: int, topic_filter: bytes, qos: int):
        """SUBSCRIBE for one filter, or UNSUBSCRIBE if `qos` is negative."""
        kind, extra = (_SUBSCRIBE, 5) if qos >= 0 else (_SUBSCRIBE | 0x20, 4)
        size = extra + len(topic_filter)
        self._head(kind, size + 1 if self.five else size)
        self._number(packet_id)
        if self.five:
            self._byte(0)
        self._text(topic_filter)
        if qos >= 0:
            self._byte(qos)

    def connect(self, hello):
        """CONNECT; `hello` carries client_id, keepalive_s, clean, will, user and password.

        `will` is None or (topic, payload, qos, retain); texts are bytes.
        """
        will = hello.will
        flags = 2 if hello.clean else 0
        texts = [hello.client_id]
        if will:
            flags |= 4 | will[2] << 3 | (32 if will[3] else 0)
            texts.extend(will[:2])
        if hello.user is not None:
            flags |= 128
            texts.append(hello.user)
        if hello.password is not None:
            flags |= 64
            texts.append(hello.password)
        size = 10
        for text in texts:
            size += 2 + len(text)
        properties = b""
        if self.five:
            properties = self.five.connect_properties(hello)
            size += sized(properties) + (1 if will else 0)
        self._head(_CONNECT, size)
        self._text(b"MQTT")
        self._byte(5 if self.five else 4)
        self._byte(flags)
        self._number(hello.keepalive_s)
        if self.five:
            self._size(len(properties))
            self._bytes(properties)
        for index, text in enumerate(texts):
            if index == 1 and will and self.five:
                self._byte(0)  # the will's own properties: none
            self._text(text)

    def _head(self, kind: int, size: int):
        self._byte(kind)
        self._size(size)

    def _size(self, size: int):
        """A variable byte integer."""
        while size > 127:
            self._byte(size & 127 | 128)
            size >>= 7
        self._byte(size)

    def _byte(self, value: int):
        self.buffer[self.end] = value
        self.end += 1

    def _number(self, value: int):
        self._byte(value >> 8)
        self._byte(value & 255)

    def _text(self, text: bytes):
        self._number(len(text))
        self._bytes(text)

    def _bytes(self, data: bytes):
        self.buffer[self.end : self.end + len(data)] = data
        self.end += len(data)


def sized(properties: bytes) -> int:
    """Bytes that properties take together with their own length."""
    count = len(properties)
    return count + (1 if count < 128 else 2)
