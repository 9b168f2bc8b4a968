"""Every name is the box; what is no question gets no answer."""

from firmware.codec import dns
from firmware.codec.dns_reply import reply

HERE = b"\xc0\xa8\x04\x01"


def test_every_name_is_the_box():
    for name in ("captive.apple.com", "connectivitycheck.gstatic.com", "a", "x" * 63 + ".de"):
        answer = reply(dns.question(name, 0x1234), HERE)
        assert dns.answer(answer, name, 0x1234) == ("192.168.4.1", 10), name


def test_other_records_do_not_exist_and_other_classes_are_refused():
    asked = bytearray(dns.question("box", 7))
    for kind, klass, code, count in (
        (28, 1, 0, 0),
        (65, 1, 0, 0),
        (15, 1, 0, 0),
        (255, 1, 0, 1),
        (1, 3, 5, 0),
        (1, 255, 5, 0),
    ):
        asked[-3], asked[-1] = kind, klass
        answer = reply(bytes(asked), HERE)
        assert answer[2] & 0x80 and answer[3] & 15 == code and answer[7] == count, kind
        assert answer[:2] == b"\0\x07"


def test_additional_records_of_the_question_are_left_out():
    asked = bytearray(dns.question("box", 7))
    asked[11] = 1
    answer = reply(bytes(asked) + b"\0\0\x29\x10\0\0\0\0\0\0\0", HERE)
    assert dns.answer(answer, "box", 7) == ("192.168.4.1", 10)
    assert answer[10:12] == b"\0\0"


def test_what_is_no_question_gets_no_answer():
    asked = dns.question("box.example", 7)
    for cut in range(len(asked)):
        assert reply(asked[:cut], HERE) is None, cut
    for place, value in ((2, 0x80), (2, 0x10), (5, 0), (5, 2), (4, 1), (7, 1), (9, 1), (12, 64)):
        changed = bytearray(asked)
        changed[place] = value
        assert reply(bytes(changed), HERE) is None, (place, value)
    assert reply(asked[:12] + b"\xc0\x0c\0\1\0\1", HERE) is None, "a pointer to itself"
    assert reply(asked + bytes(512), HERE) is None
    assert reply(asked[:12] + (b"\x3f" + b"a" * 63) * 4 + b"\0\0\1\0\1", HERE) is None


def test_an_answer_is_never_answered():
    answer = reply(dns.question("box", 7), HERE)
    assert reply(answer, HERE) is None


def test_any_bytes_are_endured():
    state = 7
    for length in (0, 11, 12, 13, 17, 40, 512, 513):
        for _ in range(300):
            packet = bytearray(length)
            for index in range(length):
                state = (state * 1103515245 + 12345) & 0x7FFFFFFF
                packet[index] = state >> 16 & 255
            if length > 12 and state & 0x100:
                packet[2:12] = b"\1\0\0\1\0\0\0\0\0\0"
                for index in range(12, length):
                    packet[index] &= 7
            answer = reply(packet, HERE)
            assert answer is None or (12 < len(answer) <= length + 16 and answer[2] & 0x80)
