"""Modbus RTU frames: whole, byte by byte, corrupted, under heap_lock."""

import micropython

from firmware.codec.rtu import FrameError, Master, crc16

# (unit, function, address, count), request, answer, words
EXCHANGES = (
    # The example of the application protocol specification V1.1b3, section 6.3.
    (
        (0x11, 3, 0x6B, 3),
        "11 03 00 6b 00 03 76 87",
        "11 03 06 02 2b 00 00 00 64 c8 ba",
        (555, 0, 100),
    ),
    ((1, 4, 8, 1), "01 04 00 08 00 01 b0 08", "01 04 02 00 0a 39 37", (10,)),
    ((101, 3, 0x1C, 2), "65 03 00 1c 00 02 0d e9", "65 03 04 41 2f 33 33 ae e5", (0x412F, 0x3333)),
)


def octets(text):
    return bytes(int(part, 16) for part in text.split())


def sealed(data):
    crc = crc16(data, len(data))
    return bytes(data) + bytes((crc & 255, crc >> 8))


def ask(question):
    master = Master()
    master.ask(*question)
    return master


def outcome(master, answer):
    """The error's text, or True/False for complete or not, byte by byte."""
    done = False
    try:
        for octet in answer:
            done = master.receive((octet,), 1)
    except FrameError as error:
        return str(error)
    return done


def test_the_table_itself_is_sound():
    for _, request, answer, _ in EXCHANGES:
        assert crc16(octets(request), len(octets(request))) == 0, request
        assert crc16(octets(answer), len(octets(answer))) == 0, answer


def test_requests_are_those_of_the_specification():
    for question, request, _, _ in EXCHANGES:
        master = ask(question)
        assert bytes(master.request) == octets(request), question


def test_answers_are_read_whole_and_byte_by_byte():
    for question, _, text, words in EXCHANGES:
        answer = octets(text)
        master = ask(question)
        assert master.receive(answer, len(answer))
        assert tuple(master.word(i) for i in range(len(words))) == words
        master = ask(question)
        for i in range(len(answer)):
            assert master.receive(answer[i:], 1) == (i == len(answer) - 1), i
        assert tuple(master.word(i) for i in range(len(words))) == words


def test_no_flipped_bit_is_taken_for_a_value():
    for question, _, text, _ in EXCHANGES:
        answer = octets(text)
        for place in range(len(answer) * 8):
            flipped = bytearray(answer)
            flipped[place >> 3] ^= 1 << (place & 7)
            assert outcome(ask(question), flipped) is not True, place


def test_every_cut_leaves_the_answer_incomplete():
    for question, _, text, _ in EXCHANGES:
        answer = octets(text)
        for length in range(len(answer)):
            assert outcome(ask(question), answer[:length]) is False


def test_what_is_wrong_is_named():
    right = octets(EXCHANGES[0][2])
    cases = (
        (sealed(b"\x12" + right[1:-2]), "wrong unit"),
        (sealed(b"\x11\x04" + right[2:-2]), "wrong function"),
        (sealed(b"\x11\x84\x02"), "wrong function"),
        (sealed(b"\x11\x03\x04" + right[3:7]), "wrong length"),
        (sealed(b"\x11\x03\x08" + right[3:-2] + b"\0\0"), "wrong length"),
        (right[:-1] + b"\0", "wrong CRC"),
        (right + b"\0\0\0", "surplus bytes"),
        (right + right, "surplus bytes"),
        (sealed(b"\x11\x83\x02"), "exception 2"),
        (b"\x11\x83\x02\0\0", "wrong CRC"),
    )
    for answer, name in cases:
        assert outcome(ask(EXCHANGES[0][0]), answer) == name, name


def test_an_exception_carries_its_code_and_other_errors_none():
    for answer, code in ((sealed(b"\x11\x83\x06"), 6), (b"\x11\x83\x06\0\0", 0)):
        try:
            ask(EXCHANGES[0][0]).receive(answer, 5)
        except FrameError as error:
            assert error.code == code
        else:
            raise AssertionError("no error")


def test_two_bytes_of_noise_on_either_side_do_no_harm():
    question, _, answer, words = EXCHANGES[0]
    for before in (b"", b"\0", b"\xff\0"):
        for behind in (b"", b"\0", b"\xff\x11"):
            master = ask(question)
            assert outcome(master, before + octets(answer) + behind) is True
            assert master.word(0) == words[0]
    assert outcome(ask(question), b"\0\0\0" + octets(answer)) == "wrong unit"


def test_a_late_answer_of_another_length_is_refused():
    late = octets(EXCHANGES[0][2])
    assert outcome(ask((0x11, 3, 0x10, 2)), late) == "wrong length"
    assert outcome(ask((0x11, 4, 0x6B, 3)), late) == "wrong function"


def test_writes_are_built_and_their_echo_is_checked():
    master = Master()
    master.order(0x11, 6, 1, 3)
    request = bytes(master.request)
    assert request == sealed(b"\x11\x06\x00\x01\x00\x03")
    assert outcome(master, request) is True
    master.order(0x11, 6, 1, 3)
    assert outcome(master, sealed(b"\x11\x06\x00\x01\x00\x04")) == "wrong echo"
    master.order(0x11, 5, 0xAC, 0xFF00)
    assert outcome(master, sealed(b"\x11\x05\x00\xac\xff\x00")) is True


def test_blocks_are_written_and_a_short_request_follows_a_long_one():
    master = Master()
    master.order_many(0x11, 1, (10, 0x102))  # section 6.12
    assert bytes(master.request) == sealed(b"\x11\x10\x00\x01\x00\x02\x04\x00\x0a\x01\x02")
    assert outcome(master, sealed(b"\x11\x10\x00\x01\x00\x02")) is True
    master.ask(*EXCHANGES[0][0])
    assert bytes(master.request) == octets(EXCHANGES[0][1])


def test_asking_and_answering_allocate_nothing():
    master = Master()
    answer = octets(EXCHANGES[0][2])
    micropython.heap_lock()
    try:
        master.ask(0x11, 3, 0x6B, 3)
        done = master.receive(answer, 11)
        word = master.word(0)
        master.order(0x11, 6, 1, 3)
    finally:
        micropython.heap_unlock()
    assert done and word == 555
