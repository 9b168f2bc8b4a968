from firmware.charge.limits import Limits, power_limit_ma

_PERIOD = 1 << 30


def _limits():
    limits = Limits()
    limits.set("hardware", 32000, 0, None, 0)
    return limits


def test_nobody_allows_nothing():
    assert Limits().offer_ma == 0


def test_the_smallest_rules_and_is_named():
    limits = _limits()
    assert limits.ruling() == ("hardware", 32000)
    limits.set("controller", 10000, 0, None, 0)
    limits.set("cable", 20000, 0, None, 0)
    assert limits.ruling() == ("controller", 10000) and limits.offer_ma == 10000
    limits.set("controller", 30000, 0, None, 0)
    assert limits.ruling() == ("cable", 20000)
    limits.lift("cable")
    limits.lift("nobody")
    assert limits.ruling() == ("controller", 30000)


def test_less_than_the_minimum_offers_nothing():
    limits = _limits()
    for value_ma, offer_ma in ((0, 0), (-5, 0), (5999, 0), (6000, 6000), (40000, 32000)):
        limits.set("controller", value_ma, 0, None, 0)
        assert limits.offer_ma == offer_ma, value_ma
    limits.minimum_ma = 8000
    limits.set("controller", 7000, 0, None, 0)
    assert limits.offer_ma == 0 and limits.value_ma == 7000


def test_a_value_lives_for_its_time_and_leaves_its_fallback():
    for start in (0, 12345, _PERIOD - 5000):
        for fallback_ma, left_ma in ((None, 32000), (6000, 6000), (0, 0)):
            limits = _limits()
            limits.set("controller", 16000, 10000, fallback_ma, start)
            limits.update((start + 9999) % _PERIOD)
            assert limits.value_ma == 16000, start
            limits.update((start + 10000) % _PERIOD)
            assert limits.value_ma == left_ma, (start, fallback_ma)
            limits.update((start + 20000) % _PERIOD)
            assert limits.value_ma == left_ma


def test_a_renewed_value_lives_on():
    limits = _limits()
    for now in range(0, 100000, 5000):
        limits.set("controller", 16000, 10000, 0, now)
        limits.update(now + 4999)
        assert limits.value_ma == 16000, now


def test_a_time_beyond_the_ticks_is_cut_and_not_forgotten():
    limits = _limits()
    limits.set("controller", 16000, 1 << 40, 6000, 0)
    limits.update((1 << 29) - 2)
    assert limits.value_ma == 16000
    limits.update((1 << 29) - 1)
    assert limits.value_ma == 6000


def test_the_table_shows_every_owner():
    limits = _limits()
    limits.set("controller", 16000, 10000, 6000, 0)
    assert limits.table(4000) == [
        ["hardware", 32000, None, None],
        ["controller", 16000, 6000, 6000],
    ]


def test_a_dimming_signal_leaves_4200_w_and_never_stops_a_box():
    assert power_limit_ma(4200, 1) == 18260
    assert power_limit_ma(4200, 3) == 6086
    assert power_limit_ma(1000, 3) == 6000


def test_before_the_first_limit_nobody_rules():
    assert Limits().ruling() == ("", 0)
