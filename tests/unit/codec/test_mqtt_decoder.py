"""Incoming packets: whole, byte by byte, broken, too large."""

import micropython

from firmware.codec.mqtt import Decoder, PacketError

CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = 0x20, 0x30, 0x40, 0x50, 0x60, 0x70
SUBACK, UNSUBACK, PINGRESP, SKIPPED = 0x90, 0xB0, 0xD0, 0x31

# bytes, kind, fields that must be so
PACKETS = (
    (b"\x20\x02\x00\x00", CONNACK, {"code": 0, "session_present": False}),
    (b"\x20\x02\x01\x00", CONNACK, {"code": 0, "session_present": True}),
    (b"\x20\x02\x00\x05", CONNACK, {"code": 5}),
    (b"\x30\x03\x00\x01a", PUBLISH, {"topic": b"a", "payload": b"", "qos": 0, "retain": False}),
    (b"\x31\x05\x00\x01ahi", PUBLISH, {"topic": b"a", "payload": b"hi", "retain": True}),
    (
        b"\x3a\x0a\x00\x03a/b\x12\x34xyz",
        PUBLISH,
        {"topic": b"a/b", "payload": b"xyz", "qos": 1, "packet_id": 0x1234, "duplicate": True},
    ),
    (b"\x34\x05\x00\x01a\x00\x07", PUBLISH, {"qos": 2, "packet_id": 7, "duplicate": False}),
    (b"\x30\x06\x00\x02\xc3\xbc12", PUBLISH, {"topic": b"\xc3\xbc", "payload": b"12"}),
    (b"\x40\x02\x00\x01", PUBACK, {"packet_id": 1}),
    (b"\x50\x02\xff\xff", PUBREC, {"packet_id": 65535}),
    (b"\x62\x02\x00\x02", PUBREL, {"packet_id": 2}),
    (b"\x70\x02\x00\x03", PUBCOMP, {"packet_id": 3}),
    (b"\x90\x03\x00\x04\x01", SUBACK, {"packet_id": 4, "code": 1}),
    (b"\x90\x03\x00\x04\x80", SUBACK, {"packet_id": 4, "code": 0x80}),
    (b"\xb0\x02\x00\x05", UNSUBACK, {"packet_id": 5}),
    (b"\xd0\x00", PINGRESP, {}),
    (b"\x30\xe4\x01\x00\x01t" + b"p" * 225, PUBLISH, {"payload": b"p" * 225}),
)

BROKEN = (
    (b"\x00\x00", "kind"),
    (b"\x10\x00", "kind"),
    (b"\x80\x00", "kind"),
    (b"\xc0\x00", "kind"),
    (b"\xe0\x00", "kind"),
    (b"\xf0\x00", "kind"),
    (b"\x21\x02\x00\x00", "flags"),
    (b"\x41\x02\x00\x01", "flags"),
    (b"\x60\x02\x00\x01", "flags"),
    (b"\xd1\x00", "flags"),
    (b"\x20\x01\x00", "length"),
    (b"\x20\x00", "length"),
    (b"\x20\x02\x02\x00", "flags"),
    (b"\x20\x03\x00\x00\x00", "length"),
    (b"\x30\x00", "topic length"),
    (b"\x30\x01\x00", "topic length"),
    (b"\x30\x02\x00\x00", "topic"),
    (b"\x30\x03\x00\x02a", "topic length"),
    (b"\x32\x03\x00\x01a", "topic length"),
    (b"\x32\x05\x00\x01a\x00\x00", "identifier"),
    (b"\x36\x05\x00\x01a\x00\x01", "flags"),
    (b"\x38\x03\x00\x01a", "flags"),
    (b"\x30\x03\x00\x01+", "topic"),
    (b"\x30\x04\x00\x02a#", "topic"),
    (b"\x30\x04\x00\x02a\x00", "topic"),
    (b"\x30\x03\x00\x01\xff", "topic"),
    (b"\x30\x04\x00\x02\xc3a", "topic"),
    (b"\x40\x00", "length"),
    (b"\x40\x03\x00\x01\x00", "length"),
    (b"\x90\x02\x00\x01", "length"),
    (b"\x90\x03\x00\x01\x03", "code"),
    (b"\xd0\x01\x00", "length"),
    (b"\x30\xff\xff\xff\xff\x01", "length"),
    (b"\x90\xff\x7f" + b"\x00" * 40, "size"),
)


def fed(decoder, data, portion):
    """Feed bytes as a socket would, `portion` at a time; [(kind, copied fields), …]."""
    found = []
    data = bytearray(data)
    while data:
        target = decoder.target()
        count = min(len(target), portion, len(data))
        assert count
        memoryview(target)[:count] = data[:count]
        data = data[count:]
        decoder.filled(count)
        while kind := decoder.next():
            payload = None if kind != PUBLISH else bytes(decoder.payload)
            found.append((kind, bytes(decoder.topic), payload, decoder.qos, decoder.packet_id))
    return found


def take(decoder, data, portion):
    kinds = [packet[0] for packet in fed(decoder, data, portion)]
    return kinds[-1] if kinds else 0


