"""MQTT 5's additions to the packets."""

from firmware.codec import mqtt5
from firmware.codec.mqtt import Decoder, PacketError
from firmware.codec.mqtt_encoder import Encoder
from firmware.codec.mqtt_greeting import connect

CONNACK, PUBLISH, PUBACK, PUBREC, SUBACK, DISCONNECT, AUTH = (
    0x20,
    0x30,
    0x40,
    0x50,
    0x90,
    0xE0,
    0xF0,
)


def decoded(data, decoder=None):
    """(kind, decoder) of one packet."""
    if decoder is None:
        decoder = Decoder(256)
        decoder.begin(mqtt5)
    memoryview(decoder.target())[: len(data)] = data
    decoder.filled(len(data))
    return decoder.next(), decoder


def packet(head, body):
    return bytes([head, len(body)]) + body


def publish(topic, properties, payload=b"", head=0x30):
    body = bytes([0, len(topic)]) + topic + bytes([len(properties)]) + properties + payload
    return packet(head, body)


# packet, kind, fields
PACKETS = (
    (b"\x20\x03\x00\x00\x00", CONNACK, {"code": 0, "session_present": False, "properties": {}}),
    (b"\x20\x03\x01\x00\x00", CONNACK, {"session_present": True}),
    (b"\x20\x02\x00\x01", CONNACK, {"code": 1}),
    (b"\x20\x03\x00\x84\x00", CONNACK, {"code": 0x84}),
    (
        b"\x20\x0f\x00\x00\x0c\x21\x00\x05\x13\x00\x14\x12\x00\x03abc",
        CONNACK,
        {"properties": {0x21: 5, 0x13: 20, 0x12: b"abc"}},
    ),
    (b"\x20\x08\x00\x00\x05\x27\x00\x01\x00\x00", CONNACK, {"properties": {0x27: 65536}}),
    (b"\x40\x02\x00\x07", PUBACK, {"packet_id": 7, "code": 0}),
    (b"\x40\x03\x00\x07\x10", PUBACK, {"code": 0x10}),
    (b"\x40\x04\x00\x07\x97\x00", PUBACK, {"code": 0x97}),
    (
        b"\x50\x09\x00\x07\x97\x05\x1f\x00\x02no",
        PUBREC,
        {"code": 0x97, "properties": {0x1F: b"no"}},
    ),
    (b"\x90\x04\x00\x07\x00\x02", SUBACK, {"packet_id": 7, "code": 2}),
    (b"\x90\x04\x00\x07\x00\x87", SUBACK, {"code": 0x87}),
    (b"\xb0\x04\x00\x07\x00\x11", 0xB0, {"code": 0x11}),
    (b"\xe0\x00", DISCONNECT, {"code": 0}),
    (b"\xe0\x01\x8b", DISCONNECT, {"code": 0x8B}),
    (b"\xe0\x02\x8e\x00", DISCONNECT, {"code": 0x8E}),
    (b"\xf0\x02\x18\x00", AUTH, {"code": 0x18}),
    (
        publish(b"a", b"", b"hi"),
        PUBLISH,
        {"topic": b"a", "payload": b"hi", "response_topic": None},
    ),
    (
        publish(b"a", b"\x08\x00\x01r\x09\x00\x02\x01\x02", b"hi"),
        PUBLISH,
        {"payload": b"hi", "response_topic": b"r", "correlation": b"\x01\x02"},
    ),
    (
        publish(b"a", b"\x26\x00\x01k\x00\x01v\x26\x00\x01k\x00\x01w\x01\x01", b"hi"),
        PUBLISH,
        {"payload": b"hi"},
    ),
    (publish(b"a", b"\x0b\x80\x01\x0b\x05\x02\x00\x00\x00\x09"), PUBLISH, {"payload": b""}),
)

BROKEN = (
    publish(b"", b""),
    publish(b"a", b"\x23\x00\x00"),
    publish(b"a", b"\x23\x00\x09"),
    publish(b"", b"\x23\x00\x01"),
    publish(b"a", b"\x08\x00\x01r\x08\x00\x01r"),
    publish(b"a", b"\x11\x00\x00\x00\x01"),
    publish(b"a", b"\x00\x01"),
    publish(b"a", b"\x7f\x01"),
    publish(b"a", b"\x08\x00\x09r"),
    publish(b"a", b"\x08\x00"),
    publish(b"a", b"\x02\x00\x00"),
    b"\x30\x04\x00\x01a\x05",
    b"\x30\x04\x00\x01a\x80",
    b"\x30\x08\x00\x01a\xff\xff\xff\xff\x01",
    b"\x30\x03\x00\x01a",
    b"\x20\x04\x00\x00\x00\x00",
    b"\x20\x04\x00\x00\x05\x21",
    b"\x20\x03\x02\x00\x00",
    b"\x90\x03\x00\x07\x00",
    b"\x90\x05\x00\x07\x00\x00\x00",
    b"\x40\x05\x00\x07\x00\x00\x00",
    b"\xe0\x03\x00\x00\x00",
    b"\xd0\x01\x00",
)


