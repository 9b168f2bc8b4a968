from firmware import ticks

_LAST = ticks.PERIOD - 1


def test_differences_are_right_across_the_wrap():
    for now, then, gone in (
        (0, 0, 0),
        (5, 3, 2),
        (3, 5, -2),
        (3, _LAST - 1, 5),
        (_LAST - 1, 3, -5),
        (0, _LAST, 1),
        (_LAST, 0, -1),
        (1 << 28, 0, 1 << 28),
        (0, 1 << 28, -(1 << 28)),
    ):
        assert ticks.since(now, then) == gone, (now, then)


def test_deadlines_stay_on_the_circle():
    for now, delay, then in (
        (0, 0, 0),
        (0, 7, 7),
        (_LAST, 1, 0),
        (_LAST - 2, 10, 7),
        (0, _LAST, _LAST),
    ):
        assert ticks.after(now, delay) == then, (now, delay)


def test_a_deadline_is_its_delay_away():
    for now in (0, 1, 12345, 1 << 29, _LAST):
        for delay in (0, 1, 1000, (1 << 29) - 1):
            assert ticks.since(ticks.after(now, delay), now) == delay, (now, delay)
