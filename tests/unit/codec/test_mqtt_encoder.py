"""Outgoing packets, byte for byte against the standard's tables."""

import micropython

from firmware.codec.mqtt_encoder import Encoder


class Hello:
    keepalive_s = 60
    clean = True
    will = user = password = None


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
        ("disconnect", (), b"\xe0\x00"),
        ("acknowledge", (0x40, 1), b"\x40\x02\x00\x01"),
        ("acknowledge", (0x50, 0x1234), b"\x50\x02\x12\x34"),
        ("acknowledge", (0x60, 65535), b"\x62\x02\xff\xff"),
        ("acknowledge", (0x70, 2), b"\x70\x02\x00\x02"),
        ("subscribe", (10, b"a/#", 1), b"\x82\x08\x00\x0a\x00\x03a/#\x01"),
        ("unsubscribe", (11, b"a/#"), b"\xa2\x07\x00\x0b\x00\x03a/#"),
        ("publish", (b"a", b"", 0, 0), b"\x30\x03\x00\x01a"),
        ("publish", (b"a", b"hi", 1, 0), b"\x31\x05\x00\x01ahi"),
        ("publish", (b"a/b", b"x", 10, 7), b"\x3a\x08\x00\x03a/b\x00\x07x"),
    ):
        getattr(encoder, name)(*arguments)
        assert written(encoder) == expected, name


def test_connect_says_what_was_asked():
    encoder = Encoder(200)
    hello = Hello()
    encoder.connect(b"box", hello)
    assert written(encoder) == b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x3c\x00\x03box"
    hello.clean = False
    hello.will = (b"w", b"gone", 1, True)
    hello.user = b"me"
    hello.password = b"pw"
    encoder.connect(b"box", hello)
    expected = b"\x00\x04MQTT\x04\xec\x00\x3c\x00\x03box\x00\x01w\x00\x04gone\x00\x02me\x00\x02pw"
    assert written(encoder) == bytes([0x10, len(expected)]) + expected


def test_lengths_of_one_to_three_bytes():
    for size in (0, 122, 123, 124, 125, 126, 127, 128, 16378, 16379, 16380, 16381, 40000):
        encoder = Encoder(256)
        encoder.publish(b"abc", b"x" * size, 0, 0)
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
    encoder.publish(b"t", b"0123456789" * 30, 0, 0)
    assert encoder.room() == 0 and encoder.end == 64
    out = bytearray()
    while encoder.end:
        assert encoder.rest is None or encoder.room() == 0
        out.extend(encoder.buffer[encoder.start : encoder.start + 5])
        encoder.sent(min(5, encoder.end - encoder.start))
    assert bytes(out[6:306]) == b"0123456789" * 30
    assert encoder.room() == 64


def test_a_partial_write_keeps_the_remainder():
    encoder = Encoder(64)
    encoder.ping()
    encoder.acknowledge(0x40, 5)
    encoder.sent(3)
    assert bytes(encoder.buffer[encoder.start : encoder.end]) == b"\x02\x00\x05"
    encoder.ping()
    assert written(encoder) == b"\x02\x00\x05\xc0\x00"
    assert encoder.start == encoder.end == 0


def test_publishing_allocates_at_most_the_two_slices():
    encoder = Encoder(512)
    payload = b"p" * 200
    topic = b"a/b/c"
    encoder.publish(topic, payload, 2, 1)
    micropython.heap_lock()
    try:
        encoder.acknowledge(0x40, 7)
        encoder.ping()
        encoder.sent(encoder.end)
    finally:
        micropython.heap_unlock()
    assert encoder.end == 0