def test_packets_with_properties():
    for data, kind, fields in PACKETS:
        found, decoder = decoded(data)
        assert found == kind, data
        for name, value in fields.items():
            assert getattr(decoder, name) == value, (data, name, getattr(decoder, name))


def test_broken_packets_are_refused():
    for data in BROKEN:
        try:
            decoded(data)
        except PacketError as error:
            assert 0x80 <= error.code <= 0x9F, data
        else:
            raise AssertionError(data)


def test_a_topic_alias_stands_for_its_topic_until_it_is_changed():
    _, decoder = decoded(publish(b"long/topic", b"\x23\x00\x01"))
    for data, topic in (
        (publish(b"", b"\x23\x00\x01"), b"long/topic"),
        (publish(b"other", b"\x23\x00\x02"), b"other"),
        (publish(b"", b"\x23\x00\x01"), b"long/topic"),
        (publish(b"", b"\x23\x00\x02"), b"other"),
        (publish(b"new", b"\x23\x00\x01"), b"new"),
        (publish(b"", b"\x23\x00\x01"), b"new"),
    ):
        decoded(data, decoder)
        assert decoder.topic == topic
    decoder.begin(mqtt5)
    try:
        decoded(publish(b"", b"\x23\x00\x01"), decoder)
    except PacketError as error:
        assert error.code == 0x94
    else:
        raise AssertionError


def test_every_reason_has_words():
    for code in range(0x80, 0xA3):
        assert not mqtt5.reason(code).startswith("reason"), code
    assert mqtt5.reason(0x84) == "protocol version not supported"
    assert mqtt5.reason(0xFE) == "reason 254"


def test_flags_are_lowered_to_what_the_broker_allows():
    for flags, agreed, expected in (
        (5, {}, 5),
        (5, {0x25: 0}, 4),
        (5, {0x24: 1}, 3),
        (4, {0x24: 0}, 0),
        (3, {0x24: 1, 0x25: 1}, 3),
    ):
        assert mqtt5.allowed_flags(flags, agreed) == expected


class Hello:
    client_id = b"box"
    keepalive_s = 60
    clean = True
    receive_limit = 4096
    will = (b"w", b"gone", 1, True)
    user = password = None


class Letter:
    """A message as the encoder wants it."""

    def __init__(self, topic, payload, flags=0, packet_id=0, properties=b""):
        self.topic, self.payload, self.flags, self.packet_id = topic, payload, flags, packet_id
        self.properties = properties


def test_packets_that_we_send():
    encoder = Encoder(200)
    encoder.begin(mqtt5)
    hello = Hello()
    for name, arguments, expected in (
        (
            connect,
            (encoder, hello),
            b"\x10\x25\x00\x04MQTT\x05\x2e\x00\x3c\x0b\x21\x00\x10\x22\x00\x08\x27\x00\x00\x10\x00"
            b"\x00\x03box\x00\x00\x01w\x00\x04gone",
        ),
        ("publish", (Letter(b"a", b"hi", 0, 0),), b"\x30\x06\x00\x01a\x00hi"),
        ("publish", (Letter(b"a", b"hi", 2, 5),), b"\x32\x08\x00\x01a\x00\x05\x00hi"),
        (
            "publish",
            (Letter(b"a", b"hi", 0, 0, b"\x09\x00\x01c"),),
            b"\x30\x0a\x00\x01a\x04\x09\x00\x01chi",
        ),
        ("ask", (1, b"a", 1), b"\x82\x07\x00\x01\x00\x00\x01a\x01"),
        ("ask", (1, b"a", -1), b"\xa2\x06\x00\x01\x00\x00\x01a"),
        ("disconnect", (0,), b"\xe0\x00"),
        ("disconnect", (0x94,), b"\xe0\x01\x94"),
        ("acknowledge", (0x40, 1), b"\x40\x02\x00\x01"),
    ):
        if name is connect:
            connect(*arguments)
        else:
            getattr(encoder, name)(*arguments)
        assert bytes(encoder.buffer[: encoder.end]) == expected, (
            name,
            bytes(encoder.buffer[: encoder.end]),
        )
        encoder.sent(encoder.end)
    assert not encoder.put(b"a", b"b", 0)
    hello.clean = False
    hello.will = None
    connect(encoder, hello)
    assert b"\x11\x00\x09\x3a\x80" in encoder.buffer[: encoder.end]


def test_correlation_goes_back_as_it_came():
    assert mqtt5.correlated(None) == b""
    assert mqtt5.correlated(b"\x01\x02") == b"\x09\x00\x02\x01\x02"
