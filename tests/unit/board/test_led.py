import micropython

from firmware import led
from firmware.charge import faults, states
from firmware.led import lit, shown


def flashes(code, duration_ms):
    """Lengths in ms of the flashes within a time, looked at every 10 ms."""
    found = []
    before = False
    for now in range(0, duration_ms, 10):
        on = lit(code, now)
        if on and not before:
            found.append(0)
        if on:
            found[-1] += 10
        before = on
    return found


def test_every_state_has_the_pattern_of_its_kind():
    for code, expected in (
        (0, []),
        (1, [100]),
        (2, [1500]),
        (3, [1000]),
        (4, [100, 100, 100, 100]),
        (5, [100, 100, 100, 100]),
    ):
        assert flashes(code, 3000) == expected, code
    assert flashes(4, 1500) == [100, 100, 100, 100]
    assert flashes(5, 1400) == [100, 100]  # double pulses


def test_all_patterns_of_the_states_are_known():
    for output in states.OUTPUTS:
        lit(output[3], 0)


def test_a_fault_flashes_its_number():
    for row in faults.table():
        code = row[0]
        period_ms = code // 10 * 900 + code % 10 * 400 + 1500
        found = flashes(16 + code, period_ms)
        assert found.count(600) == code // 10, code
        assert found.count(150) == code % 10, code


def test_every_notice_has_a_rhythm_of_its_own():
    for code, expected in (
        (led.NO_NETWORK, [2800]),
        (led.TRIAL, [2400, 200]),
        (led.ACCESS_POINT, [500] * 3),
        (led.LONG_PRESS, [300] * 5),
        (led.RESET_ARMED, [100] * 15),
    ):
        assert flashes(code, 3000) == expected, code


def test_what_the_light_shows_when_there_is_more_than_one_thing_to_say():
    fault, charging = 16 + 6, 2
    for code, notice, expected in (
        (0, 0, 0),
        (0, led.NO_NETWORK, led.NO_NETWORK),
        (0, led.TRIAL, led.TRIAL),
        (charging, led.NO_NETWORK, charging),
        (charging, led.TRIAL, charging),
        (charging, led.ACCESS_POINT, led.ACCESS_POINT),
        (fault, led.NO_NETWORK, fault),
        (fault, led.ACCESS_POINT, fault),
        (fault, led.LONG_PRESS, led.LONG_PRESS),
        (fault, led.RESET_ARMED, led.RESET_ARMED),
        (charging, led.RESET_ARMED, led.RESET_ARMED),
        (fault, 0, fault),
        (charging, 0, charging),
    ):
        assert shown(code, notice) == expected, (code, notice)


def test_allocates_nothing():
    micropython.heap_lock()
    try:
        for now in range(0, 3000, 50):
            lit(shown(0, led.TRIAL), now)
            lit(2, now)
            lit(37, now)
    finally:
        micropython.heap_unlock()
