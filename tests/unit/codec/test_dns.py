"""DNS packets: questions, answers, and what tries to pass for one."""

from firmware.codec.dns import DnsError, answer, question

ASKED = b"\x06broker\x07example\x00\x00\x01\x00\x01"
POINTER = b"\xc0\x0c"


def response(answers, count=1, code=0, number=b"\x12\x34", asked=ASKED):
    head = number + bytes([0x81, 0x80 | code, 0, 1, 0, count, 0, 0, 0, 0])
    return head + asked + answers


def record(owner, kind, data, ttl=60):
    head = bytes([0, kind, 0, 1]) + ttl.to_bytes(4, "big") + len(data).to_bytes(2, "big")
    return owner + head + data


def test_the_question():
    assert question("broker.example", 0x1234) == b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0" + ASKED


def test_answers():
    here = record(POINTER, 1, b"\x0a\x00\x00\x07", 300)
    alias = b"\x04real\x07example\x00"
    for packet, expected in (
        (response(here), ("10.0.0.7", 300)),
        (response(here + here, 2), ("10.0.0.7", 300)),
        (response(record(POINTER, 28, b"\0" * 16) + here, 2), ("10.0.0.7", 300)),
        (
            response(record(POINTER, 5, alias) + record(alias, 1, b"\x01\x02\x03\x04"), 2),
            ("1.2.3.4", 60),
        ),
        (response(record(POINTER, 1, b"\x01\x02\x03\x04", 1 << 31)), ("1.2.3.4", 65535)),
        (response(here, asked=ASKED.replace(b"broker", b"BROKER")), ("10.0.0.7", 300)),
        (
            b"\x12\x34\x84\0\0\0\0\x01\0\0\0\0" + record(ASKED[:-4], 1, b"\x01\x02\x03\x04"),
            ("1.2.3.4", 60),
        ),
        (response(here, number=b"\x12\x35"), None),
        (response(here, asked=ASKED.replace(b"broker", b"breker")), None),
        (question("broker.example", 0x1234), None),
        (b"\x12\x34", None),
    ):
        assert answer(packet, "broker.example", 0x1234) == expected, packet


def test_refusals_and_broken_answers_are_errors():
    loop = response(record(b"\xc0\x21", 1, b"\x01\x02\x03\x04"))
    other = response(record(b"\x01x\x00", 1, b"\x01\x02\x03\x04"))
    for packet, reason in (
        (response(b"", 0, 3), "no such name"),
        (response(b"", 0, 2), "failure 2"),
        (response(b"", 0), "no address"),
        (other, "no address"),
        (response(b"", 1), "cut"),
        (response(record(POINTER, 1, b"\x01\x02\x03\x04")[:-1]), "cut"),
        (loop[:32] + b"\xc0\x20" + loop[34:], "endless"),
    ):
        try:
            answer(packet, "broker.example", 0x1234)
        except DnsError as error:
            assert reason in str(error), (packet, str(error))
        else:
            raise AssertionError(packet)


def test_every_cut_of_an_answer_ends():
    packet = response(
        record(POINTER, 5, b"\x04real\xc0\x13") + record(b"\x04real\xc0\x13", 1, b"abcd"), 2
    )
    assert answer(packet, "broker.example", 0x1234) == ("97.98.99.100", 60)
    for size in range(len(packet)):
        try:
            assert answer(packet[:size], "broker.example", 0x1234) is None
        except (DnsError, IndexError):
            continue
