from firmware.charge.pilot import duty
from tests.unit.charge.invariants import offered

_DC = 65535


def test_exact_points_of_the_standard():
    for current_ma, permille10 in (
        (6000, 1000),
        (8000, 1333),
        (10000, 1666),
        (13000, 2166),
        (16000, 2666),
        (20000, 3333),
        (25000, 4166),
        (32000, 5333),
        (40000, 6666),
        (51000, 8500),
        (63000, 8920),
        (80000, 9600),
    ):
        exact = permille10 * 65536 / 10000
        assert exact - 1 <= duty(current_ma) <= exact + 0.67 * 6.5536, current_ma


def test_one_step_more_would_offer_too_much():
    for bits in (10, 13, 16):
        step = 1 << (16 - bits)
        for current_ma in range(6000, 51001, 17):
            value = duty(current_ma, bits)
            assert value % step == 0, (bits, current_ma)
            assert value * 60000 <= current_ma * 65536 < (value + step) * 60000, (bits, current_ma)
        for current_ma in range(52500, 80001, 17):
            value = duty(current_ma, bits)
            assert value * 250000 <= (current_ma + 160000) * 65536, (bits, current_ma)
            assert (value + step) * 250000 > (current_ma + 160000) * 65536, (bits, current_ma)


def test_below_six_amperes_there_is_no_pwm():
    for current_ma in (-1, 0, 1, 5000, 5999):
        assert duty(current_ma) == _DC, current_ma


def test_between_51_and_52_5_amperes_51_are_offered():
    for current_ma in (51000, 51001, 52000, 52499):
        assert duty(current_ma) == 85 * 65536 // 100, current_ma
    assert duty(52500) == 85 * 65536 // 100


def test_above_80_amperes_80_are_offered():
    for current_ma in (80000, 80001, 1000000):
        assert duty(current_ma) == 96 * 65536 // 100, current_ma


def test_no_car_reads_more_than_was_meant():
    for current_ma in range(0, 90000, 50):
        assert offered(duty(current_ma)) <= max(0, current_ma), current_ma
