"""What an installer may try: only at an empty socket, and it ends by itself."""

from firmware.charge import states
from firmware.charge.signals import Refused
from tests.unit.charge.bench import FULL, PLAIN, Bench


def refused(call):
    try:
        call()
    except Refused as error:
        return str(error)
    return ""


def standing(profile=PLAIN):
    bench = Bench(profile)
    bench.run(5000)
    bench.point.trial.begin()
    return bench


def clicking():
    bench = standing()
    bench.point.trial.click()
    bench.until(bench.closed, 200)
    return bench


def test_a_click_closes_the_contactor_for_a_second_and_no_longer():
    bench = clicking()
    assert bench.name() == "click" and bench.outputs.duty == 65535
    took = bench.until(bench.opened, 1100)
    assert 900 <= took <= 1010, took
    bench.run(5000)
    assert bench.name() == "A1" and bench.opened()
    assert bench.point.contactor.switches == 1 and bench.point.contactor.under_load == 0


def test_a_click_that_was_asked_for_twice_happens_once():
    bench = standing()
    bench.point.trial.click()
    bench.point.trial.click()
    bench.run(5000)
    assert bench.point.contactor.switches == 1


def test_a_plug_of_any_kind_opens_a_click_within_50_ms():
    for level in "BCDEF":
        for wait_ms in (10, 50, 200, 500, 900):
            bench = clicking()
            bench.run(wait_ms)
            bench.car = level
            took = bench.until(bench.opened, 1000)
            assert took <= 50, (level, wait_ms, took)


def test_a_pilot_that_cannot_be_read_opens_a_click():
    bench = clicking()
    bench.run(300)
    bench.known = False
    assert bench.until(bench.opened, 1000) <= 70


def test_nothing_is_tried_while_the_pilot_cannot_be_read():
    for silent_ms in (10, 50, 90):
        bench = standing()
        bench.known = False
        bench.run(silent_ms)
        assert "cannot be read" in refused(bench.point.trial.click)
        bench = standing()
        bench.point.trial.click()  # and only then
        bench.known = False
        bench.run(silent_ms)
        assert bench.point.contactor.switches == 0 or bench.opened(), silent_ms


def test_each_fault_opens_a_click_at_once():
    for name, value in (("emergency_stop", True), ("supply_ok", False)):
        bench = clicking()
        bench.run(300)
        setattr(bench.inputs, name, value)
        bench.tick(10)
        assert bench.opened(), name
    bench = clicking()
    bench.run(300)
    bench.sensor_sound = False
    bench.inputs.residual_tripped = True
    bench.run(20)
    assert bench.opened()
    bench = clicking()
    bench.run(300)
    bench.tick(80)
    assert bench.opened() and "late" in bench.faults()


def test_a_contactor_that_sticks_or_welds_in_a_click_is_found():
    bench = standing()
    bench.stuck_open = True
    bench.point.trial.click()
    bench.run(1000)
    assert "not_closed" in bench.faults() and bench.opened()
    bench = clicking()
    bench.welded = True
    bench.run(2000)
    assert "welded" in bench.faults() and bench.opened()


def test_nothing_is_tried_with_a_car_a_fault_or_a_doubtful_contactor():
    bench = Bench(PLAIN)
    assert refused(bench.point.trial.begin) == "a car, or what looks like one, is plugged in"
    bench.plug()
    assert refused(bench.point.trial.begin) and refused(bench.point.trial.click)
    assert bench.closed()
    bench = Bench(PLAIN)
    bench.run(5000)
    assert refused(bench.point.trial.click) == "no trial stands"
    assert refused(bench.point.trial.drive_lock) == "no trial stands"
    assert refused(bench.point.trial.send)
    bench.inputs.emergency_stop = True
    bench.run(100)
    assert refused(bench.point.trial.begin) == "a fault stands"


def test_what_was_asked_for_is_forgotten_when_a_plug_comes_first():
    bench = standing()
    bench.car = "B"
    bench.point.trial._asked = states.CLICKED
    bench.run(3000)
    bench.car = "A"
    bench.run(3000)
    assert bench.point.contactor.switches == 0


def test_while_a_trial_stands_no_car_gets_current():
    bench = standing()
    for level in "BCBCC":
        bench.car = level
        bench.run(10000)
        assert bench.opened() and bench.outputs.duty == 65535
    assert "trial" in bench.point.status()["blocked"]


def test_1_khz_is_sent_for_less_than_a_second_and_closes_nothing():
    bench = standing()
    bench.car = "B"
    bench.run(6000)
    bench.point.trial.send()
    bench.until(lambda: bench.outputs.duty != 65535, 200)
    bench.car = "C"
    took = bench.until(lambda: bench.outputs.duty == 65535, 1000)
    assert took <= 900
    bench.run(10000)
    assert bench.opened()


def test_a_trial_ends_when_asked_to_and_at_last_by_itself():
    bench = standing()
    bench.point.trial.end()
    bench.run(200)
    assert not bench.point.trial.standing
    bench.plug()
    bench = standing()
    bench.run(599000)
    assert bench.point.trial.standing
    bench.run(2000)
    assert not bench.point.trial.standing
    bench.plug()


def test_what_is_still_plugged_in_at_the_end_has_to_leave_first():
    bench = standing()
    bench.car = "C"
    bench.run(1000)
    bench.point.trial.end()
    bench.run(60000)
    assert bench.point.trial.standing and bench.opened()
    bench.car = "A"
    bench.run(2000)
    assert not bench.point.trial.standing
    bench.plug()


def test_the_lock_is_driven_for_three_seconds_and_given_back():
    bench = standing(FULL)
    bench.point.trial.drive_lock()
    bench.run(200)
    assert bench.outputs.lock
    bench.run(2500)
    assert bench.outputs.lock
    bench.run(500)
    assert not bench.outputs.lock


def test_a_lock_that_jams_in_a_trial_is_no_fault():
    bench = standing(FULL)
    bench.lock_sound = False
    bench.point.trial.drive_lock()
    bench.run(10000)
    assert bench.faults() == [] and not bench.outputs.lock


def test_a_click_waits_for_no_residual_test_but_gives_way_to_it():
    bench = Bench(FULL)
    bench.run(10000)
    bench.point.trial.begin()
    bench.point.chores.residual.ask()
    bench.run(200)
    assert refused(bench.point.trial.click) == "the residual current sensor is being tested"
    bench.run(3000)
    bench.point.trial.click()
    bench.until(bench.closed, 300)
