"""What an installer may try of the pilot's relay and of L2 and L3: in a gap, both come back."""

from firmware.charge.signals import Refused
from tests.unit.charge.bench import FULL, PLAIN, Bench
from tests.unit.charge.test_trial import refused, standing


def joined(bench):
    return bench.outputs.pilot_connected


def begun(swap, profile=FULL, options=None):
    """The first cut has just begun."""
    bench = Bench(profile, options)
    bench.run(10000)
    bench.point.trial.begin()
    bench.point.trial.cut(swap)
    bench.until(lambda: not joined(bench), 200)
    return bench


def moved(swap=True, profile=FULL, options=None):
    """L2 and L3 have just moved to the other position."""
    bench = begun(swap, profile, options)
    was = bench.outputs.phase_contactor
    bench.until(lambda: bench.outputs.phase_contactor != was, 500)
    return bench


def in_place(bench):
    """Back where it was: three phases, the pilot joined, and a car may charge."""
    bench.point.trial.end()
    bench.run(6000)
    phases = bench.point.phases
    assert phases.active == phases.wanted == phases.joined == 3 and phases.ready
    assert bench.outputs.phase_contactor and joined(bench) and bench.opened()
    assert not bench.point.trial.standing and not phases.due
    bench.plug()


def test_the_pilot_is_cut_for_a_second_and_nothing_else_moves():
    bench = begun(False)
    assert bench.name() == "gap" and bench.outputs.phase_contactor
    took = bench.until(lambda: joined(bench), 1100)
    assert 900 <= took <= 1010, took
    bench.run(5000)
    assert bench.name() == "A1" and bench.outputs.phase_contactor
    assert bench.point.contactor.switches == 0
    in_place(bench)


def test_a_board_with_a_relay_and_no_second_contactor_cuts_its_pilot_too():
    bench = begun(False, dict(PLAIN, pilot_disconnect=True))
    bench.until(lambda: joined(bench), 1100)
    assert refused(lambda: bench.point.trial.cut(True)), "there are no L2 and L3 to move"


def test_l2_and_l3_move_to_the_other_position_and_back_and_the_contactor_stays_open():
    bench = begun(True)
    gone = bench.until(lambda: not bench.outputs.phase_contactor, 500)
    assert gone >= 100 and not joined(bench)
    bench.until(lambda: joined(bench), 1100)
    bench.until(lambda: bench.outputs.phase_contactor, 3000)
    assert not joined(bench), "it comes back in a gap of its own"
    bench.run(3000)
    assert bench.point.contactor.switches == 0
    assert bench.point.phases._contactor.switches == 2, "at boot, and once in the trial"
    assert bench.point.phases.active == 3 and not bench.point.trial._home
    in_place(bench)


def test_from_one_phase_it_goes_to_three_and_back():
    bench = Bench(FULL, {"phase_switching": True})
    bench.run(10000)
    bench.point.request_phases(1)
    bench.run(5000)
    bench.point.trial.begin()
    bench.point.trial.cut(True)
    bench.until(lambda: bench.outputs.phase_contactor, 1000)
    bench.until(lambda: not bench.outputs.phase_contactor, 4000)
    bench.run(3000)
    assert bench.point.phases.active == bench.point.phases.wanted == 1


def test_what_is_asked_for_twice_happens_once():
    for at_ms in (0, 100, 500, 1500, 2000):
        bench = begun(True)
        bench.run(at_ms)
        try:
            bench.point.trial.cut(True)
        except Refused:
            pass
        bench.run(10000)
        in_place(bench)


def test_somebody_who_asks_all_the_time_does_not_make_it_forget_where_it_was():
    bench = begun(True)
    for _ in range(600):
        try:
            bench.point.trial.cut(True)
        except Refused:
            pass
        bench.tick(10)
    bench.run(6000)
    in_place(bench)


def test_an_end_in_the_middle_brings_everything_back():
    for after_ms in range(0, 4000, 90):
        bench = begun(True)
        bench.run(after_ms)
        in_place(bench)


def test_what_was_asked_for_is_forgotten_when_the_trial_ends_first():
    bench = standing(FULL)
    bench.run(5000)
    bench.point.trial.cut(True)
    bench.point.trial.end()
    bench.run(300)
    assert bench.outputs.phase_contactor and joined(bench)
    in_place(bench)
    bench = standing(FULL)
    bench.run(5000)
    bench.point.trial.cut(True)
    bench.point.trial.end()
    bench.point.trial.begin()
    bench.run(2000)
    assert bench.name() == "A1" and bench.outputs.phase_contactor, "that was the trial before"


