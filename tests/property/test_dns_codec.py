"""DNS answers against anything."""

import os
import random

from firmware.codec.dns import DnsError, answer, question

INPUTS = int(os.environ.get("FUZZ_INPUTS", "20000"))
ASKED = question("broker.example", 7)
SEED = (
    b"\x00\x07\x81\x80\x00\x01\x00\x02\x00\x00\x00\x00"
    + ASKED[12:]
    + b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x07\x04real\xc0\x13"
    + b"\x04real\xc0\x13\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x0a\x00\x00\x01"
)


def test_the_seed_is_sound():
    assert answer(SEED, "broker.example", 7) == ("10.0.0.1", 60)


def test_mutated_answers_end_in_a_dns_error_at_worst():
    rng = random.Random(5)
    for _ in range(INPUTS):
        data = bytearray(SEED)
        for _ in range(rng.randint(1, 5)):
            value = rng.choice((0, 1, 12, 0xC0, 0xFF, rng.randrange(256)))
            data[rng.randrange(2, len(data))] = value
        if rng.random() < 0.3:
            del data[rng.randrange(len(data)) :]
        try:
            found = answer(bytes(data), "broker.example", 7)
        except DnsError:
            continue
        assert found is None or (found[0].count(".") == 3 and 0 <= found[1] <= 65535)
