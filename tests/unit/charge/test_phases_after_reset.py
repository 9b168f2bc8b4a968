"""A reset forgets nothing about the phases: a car may be plugged that has charged on one."""

from firmware.charge import blocks
from tests.unit.charge.bench import FULL, Bench

_ON = {"phase_switching": True}


def _bench(kept=0, car="C", options=_ON):
    """A charge point after a boot, `kept` from before."""
    bench = Bench(FULL, options)
    bench.point.phases.restore(kept)
    bench.kept_phases = 0 if not kept else 1 if kept & 1 else 3
    bench.car = car
    return bench


def _on_one():
    bench = Bench(FULL, {"phase_switching": True, "phase_gap_s": 15})
    bench.run(3000)
    bench.point.request_phases(1)
    bench.run(3000)
    bench.plug()
    assert not bench.outputs.phase_contactor
    return bench


def test_nothing_is_known_before_the_contactor_has_its_place():
    bench = Bench(FULL, _ON)
    assert bench.point.phases.kept() == 0
    bench.run(3000)
    assert bench.point.phases.kept() == 4


def test_a_board_that_cannot_switch_keeps_and_takes_nothing():
    for name, value in (("phase_contactor", False), ("phases", 1)):
        bench = Bench(dict(FULL, **{name: value}))
        before = bench.point.phases.active
        bench.point.phases.restore(7)
        bench.run(3000)
        assert bench.point.phases.active == before and bench.point.phases.kept() == 0
    bench = Bench(dict(FULL, pilot_disconnect=False))
    bench.point.phases.restore(7)
    bench.run(3000)
    assert bench.outputs.phase_contactor, "there is no way back from one phase"


def test_a_car_on_one_phase_goes_on_with_one():
    kept = _on_one().point.phases.kept()
    bench = _bench(kept)
    bench.until(bench.closed, 8000)
    assert not bench.outputs.phase_contactor and bench.outputs.pilot_connected
    bench.run(300000)
    assert bench.outputs.contactor and not bench.outputs.phase_contactor
    assert bench.point.phases.active == bench.point.phases.wanted == 1


def test_a_car_on_three_phases_goes_on_with_three():
    bench = _bench(4)
    bench.until(bench.closed, 8000)
    assert bench.outputs.phase_contactor


def test_a_change_after_a_reset_goes_through_the_gap_and_keeps_its_distance():
    bench = _bench(7)
    bench.until(bench.closed, 8000)
    bench.point.request_phases(3)
    waited = bench.until(lambda: not bench.outputs.pilot_connected, 230000)
    assert waited >= 190000, "a switch may lie just before the reset"
    assert bench.until(lambda: bench.outputs.pilot_connected, 61000) >= 59000
    assert bench.outputs.phase_contactor
    bench.until(bench.closed, 40000)


def test_a_gap_that_a_reset_cut_short_does_not_count():
    bench = _on_one()
    bench.point.phases._since_ms = 10**8
    bench.point.request_phases(3)
    bench.run(300)
    bench.car = "B"
    bench.until(lambda: bench.outputs.phase_contactor, 8000)
    assert not bench.outputs.pilot_connected
    assert bench.point.phases.kept() & 1, "the car has charged on one"
    bench.until(lambda: bench.outputs.pilot_connected, 61000)
    bench.run(100)
    assert bench.point.phases.kept() == 4


def test_where_nothing_is_known_a_car_gets_the_gap_first():
    for car in "BC":
        bench = _bench(0, car)
        bench.until(lambda: not bench.outputs.pilot_connected, 3000)
        assert not bench.outputs.phase_contactor
        bench.until(lambda: bench.outputs.phase_contactor, 1000)
        gap_ms = bench.until(lambda: bench.outputs.pilot_connected, 61000)
        assert gap_ms >= 59000 and bench.point.transaction.open
        bench.run(5000)
        assert bench.outputs.contactor is (car == "C") and bench.name() in ("B2", "C2")


def test_where_nothing_is_known_and_no_car_is_there_it_is_quick():
    bench = _bench(0, "A")
    bench.until(lambda: bench.outputs.phase_contactor, 2000)
    assert bench.outputs.pilot_connected
    bench.run(1000)
    assert bench.name() == "A1" and not bench.point.blocked & blocks.PLACING


def test_a_car_that_bounces_to_a_after_the_boot_has_not_left():
    bench = _bench(0b101, "A")
    bench.run(400)
    bench.car = "C"
    bench.until(bench.closed, 8000)
    assert not bench.outputs.phase_contactor, "three are wanted, but it has charged on one"


def test_where_nobody_may_switch_no_car_has_to_wait():
    bench = _bench(0, "C", {})
    bench.until(bench.closed, 8000)
    assert bench.outputs.phase_contactor


def test_one_phase_for_one_car_ends_with_its_visit_also_after_a_reset():
    bench = _on_one()
    phases = bench.point.phases
    phases.wanted = 3
    phases._fall_back(True)
    kept = phases.kept()
    bench = _bench(kept)
    bench.until(bench.closed, 8000)
    assert not bench.outputs.phase_contactor and bench.point.phases.fallback
    bench.car = "A"
    bench.until(lambda: bench.outputs.phase_contactor, 230000)
    bench = _bench(kept, "A")
    bench.until(lambda: bench.outputs.phase_contactor, 2000)
    assert not bench.point.phases.fallback, "it has left meanwhile"


def test_switching_that_was_turned_off_leaves_nobody_on_one_phase():
    bench = _bench(7, "A", {})
    bench.until(lambda: bench.outputs.phase_contactor, 2000)
    bench = _bench(7, "C", {})
    bench.until(bench.closed, 8000)
    assert not bench.outputs.phase_contactor
    bench.car = "A"
    bench.until(lambda: bench.outputs.phase_contactor, 230000)


def test_a_fault_does_not_place_the_contactor_with_a_car_that_is_not_known():
    bench = _bench(0)
    bench.inputs.supply_ok = False
    bench.run(20000)
    assert not bench.outputs.phase_contactor and bench.name() == "fault"
    bench.inputs.supply_ok = True
    bench.until(lambda: not bench.outputs.pilot_connected, 40000)
