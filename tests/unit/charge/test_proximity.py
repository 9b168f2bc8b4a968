from firmware.charge.proximity import Proximity
from tests.unit.charge.bench import FULL, Bench


def _rated(ohm, before=None):
    cable = Proximity()
    for value in (before, ohm):
        for _ in range(3):
            if value is not None:
                cable.update(value)
    return cable.rating_ma


def test_nominal_resistors_and_their_windows():
    for ohm, rating_ma in (
        (0, 0),
        (79, 0),
        (80, 63000),
        (100, 63000),
        (139, 63000),
        (140, 32000),
        (220, 32000),
        (307, 32000),
        (308, 20000),
        (680, 20000),
        (935, 20000),
        (936, 13000),
        (1500, 13000),
        (2355, 13000),
        (2460, 0),
        (1000000000, 0),
    ):
        assert _rated(ohm) == rating_ma, ohm


def test_an_unread_resistor_is_no_cable():
    cable = Proximity()
    for _ in range(5):
        cable.update(None)
    assert cable.rating_ma == 0


def test_a_rating_holds_against_noise_at_its_edges():
    for before, ohm, rating_ma in (
        (220, 144, 32000),
        (220, 135, 32000),
        (220, 133, 63000),
        (220, 318, 32000),
        (220, 319, 32000),
        (220, 320, 20000),
        (220, 325, 20000),
        (1500, 2550, 13000),
        (1500, 2560, 0),
    ):
        assert _rated(ohm, before) == rating_ma, (before, ohm)


def test_three_equal_decisions_change_the_rating():
    cable = Proximity()
    assert [cable.update(220) for _ in range(4)] == [False, False, True, False]


def test_each_change_of_the_rating_needs_three_decisions_of_its_own():
    cable = Proximity()
    for ohm, rating_ma in ((220, 32000), (1500, 13000), (100, 63000)):
        assert [cable.update(ohm) for _ in range(3)] == [False, False, True], ohm
        assert cable.rating_ma == rating_ma


def test_the_cable_limits_the_offer():
    for ohm, offered_ma in ((100, 32000), (220, 32000), (680, 20000), (1500, 13000)):
        bench = Bench(FULL)
        bench.inputs.proximity_ohm = ohm
        bench.plug()
        assert bench.point.offered_ma == offered_ma, ohm


def test_a_cable_that_reads_smaller_lowers_the_offer():
    bench = Bench(FULL)
    bench.plug()
    bench.inputs.proximity_ohm = 1500
    bench.run(500)
    assert bench.outputs.contactor and bench.point.limits.ruling() == ("cable", 13000)
    assert bench.point.offered_ma == 13000


def test_a_car_without_a_sound_cable_gets_no_offer():
    for ohm in (10, 5000):
        bench = Bench(FULL)
        bench.inputs.proximity_ohm = ohm
        bench.run(3000)
        assert bench.faults() == []
        bench.car = "B"
        for _ in range(300):
            bench.tick(10)
            assert bench.outputs.duty == 65535, "not for a moment"
        assert bench.outputs.duty == 65535 and bench.faults() == ["proximity"]
        bench.inputs.proximity_ohm = 220
        bench.run(31000)
        assert bench.faults() == [] and bench.name() == "B2"


def test_an_unplugged_cable_lifts_its_limit():
    bench = Bench(FULL)
    bench.inputs.proximity_ohm = 1500
    bench.plug()
    bench.car = "A"
    bench.run(1000)
    bench.inputs.proximity_ohm = 1000000
    bench.run(1000)
    assert bench.point.limits.ruling() == ("hardware", 32000)
