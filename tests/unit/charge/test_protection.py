from firmware.charge import faults
from firmware.charge.protection import derated_ma
from tests.unit.charge.bench import FULL, PLAIN, Bench


def _metered(profile=None, current_ma=(16000, 16000, 16000), power_w=11000):
    bench = Bench(profile)
    bench.plug()
    measured = bench.point.measured
    measured.known = True
    measured.current_ma[:] = list(current_ma)
    measured.power_w = power_w
    return bench


def test_derating_goes_through_the_three_points_and_never_rises():
    for temperature_dc, current_ma in (
        (-100, 32000),
        (620, 32000),
        (650, 16000),
        (680, 8000),
        (709, 8000),
    ):
        assert derated_ma(32000, temperature_dc) == current_ma, temperature_dc
    before = 32000
    for temperature_dc in range(600, 720):
        current_ma = derated_ma(32000, temperature_dc)
        assert 6000 <= current_ma <= before and before - current_ma <= 1000, temperature_dc
        before = current_ma
    assert derated_ma(16000, 680) == 6000


def test_heat_lowers_the_offer_and_stops_at_71_degrees_until_62():
    bench = Bench(FULL)
    bench.plug()
    bench.inputs.temperature_dc = 650
    bench.run(200)
    assert bench.point.limits.ruling() == ("temperature", 16000)
    assert bench.point.offered_ma == 16000
    bench.inputs.temperature_dc = 710
    bench.run(200)
    assert bench.opened() and bench.faults() == ["over_temperature"]
    bench.inputs.temperature_dc = 630
    bench.run(60000)
    assert bench.faults() == ["over_temperature"]
    bench.inputs.temperature_dc = 620
    bench.run(40000)
    assert bench.outputs.contactor and bench.point.offered_ma == 32000


def test_a_temperature_that_cannot_be_is_a_fault():
    for temperature_dc, sound in (
        (-399, True),
        (600, True),
        (-400, False),
        (1250, False),
        (None, False),
    ):
        bench = Bench(FULL)
        bench.inputs.temperature_dc = temperature_dc
        bench.run(500)
        assert (bench.faults() == []) is sound, temperature_dc


def test_over_current_is_cut_after_seven_seconds():
    for current_ma, cut in ((35750, False), (35751, True), (40000, True)):
        bench = _metered(current_ma=(current_ma, 0, 0))
        bench.run(6900)
        assert bench.outputs.contactor, current_ma
        bench.run(400)
        assert bench.opened() is cut, current_ma
        assert bench.faults() == (["over_current"] if cut else []), current_ma


def test_over_current_is_judged_by_what_is_offered_now():
    bench = _metered()
    bench.point.limits.set("controller", 10000, 0, None, bench.inputs.now)
    bench.run(5000)
    bench.point.measured.current_ma[:] = [10000, 10000, 10000]
    bench.run(10000)
    assert bench.outputs.contactor
    bench.point.measured.current_ma[:] = [10000, 10000, 11600]
    bench.run(7300)
    assert bench.faults() == ["over_current"]


def test_without_a_meter_nothing_is_concluded():
    bench = _metered(current_ma=(90000, 0, 0))
    bench.point.measured.known = False
    bench.run(20000)
    assert bench.outputs.contactor


def test_a_meter_that_comes_and_goes_starts_anew():
    bench = _metered(current_ma=(90000, 0, 0))
    for _ in range(5):
        bench.run(6000)
        bench.point.measured.known = False
        bench.run(200)
        bench.point.measured.known = True
    assert bench.outputs.contactor


def test_a_missing_first_phase_is_cut_after_30_seconds():
    for currents, cut in (
        ((0, 16000, 16000), True),
        ((400, 6000, 0), True),
        ((499, 5001, 0), True),
        ((500, 16000, 16000), False),
        ((499, 5000, 5000), False),
        ((0, 4000, 4000), False),
        ((16000, 16000, 0), False),
    ):
        bench = _metered(current_ma=currents)
        bench.run(29500)
        assert bench.outputs.contactor
        bench.run(1000)
        assert bench.opened() is cut, currents