def test_each_packet_whole_and_byte_by_byte():
    for data, kind, fields in PACKETS:
        for portion in (1, 2, 3, 1000):
            decoder = Decoder(512)
            assert take(decoder, data, portion) == kind, data
            for name in fields:
                assert getattr(decoder, name) == fields[name], (data, name)


def test_packets_in_a_row_do_not_disturb_each_other():
    stream = b"".join([packet[0] for packet in PACKETS])
    kinds = [packet[1] for packet in PACKETS]
    for portion in (1, 7, 1000):
        assert [packet[0] for packet in fed(Decoder(512), stream, portion)] == kinds


def test_a_packet_is_complete_with_its_last_byte_only():
    for data, _kind, _fields in PACKETS:
        for length in range(len(data)):
            assert take(Decoder(512), data[:length], 1) == 0


def test_broken_packets_are_refused_with_the_reason():
    for data, reason in BROKEN:
        for portion in (1, 1000):
            try:
                take(Decoder(64), data, portion)
            except PacketError as error:
                assert reason in str(error), (data, str(error))
            else:
                raise AssertionError(data)


def test_a_large_publish_is_skipped_and_reported_once():
    for size in (65, 100, 128, 129, 1000, 20000):
        for head, qos in ((0x31, 0), (0x33, 1)):
            body = b"\x00\x03a/b\x00\x09" + b"x" * (size - 7)
            data = bytes([head]) + length_bytes(size) + body
            for portion in (1, 50, 64, 100000) if size < 2000 else (1000,):
                decoder = Decoder(64)
                found = fed(decoder, data + b"\xd0\x00" + b"\x30\x04\x00\x01az", portion)
                assert [packet[0] for packet in found] == [SKIPPED, PINGRESP, PUBLISH]
                assert found[0][1:4] == (b"a/b", None, qos)
                assert not qos or found[0][4] == 9
                assert found[2][1:3] == (b"a", b"z")


def test_the_buffer_grows_for_a_long_packet_up_to_the_limit():
    for size in (2420, 2500, 4000, 4093):
        body = b"\x00\x03a/b" + b"x" * (size - 5)
        data = b"\x30\x04\x00\x01az" + b"\x30" + length_bytes(size) + body + b"\xd0\x00"
        for portion in (1, 700, 100000):
            decoder = Decoder(4096)
            assert len(decoder.buffer) == 2432
            found = fed(decoder, data, portion)
            assert [packet[0] for packet in found] == [PUBLISH, PUBLISH, PINGRESP]
            assert found[1][1:3] == (b"a/b", b"x" * (size - 5))
            assert max(2432, size + 3) <= len(decoder.buffer) <= 4096


def test_without_memory_to_grow_a_long_packet_is_skipped():
    decoder = Decoder(4096)
    decoder._grown = lambda size: False
    data = b"\x30" + length_bytes(3000) + b"\x00\x03a/b" + b"x" * 2995
    found = fed(decoder, data + b"\x30\x04\x00\x01az", 300)
    assert [packet[0] for packet in found] == [SKIPPED, PUBLISH]
    assert len(decoder.buffer) == 2432


def length_bytes(size):
    out = bytearray()
    while size > 127:
        out.append(size & 127 | 128)
        size >>= 7
    out.append(size)
    return bytes(out)


def test_a_topic_larger_than_the_buffer_is_refused():
    try:
        take(Decoder(64), b"\x30\xe8\x07\x01\x00" + b"t" * 998, 1000)
    except PacketError as error:
        assert "topic length" in str(error)
    else:
        raise AssertionError


def test_topics_of_equal_length_and_end_are_told_apart():
    decoder = Decoder(64)
    for topic in (b"set/M1", b"set/M2", b"get/M1", b"set/M1", b"ret/M1") * 3:
        data = bytes([0x30, len(topic) + 3, 0, len(topic)]) + topic + b"!"
        assert take(decoder, data, 100) == PUBLISH
        assert decoder.topic == topic and decoder.payload == b"!"


def test_many_topics_do_not_fill_the_memory():
    decoder = Decoder(64)
    for number in range(500):
        topic = b"t/%d" % number
        data = bytes([0x30, len(topic) + 2, 0, len(topic)]) + topic
        assert take(decoder, data, 100) == PUBLISH and decoder.topic == topic
    assert len(decoder._topics) <= 16


def test_after_a_cut_the_next_connection_starts_fresh():
    decoder = Decoder(64)
    take(decoder, b"\x30\x10\x00\x01a half of", 3)
    decoder.begin(None)
    assert take(decoder, b"\xd0\x00", 2) == PINGRESP


def test_repeated_messages_allocate_nothing():
    decoder = Decoder(512)
    data = b"\x32\xd1\x01\x00\x05a/b/c\x00\x01" + b"p" * 200

    def received():
        target = decoder.target()
        for index in range(212):
            target[index] = data[index]
        decoder.filled(212)
        return decoder.next()

    assert received() == PUBLISH and received() == PUBLISH
    micropython.heap_lock()
    try:
        kind = received()
    finally:
        micropython.heap_unlock()
    assert kind == PUBLISH and decoder.payload == b"p" * 200 and decoder.topic == b"a/b/c"