def test_a_trial_whose_time_is_over_comes_back_first_and_does_nothing_new():
    bench = moved()
    bench.point.trial._left_ms = 100
    bench.run(10000)
    in_place(bench)
    for ask in ("click", "cut"):
        bench = standing(FULL)
        bench.run(5000)
        bench.point.trial.cut(True) if ask == "cut" else bench.point.trial.click()
        bench.point.trial._left_ms = 1
        bench.run(10000)
        assert bench.point.contactor.switches == 0
        in_place(bench)


def test_a_car_in_the_middle_gets_nothing_and_l2_and_l3_come_back_when_it_leaves():
    for after_ms in range(0, 4000, 90):
        bench = begun(True)
        bench.run(after_ms)
        bench.car = "B"
        bench.run(1500)
        bench.car = "C"
        bench.run(20000)
        assert bench.opened() and bench.name() == "C1" and joined(bench), bench.why()
        bench.point.trial.end()
        bench.run(20000)
        assert bench.opened(), "it has to leave first"
        bench.car = "A"
        bench.run(3000)
        in_place(bench)


def test_a_fault_in_the_middle_ends_it_and_it_comes_back_once_that_is_gone():
    for after_ms in range(0, 4000, 90):
        bench = begun(True)
        bench.run(after_ms)
        was = bench.outputs.phase_contactor
        bench.inputs.emergency_stop = True
        bench.run(5000)
        assert bench.name() == "fault" and bench.opened() and joined(bench)
        assert bench.outputs.phase_contactor == was, "nothing moves while a fault stands"
        bench.point.trial.end()
        bench.inputs.emergency_stop = False
        bench.point.acknowledge()
        bench.run(40000)
        in_place(bench)


def test_a_weld_and_a_contactor_that_does_not_pull_in_are_found_by_the_mirror():
    bench = begun(True)
    bench.phase_welded = True
    bench.run(2000)
    assert bench.faults() == ["phase_welded"] and bench.name() == "barred"
    bench = begun(True)
    bench.phase_stuck_open = True
    bench.run(5000)
    assert bench.faults() == ["phase_not_closed"] and bench.opened()


def test_a_main_contactor_that_is_not_proved_open_keeps_l2_and_l3_where_they_are():
    bench = begun(True)
    bench.welded = True
    bench.run(5000)
    assert bench.outputs.phase_contactor and bench.faults() == ["welded"]


def test_nothing_is_cut_or_moved_without_the_hardware_for_it():
    for missing in ("phase_contactor", "contactor_mirror", "pilot_disconnect"):
        bench = standing(FULL)
        bench.run(5000)
        setattr(bench.point.fitted, missing, False)
        told = refused(lambda: bench.point.trial.cut(True))
        assert told == "this board is not built for it", missing
        cut = refused(lambda: bench.point.trial.cut(False))
        assert (cut == told) == (missing == "pilot_disconnect"), missing
        bench.run(500)
    bench = standing(PLAIN)
    assert refused(lambda: bench.point.trial.cut(False)) and joined(bench)


def test_nothing_is_cut_without_a_trial_or_with_a_car():
    bench = Bench(FULL)
    bench.run(10000)
    assert refused(lambda: bench.point.trial.cut(True)) == "no trial stands"
    bench.point.trial.begin()
    bench.car = "B"
    bench.run(1000)
    assert refused(lambda: bench.point.trial.cut(True)).startswith("a car")
    bench.run(5000)
    assert bench.outputs.phase_contactor and bench.point.phases._target == 3


def test_the_contactor_does_not_click_while_l2_and_l3_move():
    bench = Bench(FULL)
    bench.travel_ms = 200
    bench.run(10000)
    bench.point.trial.begin()
    bench.point.phases._move()
    assert "not in its place" in refused(bench.point.trial.click)


def test_what_somebody_else_wants_meanwhile_is_done_afterwards():
    bench = moved(options={"phase_switching": True})
    bench.point.request_phases(1)
    bench.run(10000)
    assert bench.point.phases.active == 3, "first back to where it was"
    bench.point.trial.end()
    bench.run(230000)
    assert bench.point.phases.active == 1 and not bench.point.trial.standing


def test_a_reset_in_the_middle_knows_the_phases_from_before_the_trial():
    bench = moved(options={"phase_switching": True})
    bench.run(1200)
    assert bench.point.phases.active == 1 and joined(bench)
    assert bench.point.phases.joined == 3


def test_with_a_resistor_that_shows_b_the_pilot_is_cut_as_for_a_sleeping_car():
    bench = standing(FULL)
    bench.run(5000)
    bench.car = "B"
    bench.run(2000)
    bench.point.wake()
    bench.until(lambda: not joined(bench), 200)
    assert bench.name() == "wake"
    assert bench.until(lambda: joined(bench), 4100) >= 3900
    bench.run(3000)
    assert bench.name() == "B1" and bench.outputs.duty == 65535 and bench.opened()
    bench.car = "A"
    bench.run(3000)
    in_place(bench)
