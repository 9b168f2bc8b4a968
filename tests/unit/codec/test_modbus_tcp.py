"""Modbus TCP frames: whole, byte by byte, late, corrupted, beyond 65,536 questions."""

import micropython

from firmware.codec.modbus_tcp import TcpMaster
from firmware.codec.rtu import FrameError


def ask(unit=7, function=3, address=0x6B, count=2):
    master = TcpMaster()
    master.ask(unit, function, address, count)
    return master


def answer(master, pdu, number=None, unit=7):
    number = (master.request[0] << 8 | master.request[1]) if number is None else number
    return bytes((number >> 8, number & 255, 0, 0, 0, 1 + len(pdu), unit)) + pdu


def outcome(master, data):
    done = False
    try:
        for octet in data:
            done = master.receive((octet,), 1) or done
    except FrameError as error:
        return str(error)
    return done


RIGHT = b"\x03\x04\x02\x2b\x00\x64"


def test_requests_are_those_of_the_guide():
    assert bytes(ask().request) == b"\0\x01\0\0\0\x06\x07\x03\0\x6b\0\x02"


def test_answers_are_read_whole_and_byte_by_byte():
    for size in (1, 3, 64):
        master = ask()
        data = answer(master, RIGHT)
        done = False
        for at in range(0, len(data), size):
            part = data[at : at + size]
            assert not done
            done = master.receive(part, len(part))
        assert done and master.word(0) == 0x22B and master.word(1) == 100


def test_what_is_wrong_is_named():
    cases = (
        (b"\x03\x06\0\0\0\0\0\0", 7, "wrong length"),
        (b"\x03\x04\0\0\0\0\0\0", 7, "wrong length"),
        (b"\x03\x02\0\0", 7, "wrong length"),
        (b"\x04" + RIGHT[1:], 7, "wrong function"),
        (RIGHT, 8, "wrong unit"),
        (b"\x83\x02", 7, "exception 2"),
        (b"\x83\x02\x00", 7, "wrong function"),
    )
    for pdu, unit, expected in cases:
        master = ask()
        assert outcome(master, answer(master, pdu, None, unit)) == expected, expected
    for data in (
        b"\0\x01\0\x01\0\x06\x07",
        b"\0\x01\0\0\0\x01\x07",
        b"HTTP/1.1 400",
        b"\0\x01\0\0\xff\0\x07",
    ):
        assert outcome(ask(), data) == "no Modbus", data


def test_late_answers_are_passed_over():
    master = ask()
    data = answer(master, b"\x03\x04\xff\xff\xff\xff")
    for _ in range(3):
        master.ask(7, 3, 0x6B, 2)
    assert outcome(master, data + answer(master, RIGHT)) is True
    assert master.word(0) == 0x22B and master.late == 1


def test_a_late_answer_of_another_length_does_not_break_the_frames():
    master = ask(count=20)
    late = answer(master, b"\x03\x28" + bytes(40))
    master.ask(7, 3, 0, 2)
    assert outcome(master, late) is False
    assert outcome(master, answer(master, RIGHT)) is True


def test_questions_are_numbered_beyond_65536():
    master = ask()
    for _ in range(65540):
        master.ask(7, 3, 0x6B, 2)
    assert outcome(master, answer(master, RIGHT)) is True


def test_writes_are_built_and_their_echo_is_checked():
    master = TcpMaster()
    master.order(7, 6, 1, 3)
    assert bytes(master.request[7:]) == b"\x06\0\x01\0\x03"
    assert outcome(master, answer(master, b"\x06\0\x01\0\x03")) is True
    master.order(7, 6, 1, 3)
    assert outcome(master, answer(master, b"\x06\0\x01\0\x04")) == "wrong echo"


def test_blocks_are_written_and_a_short_request_follows_a_long_one():
    master = TcpMaster()
    master.order_many(7, 1, (10, 0x102))
    assert bytes(master.request) == b"\0\x01\0\0\0\x0b\x07\x10\0\x01\0\x02\x04\0\x0a\x01\x02"
    assert outcome(master, answer(master, b"\x10\0\x01\0\x02")) is True
    master.ask(7, 3, 0x6B, 2)
    assert bytes(master.request) == b"\0\x02\0\0\0\x06\x07\x03\0\x6b\0\x02"


def test_asking_and_answering_allocate_nothing():
    master = ask()
    data = answer(master, RIGHT, 2)
    micropython.heap_lock()
    try:
        master.ask(7, 3, 0x6B, 2)
        done = master.receive(data, 13)
    finally:
        micropython.heap_unlock()
    assert done
