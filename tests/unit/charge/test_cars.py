"""Habits of real cars, as tables of what the wire shows and for how long."""

from tests.unit.charge.bench import FULL, Bench


def _play(bench, script):
    """Script: '250C 1000B ...' in ms; lower case d: C with the negative half of a lost diode."""
    edges, was = [], bench.outputs.contactor
    for part in script.split():
        ms, level = int(part[:-1]), part[-1]
        bench.diode = level != "d"
        bench.car = "C" if level == "d" else level
        for _ in range(ms // bench.period):
            bench.tick(bench.period)
            if bench.outputs.contactor != was:
                was = not was
                edges.append(was)
    return edges


def _waiting():
    bench = Bench()
    bench.run(3000)
    bench.car = "B"
    return bench.run(3000)


def _charging():
    bench = Bench()
    bench.plug()
    return bench


def test_quirks_that_must_not_move_the_contactor():
    for car, script in (
        ("BMW iX3: C for 250 ms that it does not mean", "250C 2000B 250C 2000B"),
        ("BCB toggle", "200C 300B 300C 300B 400C 2000B"),
        ("on, off, on while it starts", "480C 100B 490C 100B"),
        ("S2 chatters for 3 to 20 ms", "20C 20B 10C 10B " * 30),
    ):
        bench = _waiting()
        assert _play(bench, script) == [], car
        assert bench.name() == "B2" and bench.faults() == [], car


def test_quirks_while_charging_that_must_not_open_it():
    for car, script in (
        ("a bounce of S2", "20B 10C " * 100),
        ("a spike on the wire", "10E 50C 20A 50C 20D 50C"),
        ("the diode reads badly for a moment", "20d 100C " * 20),
    ):
        bench = _charging()
        assert _play(bench, script) == [], car


def test_a_bmw_hybrid_shows_b_for_half_a_second_after_a_change_of_the_duty():
    bench = _charging()
    bench.run(6000)
    for value_ma in (16000, 20000, 12000):
        bench.point.limits.set("controller", value_ma, 0, None, bench.inputs.now)
        was = bench.outputs.duty
        bench.until(lambda was=was: bench.outputs.duty != was, 6000)
        assert _play(bench, "500B 4000C") == [], value_ma


def test_the_same_car_unplugged_within_that_time():
    bench = _charging()
    bench.run(6000)
    bench.point.limits.set("controller", 16000, 0, None, bench.inputs.now)
    bench.run(20)
    bench.car = "A"
    assert bench.until(bench.opened, 100) == 40


def test_a_duty_change_does_not_hide_a_car_that_stops_for_long():
    bench = _charging()
    bench.run(6000)
    bench.point.limits.set("controller", 16000, 0, None, bench.inputs.now)
    bench.run(20)
    bench.car = "B"
    assert bench.until(bench.opened, 600) <= 580


def test_a_kona_keeps_asking_when_the_offer_ends():
    bench = _charging()
    bench.point.enable(False)
    assert 6000 <= bench.until(bench.opened, 6100) <= 6020
    bench.run(60000)
    assert bench.name() == "C1" and bench.opened() and bench.point.contactor.under_load == 1
    bench.point.enable(True)
    bench.until(lambda: bench.outputs.contactor, 1000)


def test_a_leaf_bounces_to_a_when_it_stops_and_keeps_its_session():
    bench = _charging()
    assert _play(bench, "20A 20C 20A 30B 30A 2000B") == [False]
    assert bench.point.transaction.open
    bench = _charging()
    assert _play(bench, "100A 2000B") == [False]
    assert bench.point.transaction.open


def test_a_tesla_dances_before_it_charges():
    """B, C, a lost diode, B: five times within 16 s, then it charges as others do."""
    bench = _waiting()
    _play(bench, "800C 300d 2000B " * 5)
    assert bench.opened()
    bench.car = "C"
    bench.until(lambda: bench.outputs.contactor, 40000)
    assert bench.point.faults.counts[12] <= 3
    bench = _waiting()
    assert _play(bench, "400C 300d 2000B " * 5) == []
    assert bench.faults() == []


def test_a_simplified_car_never_shows_b():
    bench = Bench()
    bench.run(3000)
    assert _play(bench, "3000C 500A") == [True, False]


def test_a_car_that_asks_in_c1_waits_until_there_is_something():
    bench = Bench()
    bench.point.enable(False)
    bench.run(1000)
    assert _play(bench, "20000C") == []
    bench.point.enable(True)
    assert _play(bench, "2000C") == [True]


def test_an_ioniq_that_only_wakes_after_a_gap():
    bench = Bench(FULL)
    bench.run(3000)
    bench.car = "B"
    bench.until(lambda: not bench.outputs.pilot_connected, 100000)
    bench.until(lambda: bench.outputs.pilot_connected, 5000)
    assert _play(bench, "3000B 8000C") == [True]


def test_an_ix3_needs_45_s_without_a_pilot_to_believe_a_new_plug_in():
    bench = Bench(FULL, {"phase_switching": True})
    bench.plug()
    bench.point.request_phases(1)
    bench.run(300)
    bench.car = "B"
    bench.until(lambda: not bench.outputs.pilot_connected, 1000)
    assert bench.until(lambda: bench.outputs.pilot_connected, 61000) >= 45000


def test_broken_cars_are_refused():
    for script, fault, closes in (
        ("3000B 100C 3000d", "diode", 0),
        ("2000B 500E", "pilot_short", 0),
        ("2000B 2000C 500E", "pilot_short", 2),
        ("2000B 2000C 500d", "diode", 2),
    ):
        bench = Bench()
        bench.run(1000)
        edges = _play(bench, script)
        assert len(edges) == closes, script
        assert bench.opened() and bench.faults() == [fault], script


def test_a_car_without_a_diode_never_charges():
    bench = Bench()
    bench.run(1000)
    bench.diode = False
    bench.car = "B"
    for _ in range(20):
        bench.run(10000)
        bench.car = "C" if bench.car == "B" else "B"
        assert bench.opened()
    assert bench.point.contactor.switches == 0
    assert bench.point.faults.counts[12] == 4, "three tries, then it waits for the plug"
