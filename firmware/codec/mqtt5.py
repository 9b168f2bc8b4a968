"""What MQTT 5 adds to the packets: properties, reason codes, topic aliases."""

from micropython import const

from firmware.codec.mqtt import PacketError

ALIASES = const(8)  # topic aliases that a broker may use towards us
_RECEIVE_MAXIMUM = const(16)  # unacknowledged messages that a broker may send us
_SESSION_S = const(604800)  # a session that is kept lasts a week without us

_CONNACK = const(0x20)
_PUBREL = const(0x60)
_SUBACK = const(0x90)
_DISCONNECT = const(0xE0)

# Type of each property by its identifier (5.0 table 2-4): Byte, Half word, Integer, Variable,
# String, Data, Pair of strings.
_TYPES = b" BIS    SD V     ISH SDBIBS S  S HHHBBPIBBB"
# Identifiers that a packet may carry, as characters: PUBLISH, CONNACK, DISCONNECT and AUTH,
# all other answers.
_IN_PUBLISH = b"\x01\x02\x03\x08\x09\x0b\x23\x26"
_IN_CONNACK = b"\x11\x12\x13\x15\x16\x1a\x1c\x1f\x21\x22\x24\x25\x26\x27\x28\x29\x2a"
_IN_CLOSING = b"\x11\x15\x16\x1c\x1f\x26"
_IN_ANSWER = b"\x1f\x26"

_REASONS = """\
128 unspecified error|129 malformed packet|130 protocol error|131 implementation specific error
132 protocol version not supported|133 client id not valid|134 bad user name or password
135 not authorised|136 server unavailable|137 server busy|138 banned|139 server shutting down
140 bad authentication method|141 keep alive timeout|142 session taken over
143 topic filter invalid|144 topic name invalid|145 packet id in use|146 packet id not found
147 receive maximum exceeded|148 topic alias invalid|149 packet too large|150 message rate too high
151 quota exceeded|152 administrative action|153 payload format invalid|154 retain not supported
155 QoS not supported|156 use another server|157 server moved|158 no shared subscriptions
159 connection rate exceeded|160 maximum connect time|161 no subscription ids
162 no wildcard subscriptions"""


def reason(code: int) -> str:
    """A reason code in words (5.0 table 2-6)."""
    for text in _REASONS.replace("\n", "|").split("|"):
        if int(text[:3]) == code:
            return text[4:]
    return f"reason {code}"


def read_publish(decoder, at: int, past: int) -> int:
    """Properties of a PUBLISH from `at` on; fills topic, response_topic, correlation."""
    decoder.response_topic = decoder.correlation = None
    if at < past and decoder.buffer[at] == 0:
        decoder.properties = None
        at += 1
    else:
        at = _read(decoder, at, past, _IN_PUBLISH)
        found = decoder.properties
        decoder.response_topic = found.get(0x08)
        decoder.correlation = found.get(0x09)
        if 0x23 in found:
            _alias(decoder, found[0x23])
    if not decoder.topic:
        raise PacketError("topic", 0x82)
    return at


def _alias(decoder, number: int):
    if not 0 < number <= ALIASES:
        raise PacketError("topic alias", 0x94)
    if decoder.topic:
        decoder.aliases[number] = decoder.topic
    elif number in decoder.aliases:
        decoder.topic = decoder.aliases[number]
    else:
        raise PacketError("topic alias", 0x94)


def read_answer(decoder, kind: int, at: int, past: int):
    """CONNACK, SUBACK, UNSUBACK and the four acknowledgements of PUBLISH."""
    size = past - at
    decoder.properties = None
    if kind == _CONNACK:
        decoder.connack()
        if size > 2 and _read(decoder, at + 2, past, _IN_CONNACK) != past:
            raise PacketError("length")
    elif kind >= _SUBACK:
        at = _read(decoder, at + 2, past, _IN_ANSWER)
        if past - at != 1:
            raise PacketError("length")
        decoder.code = decoder.buffer[at]
    elif size > 2:
        decoder.code = decoder.buffer[at + 2]
        if size > 3 and _read(decoder, at + 3, past, _IN_ANSWER) != past:
            raise PacketError("length")


def read_closing(decoder, at: int, past: int):
    """DISCONNECT and AUTH."""
    decoder.properties = None
    if past > at:
        decoder.code = decoder.buffer[at]
        if past - at > 1 and _read(decoder, at + 1, past, _IN_CLOSING) != past:
            raise PacketError("length")


def connect_properties(hello) -> bytes:
    """CONNECT's properties with their length: limits, a lasting session unless `hello.clean`."""
    out = bytearray(b"\x21")
    out.extend(_RECEIVE_MAXIMUM.to_bytes(2, "big"))
    out.extend(b"\x22")
    out.extend(ALIASES.to_bytes(2, "big"))
    out.extend(b"\x27")
    out.extend(hello.receive_limit.to_bytes(4, "big"))
    if not hello.clean:
        out.extend(b"\x11")
        out.extend(_SESSION_S.to_bytes(4, "big"))
    return bytes([len(out)]) + bytes(out)


def correlated(correlation) -> bytes:
    """The properties of an answer to a request that carried this correlation data."""
    if not correlation:
        return b""
    return b"\x09" + len(correlation).to_bytes(2, "big") + correlation


def allowed_flags(flags: int, agreed: dict) -> int:
    """PUBLISH flags lowered to what the broker's CONNACK properties allow."""
    if agreed.get(0x25, 1) == 0:
        flags &= ~1
    highest = agreed.get(0x24, 2)
    if flags >> 1 & 3 > highest:
        flags = flags & 1 | highest << 1
    return flags


def _read(decoder, at: int, past: int, allowed: bytes) -> int:
    """A property list into decoder.properties; user properties are read over. Returns its end."""
    buffer = decoder.buffer
    size, at = _variable(buffer, at, past)
    end = at + size
    if end > past:
        raise PacketError("property length")
    found = {}
    while at < end:
        identifier = buffer[at]
        if identifier not in allowed:
            raise PacketError("property", 0x82)
        value, at = _value(buffer, at + 1, end, _TYPES[identifier : identifier + 1])
        if identifier in found and identifier != 0x26 and identifier != 0x0B:
            raise PacketError("property given twice", 0x82)
        found[identifier] = value
    decoder.properties = found
    return end


def _value(buffer, at: int, end: int, kind: bytes):
    """One property's value and the place after it."""
    if kind == b"V":
        return _variable(buffer, at, end)
    size = b"?BH?I".find(kind)
    if size > 0:
        past = at + size
    else:
        past = at + 2
        if past <= end:
            past += buffer[at] << 8 | buffer[at + 1]
        at += 2
    if past > end:
        raise PacketError("property length")
    data = bytes(memoryview(buffer)[at:past])
    if kind == b"P":
        return _value(buffer, past, end, b"S")
    if size > 0:
        return int.from_bytes(data, "big"), past
    return data, past


def _variable(buffer, at: int, end: int):
    """A variable byte integer and the place after it."""
    value = shift = 0
    while at < end and shift < 28:
        byte = buffer[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
    raise PacketError("property length")
