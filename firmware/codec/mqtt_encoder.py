"""MQTT packets as they go to a broker, in one buffer that is written in one piece."""

from micropython import const

_CONNECT = const(0x10)
_PUBLISH = const(0x30)
_SUBSCRIBE = const(0x82)
_UNSUBSCRIBE = const(0xA2)
_PINGREQ = const(0xC0)
_DISCONNECT = const(0xE0)

_LONGEST_HEAD = const(13)  # fixed header 5, topic length 2, packet id 2, empty properties 1, spare


class Encoder:
    """Bytes to send are buffer[start:end]; after writing them advance with `sent(count)`.

    A payload larger than the buffer goes through it in slices: while `rest` is not None no other
    packet may be put in. Callers check `room()` first; payloads are bytes-like.
    """

    def __init__(self, size: int):
        self.buffer = bytearray(size)
        self.five = None  # firmware.codec.mqtt5 where MQTT 5 is spoken
        self.begin()

    def begin(self):
        """Drop everything; a new connection starts with an empty buffer."""
        self.start = 0
        self.end = 0
        self.rest = None
        self._chunks = None
        self._rest_at = 0

    def room(self) -> int:
        """Bytes that a new packet may take now."""
        return len(self.buffer) - self.end if self.rest is None else 0

    def sent(self, count: int):
        """`count` bytes from `start` on have left."""
        self.start += count
        if self.start == self.end:
            self.start = self.end = 0
            if self.rest is not None:
                self._refill()

    def publish(self, topic: bytes, payload, flags: int, packet_id: int):
        """PUBLISH; `flags` are DUP 8, QoS 2 and 4, RETAIN 1; needs room for topic and head."""
        buffer = self.buffer
        at = self.end
        count = len(topic)
        length = len(payload)
        size = 2 + count + length
        if flags & 6:
            size += 2
        if self.five:
            size += 1
        buffer[at] = _PUBLISH | flags
        at += 1
        while size > 127:
            buffer[at] = size & 127 | 128
            size >>= 7
            at += 1
        buffer[at] = size
        buffer[at + 1] = count >> 8
        buffer[at + 2] = count & 255
        at += 3
        buffer[at : at + count] = topic
        at += count
        if flags & 6:
            buffer[at] = packet_id >> 8
            buffer[at + 1] = packet_id & 255
            at += 2
        if self.five:
            buffer[at] = 0
            at += 1
        if at + length <= len(buffer):
            buffer[at : at + length] = payload
            self.end = at + length
            return
        self.end = at
        self.rest = memoryview(payload)
        self._rest_at = 0
        self._refill()

    def _refill(self):
        at = self.end
        count = min(len(self.buffer) - at, len(self.rest) - self._rest_at)
        self.buffer[at : at + count] = self.rest[self._rest_at : self._rest_at + count]
        self.end = at + count
        self._rest_at += count
        if self._rest_at == len(self.rest):
            self.rest = None

    def acknowledge(self, kind: int, packet_id: int):
        """PUBACK, PUBREC, PUBREL or PUBCOMP with success; 4 bytes."""
        buffer = self.buffer
        at = self.end
        buffer[at] = kind | 2 if kind == 0x60 else kind
        buffer[at + 1] = 2
        buffer[at + 2] = packet_id >> 8
        buffer[at + 3] = packet_id & 255
        self.end = at + 4

    def ping(self):
        """PINGREQ; 2 bytes."""
        self._head(_PINGREQ, 0)

    def disconnect(self, code: int = 0):
        """DISCONNECT; MQTT 5 adds the reason unless it is 0; 2 to 4 bytes."""
        if self.five and code:
            self._head(_DISCONNECT, 2)
            self._byte(code)
            self._byte(0)
        else:
            self._head(_DISCONNECT, 0)

    def subscribe(self, packet_id: int, topic_filter: bytes, qos: int):
        """SUBSCRIBE for one filter."""
        self._ask(_SUBSCRIBE, packet_id, topic_filter, 3)
        self._byte(qos)

    def unsubscribe(self, packet_id: int, topic_filter: bytes):
        """UNSUBSCRIBE for one filter."""
        self._ask(_UNSUBSCRIBE, packet_id, topic_filter, 2)

    def connect(self, client_id: bytes, hello):
        """CONNECT; `hello` carries keepalive_s, clean, will, user, password and properties.

        `will` is None or (topic, payload, qos, retain); texts are bytes.
        """
        will = hello.will
        flags = 2 if hello.clean else 0
        texts = [client_id]
        if will:
            flags |= 4 | will[2] << 3 | (32 if will[3] else 0)
            texts.extend(will[:2])
        if hello.user is not None:
            flags |= 128
            texts.append(hello.user)
        if hello.password is not None:
            flags |= 64
            texts.append(hello.password)
        properties = self.five.connect_properties(hello) if self.five else b""
        between = b"\0" if self.five and will else b""  # the will's own properties: none
        size = 10 + len(properties) + len(between)
        for text in texts:
            size += 2 + len(text)
        self._head(_CONNECT, size)
        self._text(b"MQTT")
        self._byte(5 if self.five else 4)
        self._byte(flags)
        self._number(hello.keepalive_s)
        self._bytes(properties)
        self._text(texts[0])
        self._bytes(between)
        for text in texts[1:]:
            self._text(text)

    def _ask(self, kind: int, packet_id: int, topic_filter: bytes, extra: int):
        size = 2 + extra + len(topic_filter)
        self._head(kind, size + 1 if self.five else size)
        self._number(packet_id)
        if self.five:
            self._byte(0)
        self._text(topic_filter)

    def _head(self, kind: int, size: int):
        self._byte(kind)
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
