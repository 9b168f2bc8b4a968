"""The MQTT codec against anything: round trips, mutations, noise. FUZZ_INPUTS sets how many."""

import os
import random
import tracemalloc

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.codec import mqtt5
from firmware.codec.mqtt import Decoder, PacketError
from firmware.codec.mqtt_encoder import Encoder

INPUTS = int(os.environ.get("FUZZ_INPUTS", "20000"))
LIMIT = 512
PUBLISH, SKIPPED = 0x30, 0x31

# Whole packets of every kind a broker sends, as seeds for mutation: 3.1.1 first, then MQTT 5.
SEEDS_4 = (
    b"\x20\x02\x00\x00",
    b"\x30\x07\x00\x03a/bhi",
    b"\x3b\x09\x00\x03a/b\x00\x07hi",
    b"\x34\xaa\x01\x00\x03a/b\x00\x07" + b"x" * 163,
    b"\x40\x02\x00\x01",
    b"\x50\x02\x00\x01",
    b"\x62\x02\x00\x01",
    b"\x70\x02\x00\x01",
    b"\x90\x03\x00\x01\x02",
    b"\xb0\x02\x00\x01",
    b"\xd0\x00",
    b"\x32\xe8\x07\x00\x03a/b\x00\x07" + b"y" * 993,
)
SEEDS_5 = (
    b"\x20\x0f\x00\x00\x0c\x21\x00\x05\x13\x00\x14\x12\x00\x03abc",
    b"\x30\x12\x00\x01a\x0c\x08\x00\x01r\x09\x00\x02\x01\x02\x23\x00\x01hi",
    b"\x32\x15\x00\x01a\x00\x07\x0f\x26\x00\x01k\x00\x01v\x0b\x80\x01\x02\x00\x00\x00\x09",
    b"\x40\x04\x00\x07\x97\x00",
    b"\x50\x09\x00\x07\x97\x05\x1f\x00\x02no",
    b"\x90\x04\x00\x07\x00\x02",
    b"\xe0\x09\x8b\x07\x1f\x00\x04gone",
    b"\xf0\x02\x18\x00",
    b"\xd0\x00",
)


def fed(decoder, data, portions):
    """Kinds and fields of what comes out; `portions` gives the size of each read."""
    found = []
    at = 0
    while at < len(data):
        target = decoder.target()
        count = min(len(target), next(portions), len(data) - at)
        assert count > 0
        memoryview(target)[:count] = data[at : at + count]
        at += count
        decoder.filled(count)
        while kind := decoder.next():
            payload = bytes(decoder.payload) if kind == PUBLISH else b""
            found.append((kind, decoder.topic, payload, decoder.qos))
    return found


def endless(rng, most):
    while True:
        yield rng.randint(1, most)


class Letter:
    def __init__(self, topic, payload, flags, packet_id):
        self.topic, self.payload, self.flags, self.packet_id = topic, payload, flags, packet_id
        self.properties = b""


topics = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="+#\0"), min_size=1, max_size=40
)


@given(
    st.lists(
        st.tuples(topics, st.binary(max_size=900), st.integers(0, 2), st.booleans()), max_size=8
    ),
    st.booleans(),
    st.integers(1, 600),
    st.integers(20, 2000),
)
@settings(max_examples=max(100, INPUTS // 100), deadline=None)
def test_what_we_encode_comes_back(messages, five, portion, size):
    encoder, decoder = Encoder(max(size, 200)), Decoder(2000)
    version = mqtt5 if five else None
    encoder.begin(version)
    decoder.begin(version)
    wire = bytearray()
    for number, (topic, payload, qos, retain) in enumerate(messages, 1):
        flags = qos << 1 | retain
        encoder.packet_id = number
        if not encoder.put(topic.encode(), payload, flags):
            encoder.publish(Letter(topic.encode(), payload, flags, number))
        while encoder.end:
            wire += encoder.buffer[encoder.start : encoder.end]
            encoder.sent(encoder.end - encoder.start)
    expected = [(PUBLISH, topic.encode(), payload, qos) for topic, payload, qos, _ in messages]
    assert fed(decoder, wire, endless(random.Random(portion), portion)) == expected


def survived(decoder, version, data, rng):
    """Feed one hostile input; nothing but PacketError may come out of it."""
    decoder.begin(version)
    try:
        found = fed(decoder, data, endless(rng, rng.choice((1, 7, 4096))))
    except PacketError as error:
        assert str(error).startswith("bad ") and 0x80 <= error.code <= 0x9F
        return
    for _, topic, payload, qos in found:
        assert len(topic) + len(payload) <= LIMIT and qos < 3


def mutated(rng, seeds):
    data = bytearray(b"".join(rng.choices(seeds, k=rng.randint(1, 4))))
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(data)) if data else 0
        how = rng.randrange(5)
        if how == 0 and data:
            data[at] ^= 1 << rng.randrange(8)
        elif how == 1 and data:
            data[at] = rng.choice((0, 1, 127, 128, 255))
        elif how == 2:
            data[at:at] = rng.randbytes(rng.randint(1, 4))
        elif how == 3:
            del data[at : at + rng.randint(1, 9)]
        else:
            data += data[at : at + 40]
    return bytes(data)


def test_mutated_packets_and_noise_end_in_a_packet_error_at_worst():
    rng = random.Random(20260101)
    decoder = Decoder(LIMIT)
    for version, seeds in ((None, SEEDS_4), (mqtt5, SEEDS_5)):
        for _ in range(INPUTS * 2 // 5):
            survived(decoder, version, mutated(rng, seeds), rng)
        for _ in range(INPUTS // 10):
            survived(decoder, version, rng.randbytes(rng.randint(0, 80)), rng)


def test_the_seeds_themselves_are_sound():
    for version, seeds in ((None, SEEDS_4), (mqtt5, SEEDS_5)):
        for seed in seeds:
            decoder = Decoder(LIMIT)
            decoder.begin(version)
            assert len(fed(decoder, seed, endless(random.Random(1), 4096))) == 1, seed


def test_hostile_input_does_not_make_the_decoder_grow():
    rng = random.Random(7)
    decoder = Decoder(LIMIT)

    def feed(count):
        for _ in range(count):
            survived(decoder, mqtt5, mutated(rng, SEEDS_5), rng)

    feed(500)
    tracemalloc.start()
    feed(200)
    before = tracemalloc.get_traced_memory()[0]
    feed(3000)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 20000