def test_current_on_a_phase_that_should_be_off_is_a_weld():
    bench = Bench(FULL, {"phase_switching": True})
    bench.run(3000)
    bench.point.request_phases(1)
    bench.run(3000)
    assert bench.point.phases.active == 1
    bench.plug()
    bench.point.measured.known = True
    bench.point.measured.current_ma[:] = [16000, 1100, 0]
    bench.run(1800)
    assert bench.outputs.contactor
    bench.run(500)
    assert bench.faults() == ["phase_welded"]


def test_a_weld_is_inferred_from_the_meter_where_no_mirror_is_fitted():
    profile = dict(PLAIN)
    profile["contactor_mirror"] = False
    for current_ma, power_w, found in (
        (0, 0, False),
        (900, 200, False),
        (1100, 0, True),
        (0, 301, True),
    ):
        bench = _metered(profile)
        bench.car = "B"
        bench.run(1000)
        bench.point.measured.current_ma[:] = [current_ma, 0, 0]
        bench.point.measured.power_w = power_w
        bench.run(58000)
        assert bench.faults() == []
        bench.run(3000)
        assert bench.faults() == (["current_while_open"] if found else []), (current_ma, power_w)


def _rounds_until(bench, code, contactor):
    """Rounds of 100 ms of the current guard alone until it reports."""
    guard = bench.point.chores.protection
    bench.outputs.contactor = contactor
    for rounds in range(1, 1000):
        guard.currents(bench.point, 100)
        if bench.point.faults.active:
            assert bench.point.faults.active == 1 << code
            return rounds
    return None


def test_the_exact_times_and_currents_of_the_guard():
    for code, closed, currents, offered_ma, power_w, rounds in (
        (faults.OVER_CURRENT, True, (18151, 0, 0), 16000, 0, 70),
        (faults.OVER_CURRENT, True, (18150, 0, 0), 16000, 0, None),
        (faults.MISSING_PHASE, True, (499, 5001, 0), 16000, 0, 300),
        (faults.MISSING_PHASE, True, (500, 5001, 0), 16000, 0, None),
        (faults.MISSING_PHASE, True, (499, 0, 5000), 16000, 0, None),
        (faults.CURRENT_WHILE_OPEN, False, (1001, 0, 0), 0, 0, 599),
        (faults.CURRENT_WHILE_OPEN, False, (1000, 0, 0), 0, 300, None),
        (faults.CURRENT_WHILE_OPEN, False, (0, 0, 0), 0, 301, 599),
    ):
        bench = Bench(PLAIN)
        measured = bench.point.measured
        measured.known = True
        measured.current_ma[:] = list(currents)
        measured.power_w = power_w
        bench.point.offered_ma = offered_ma
        assert _rounds_until(bench, code, closed) == rounds, (code, currents)


def test_the_exact_time_of_a_phase_that_should_be_off():
    for current_ma, rounds in ((1001, 20), (1000, None)):
        bench = Bench(FULL)
        measured = bench.point.measured
        measured.known = True
        measured.current_ma[:] = [16000, current_ma, 0]
        bench.point.offered_ma = 32000
        assert _rounds_until(bench, faults.PHASE_WELDED, True) == rounds, current_ma


def test_glimpses_of_the_residual_current_sensor_are_counted():
    bench = Bench(FULL)
    bench.plug()
    guard = bench.point.chores.protection
    assert guard.residual_glimpses == 0, "its own test is none"
    bench.sensor_sound = False
    for count in (1, 2, 3):
        bench.inputs.residual_tripped = True
        bench.tick(10)
        bench.inputs.residual_tripped = False
        bench.run(100)
        assert guard.residual_glimpses == count
    assert bench.outputs.contactor


def test_a_box_that_boots_warm_is_derated_and_not_too_hot():
    bench = Bench(FULL)
    bench.inputs.temperature_dc = 650
    bench.plug()
    assert bench.faults() == [] and bench.point.offered_ma == 16000
