"""Outgoing packets, byte for byte against the standard's tables."""

import micropython

from firmware.codec.mqtt_encoder import Encoder
from firmware.codec.mqtt_greeting import connect


class Hello:
    client_id = b"box"
    keepalive_s = 60
    clean = True
    will = user = password = None


class Letter:
    """A message as the encoder wants it."""

    def __init__(self, topic, payload, flags=0, packet_id=0):
        self.topic, self.payload, self.flags, self.packet_id = topic, payload, flags, packet_id
        self.properties = b""


def written(encoder):
    """All bytes, as a socket would take them; one write per packet is the caller's affair."""
    out = bytearray()
    while encoder.end > encoder.start:
        out.extend(encoder.buffer[encoder.start : encoder.end])
        encoder.sent(encoder.end - encoder.start)
    return bytes(out)


def test_packets_without_much_in_them():
    encoder = Encoder(64)
    for name, arguments, expected in (
        ("ping", (), b"\xc0\x00"),
        ("disconnect", (0,), b"\xe0\x00"),
        ("acknowledge", (0x40, 1), b"\x40\x02\x00\x01"),
        ("acknowledge", (0x50, 0x1234), b"\x50\x02\x12\x34"),
        ("acknowledge", (0x60, 65535), b"\x62\x02\xff\xff"),
        ("acknowledge", (0x70, 2), b"\x70\x02\x00\x02"),
        ("ask", (10, b"a/#", 1), b"\x82\x08\x00\x0a\x00\x03a/#\x01"),
        ("ask", (11, b"a/#", -1), b"\xa2\x07\x00\x0b\x00\x03a/#"),
        ("publish", (Letter(b"a", b"", 0, 0),), b"\x30\x03\x00\x01a"),
        ("publish", (Letter(b"a", b"hi", 1, 0),), b"\x31\x05\x00\x01ahi"),
        ("publish", (Letter(b"a/b", b"x", 10, 7),), b"\x3a\x08\x00\x03a/b\x00\x07x"),
    ):
        getattr(encoder, name)(*arguments)
        assert written(encoder) == expected, name


def test_connect_says_what_was_asked():
    encoder = Encoder(200)
    hello = Hello()
    connect(encoder, hello)
    assert written(encoder) == b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x3c\x00\x03box"
    hello.clean = False
    hello.will = (b"w", b"gone", 1, True)
    hello.user = b"me"
    hello.password = b"pw"
    connect(encoder, hello)
    expected = b"\x00\x04MQTT\x04\xec\x00\x3c\x00\x03box\x00\x01w\x00\x04gone\x00\x02me\x00\x02pw"
    assert written(encoder) == bytes([0x10, len(expected)]) + expected


def test_lengths_of_one_to_three_bytes():
    for size in (0, 122, 123, 124, 125, 126, 127, 128, 16378, 16379, 16380, 16381, 40000):
        encoder = Encoder(256)
        encoder.publish(Letter(b"abc", b"x" * size))
        data = written(encoder)
        length, shift, at = 0, 0, 1
        while True:
            length |= (data[at] & 127) << shift
            shift += 7
            at += 1
            if data[at - 1] < 128:
                break
        assert length == size + 5 == len(data) - at
        assert data[at + 5 :] == b"x" * size


def test_a_large_payload_passes_through_in_slices_and_bars_others():
    encoder = Encoder(64)
    encoder.publish(Letter(b"t", b"0123456789" * 30))
    assert encoder.room() == 0 and encoder.end == 64
    out = bytearray()
    while encoder.end:
        assert not encoder.open or encoder.room() == 0
        out.extend(encoder.buffer[encoder.start : encoder.start + 5])
        encoder.sent(min(5, encoder.end - encoder.start))
    assert bytes(out[6:306]) == b"0123456789" * 30
    assert encoder.room() == 64


def test_the_quick_way_and_the_long_way_give_the_same_bytes():
    for flags, packet_id in ((0, 0), (1, 0), (2, 7), (13, 65535)):
        for size in (0, 1, 100, 117, 118, 119, 120, 121, 122, 123, 124, 500):
            one, other = Encoder(600), Encoder(600)
            one.publish(Letter(b"to/pic", b"x" * size, flags, packet_id))
            other.packet_id = packet_id
            assert other.put(b"to/pic", b"x" * size, flags)
            assert written(one) == written(other), (flags, size)


def test_the_quick_way_refuses_what_does_not_fit():
    encoder = Encoder(64)
    assert not encoder.put(b"t", b"x" * 60, 0) and encoder.end == 0
    assert encoder.put(b"t", b"x" * 20, 0)
    assert not encoder.put(b"t", b"x" * 40, 0)
    encoder.five = True
    assert not encoder.put(b"t", b"", 0)


class Streamed:
    """A payload that is made while it is sent."""

    def __init__(self, pieces, length=None):
        self.pieces = pieces
        self.said = sum(len(piece) for piece in pieces) if length is None else length

    def length(self):
        return self.said

    def chunks(self):
        yield from self.pieces


def test_streamed_payloads_of_any_chunking():
    for pieces in ([b"abc"], [b""], [], [b"", b"a", b"", b"bc" * 50], [b"x" * 500], [b"yz"] * 300):
        encoder = Encoder(64)
        encoder.publish(Letter(b"t", Streamed(pieces)))
        data = written(encoder)
        body = b"".join(pieces)
        assert data.endswith(b"\x00\x01t" + body) and len(data) <= len(body) + 6
        assert encoder.room() == 64


def test_a_streamed_payload_longer_than_said_is_cut_and_a_shorter_one_noticed():
    encoder = Encoder(64)
    encoder.publish(Letter(b"t", Streamed([b"abcdef"], 4)))
    assert written(encoder) == b"\x30\x07\x00\x01tabcd"
    try:
        encoder.publish(Letter(b"t", Streamed([b"abc"], 4)))
        written(encoder)
    except StopIteration:
        return
    raise AssertionError


def test_a_partial_write_keeps_the_remainder():
    encoder = Encoder(64)
    encoder.ping()
    encoder.acknowledge(0x40, 5)
    encoder.sent(3)
    assert bytes(encoder.buffer[encoder.start : encoder.end]) == b"\x02\x00\x05"
    encoder.ping()
    assert written(encoder) == b"\x02\x00\x05\xc0\x00"
    assert encoder.start == encoder.end == 0


def test_acknowledging_allocates_nothing():
    encoder = Encoder(512)
    payload = b"p" * 200
    topic = b"a/b/c"
    assert encoder.put(topic, payload, 2)
    micropython.heap_lock()
    try:
        encoder.acknowledge(0x40, 7)
        encoder.ping()
        encoder.sent(encoder.end)
    finally:
        micropython.heap_unlock()
    assert encoder.end == 0
