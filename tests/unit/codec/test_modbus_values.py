"""Registers to integers: exact, in either word order, without allocating."""

import struct

import micropython

from firmware.codec.modbus_values import (
    DOUBLE,
    FLOAT,
    INT16,
    INT32,
    INT64,
    LOW_FIRST,
    UINT16,
    UINT32,
    integer,
    value,
    width,
)


class Words:
    def __init__(self, *words):
        self._words = words

    def word(self, index):
        return self._words[index]


def of_float(number):
    return Words(*struct.unpack(">HH", struct.pack(">f", number)))


INTEGERS = (
    (INT16, (0xFFFF,), -1),
    (INT16, (0x7FFF,), 32767),
    (UINT16, (0xFFFF,), 65535),
    (INT32, (0xFFFF, 0xFFFE), -2),
    (INT32, (0x8000, 0), -(1 << 31)),
    (UINT32, (0xFFFF, 0xFFFE), 0xFFFFFFFE),
    (UINT32, (1, 2), 65538),
    (INT64, (0, 1, 0, 3), (1 << 32) + 3),
    (INT64, (0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF), -1),
)

# value, numerator, denominator, expected
FLOATS = (
    (230.4, 1, 1, 230),
    (230.5, 1, 1, 231),
    (-230.6, 1, 1, -231),
    (16.001, 1000, 1, 16001),
    (-16.001, 1000, 1, -16001),
    (16.001, -1000, 1, -16001),
    (11.04, 1000, 1, 11040),
    (0.0, 1000, 1, 0),
    (-0.0, 1000, 1, 0),
    (1e-30, 1000, 1, 0),
    (0.0004, 1000, 1, 0),
    (0.0006, 1000, 1, 1),
    (16777215.0, 1, 1, 16777215),
    (16777216.0 * 64, 1, 1, 1 << 30),
    (12345.678, 1000, 1, 12345678),
    (123456.0, 1, 10, 12346),
    (float("inf"), 1, 1, None),
    (float("nan"), 1, 1, None),
    (1e30, 1, 1, None),
)


def test_integers_of_every_kind_and_order():
    for kind, words, expected in INTEGERS:
        assert width(kind) == len(words)
        assert integer(Words(*words), 0, kind) == expected, (kind, words)
        assert integer(Words(0, *words), 1, kind) == expected, (kind, words)
        turned = Words(*reversed(words))
        assert integer(turned, 0, kind | LOW_FIRST) == expected, (kind, words)


def test_floats_are_scaled_and_rounded_exactly():
    for number, numerator, denominator, expected in FLOATS:
        words = of_float(number)
        got = value(words, 0, FLOAT, numerator, denominator)
        assert got == expected, (number, numerator, denominator, got)
        turned = Words(words.word(1), words.word(0))
        assert value(turned, 0, FLOAT | LOW_FIRST, numerator, denominator) == expected


def test_a_float_counter_keeps_its_last_digit_beyond_single_precision():
    # 20000.001953125 kWh are 20,000,002 Wh, which single precision floats cannot tell.
    assert value(Words(0x469C, 0x4001), 0, FLOAT, 1000, 1) == 20000002


def test_integer_resolutions_round_to_the_nearest():
    cases = ((2304, 1, 10, 230), (2305, 1, 10, 231), (5, 100, 1, 500), (15, -1, 10, -1))
    for raw, numerator, denominator, expected in cases:
        assert value(Words(raw), 0, UINT16, numerator, denominator) == expected, raw


def test_double_precision_is_scaled_exactly():
    cases = (
        (12345670.25, 1, 12345670), (-1.5, 1000, -1500), (0.0, 1, 0), (1e-300, 1000, 0),
        (1e300, 1, None), (float("inf"), 1, None), (4294967296.0, 10, 42949672960),
    )  # fmt: skip
    for number, numerator, expected in cases:
        words = Words(*struct.unpack(">HHHH", struct.pack(">d", number)))
        if number == float("inf") and expected is not None:
            continue  # single precision floats have no such number
        assert value(words, 0, DOUBLE, numerator, 1) == expected, number
    turned = Words(*reversed(struct.unpack(">HHHH", struct.pack(">d", 2.5))))
    assert value(turned, 0, DOUBLE | LOW_FIRST, 2, 1) == 5


def test_decoding_a_meter_allocates_nothing():
    power = of_float(11.04)
    energy = of_float(12345.678)
    small = Words(0x0001, 0x86A0)
    micropython.heap_lock()
    try:
        a = value(power, 0, FLOAT, 1000, 1)
        b = value(energy, 0, FLOAT, 1000, 1)
        c = value(small, 0, INT32, 1, 10)
    finally:
        micropython.heap_unlock()
    assert (a, b, c) == (11040, 12345678, 10000)
