from firmware.charge.signals import Refused
from tests.unit.charge.bench import FULL, PLAIN, Bench

_ON = {"phase_switching": True}


def _bench(options=None):
    bench = Bench(FULL, options or _ON)
    bench.plug()
    return bench


def _refused(act, *arguments):
    try:
        act(*arguments)
    except Refused as refusal:
        return str(refusal)
    return None


def test_switching_is_off_until_somebody_wants_it():
    bench = Bench(FULL)
    assert _refused(bench.point.request_phases, 1) == "phase switching is off"
    assert _refused(bench.point.request_phases, 3) is None, "nothing would change"


def test_switching_needs_the_hardware_for_it():
    for missing, reason in (
        ("phase_contactor", "no contactor for L2 and L3"),
        ("contactor_mirror", "no mirror contact proves the contactor open"),
        ("pilot_disconnect", "this board cannot cut the pilot"),
    ):
        profile = dict(FULL)
        profile[missing] = False
        bench = Bench(profile)
        assert _refused(bench.point.configure, _ON) == reason
        assert _refused(bench.point.request_phases, 1) == reason
        assert bench.point.options.phase_switching is False


def test_only_one_and_three_are_phases():
    for phases in (-1, 0, 2, 4):
        assert _refused(_bench().point.request_phases, phases) == "1 or 3 phases"


def test_a_box_with_one_phase_never_drives_a_second_contactor():
    profile = dict(FULL)
    profile["phases"] = 1
    bench = Bench(profile)
    bench.plug()
    assert not bench.outputs.phase_contactor and bench.point.phases.active == 1


def test_the_whole_sequence_while_charging():
    bench = _bench()
    bench.point.request_phases(1)
    bench.run(200)
    assert bench.name() == "C1-stopping" and bench.outputs.duty == 65535
    bench.car = "B"
    bench.until(bench.opened, 50)
    assert bench.outputs.phase_contactor
    opened_ms = bench.until(lambda: not bench.outputs.pilot_connected, 1000)
    assert opened_ms >= 200
    moved_ms = bench.until(lambda: not bench.outputs.phase_contactor, 1000)
    assert moved_ms >= 100
    assert bench.point.shown == "B", "no unplug shows outside"
    bench.car = "C"
    gap_ms = bench.until(lambda: bench.outputs.pilot_connected, 61000)
    assert 59000 <= moved_ms + gap_ms <= 60100
    bench.until(lambda: bench.outputs.contactor, 3000)
    assert bench.point.phases.active == 1 and bench.point.transaction.open


def test_a_car_that_does_not_let_go_is_cut_and_gets_a_longer_gap():
    bench = _bench({"phase_switching": True, "phase_gap_s": 15})
    bench.point.request_phases(1)
    bench.until(lambda: not bench.outputs.pilot_connected, 8000)
    assert bench.point.contactor.under_load == 1
    assert bench.until(lambda: bench.outputs.pilot_connected, 61000) >= 60000


def test_the_gap_has_the_length_that_is_set():
    bench = _bench({"phase_switching": True, "phase_gap_s": 15})
    bench.point.request_phases(1)
    bench.run(200)
    bench.car = "B"
    bench.until(lambda: not bench.outputs.pilot_connected, 8000)
    assert 15000 <= bench.until(lambda: bench.outputs.pilot_connected, 16000) <= 15020


def test_switches_keep_their_distance():
    bench = _bench({"phase_switching": True, "phase_gap_s": 15, "wake": False})
    bench.point.request_phases(1)
    bench.run(200)
    bench.car = "B"
    bench.until(lambda: not bench.outputs.pilot_connected, 8000)
    bench.point.request_phases(3)
    gone = bench.until(lambda: bench.outputs.pilot_connected, 16000)
    assert bench.point.phases.active == 3, "changed its mind before the contactor moved"
    bench.point.request_phases(1)
    gone += bench.until(lambda: not bench.outputs.pilot_connected, 300000)
    assert 210000 <= gone <= 211000
    gone = bench.until(lambda: bench.point.phases.active == 1, 16000)
    bench.point.request_phases(3)
    bench.run(14000)
    assert bench.point.phases.active == 1, "one move in a gap"


def test_without_a_car_it_is_quick():
    bench = Bench(FULL, _ON)
    bench.run(3000)
    bench.point.request_phases(1)
    assert bench.until(lambda: bench.point.phases.active == 1, 1000)
    bench.run(2000)
    assert bench.name() == "A1" and bench.outputs.pilot_connected


def test_a_car_on_one_phase_falls_back_by_itself_and_only_for_its_visit():
    bench = _bench()
    measured = bench.point.measured
    measured.known = True
    measured.current_ma[:] = [5001, 499, 0]
    bench.run(29000)
    assert not bench.point.phases.fallback
    bench.run(2000)
    assert bench.point.phases.fallback and bench.name() == "C1-stopping"
    measured.current_ma[:] = [0, 0, 0]
    bench.car = "B"
    bench.until(lambda: bench.point.phases.active == 1, 5000)
    bench.run(61000)
    bench.car = "A"
    bench.run(1000)
    assert bench.point.phases.wanted == 3 and not bench.point.phases.fallback
    bench.until(lambda: bench.point.phases.active == 3, 220000)


def test_no_fallback_when_it_is_not_wanted_or_not_sure():
    for options, currents in (
        ({"phase_switching": True, "phase_automatic": False}, (16000, 0, 0)),
        ({}, (16000, 0, 0)),
        (_ON, (4000, 0, 0)),
        (_ON, (16000, 500, 0)),
        (_ON, (16000, 0, 500)),
        (_ON, (5000, 0, 0)),
    ):
        bench = _bench(options or {"phase_gap_s": 60})
        bench.point.measured.known = True
        bench.point.measured.current_ma[:] = list(currents)
        bench.run(40000)
        assert not bench.point.phases.fallback, (options, currents)


def test_a_weld_found_in_the_gap_leaves_the_phases_alone():
    bench = _bench()
    bench.point.request_phases(1)
    bench.run(200)
    bench.welded = True
    bench.car = "B"
    bench.run(10000)
    assert bench.outputs.phase_contactor and bench.faults() == ["welded"]


def test_three_phases_are_joined_at_boot_before_the_first_offer():
    bench = Bench(FULL)
    bench.car = "B"
    bench.until(lambda: bench.outputs.phase_contactor, 1000)
    assert bench.outputs.duty == 65535
    bench.until(lambda: bench.name() == "B2", 3000)


def test_a_plain_box_has_nothing_to_switch():
    assert _refused(Bench(PLAIN).point.request_phases, 1) == "no contactor for L2 and L3"


def _in_gap():
    """The phase contactor alone, told to go from three phases to one, in a gap just begun."""
    phases = Bench(FULL, _ON).point.phases
    phases.place(True)
    phases.request(1)
    phases.begin(True, False)
    return phases


def test_the_contactor_of_l2_and_l3_moves_200_ms_after_the_pilot_was_cut():
    for rounds_ms, moves in (
        ((100,), False),
        ((100, 99), False),
        ((100, 100), True),
        ((199,), False),
        ((200,), True),
    ):
        phases = _in_gap()
        for ms in rounds_ms:
            assert phases.output
            phases.gap(True, ms)
        assert phases.output is not moves, rounds_ms


def test_in_a_gap_it_waits_for_the_proof_and_moves_once():
    phases = _in_gap()
    for _ in range(20):
        phases.gap(False, 100)
    assert phases.output and phases.active == 3
    phases.gap(True, 100)
    assert not phases.output and phases.active == 1
    phases.request(3)
    phases.gap(True, 100)
    assert phases.active == 1, "the next move has a gap of its own"


def test_asking_again_is_judged_by_what_is_allowed_now():
    bench = _bench()
    bench.point.phases.begin(True, False)  # a switch lies just behind: the next has to wait
    bench.point.request_phases(1)
    bench.point.configure({"phase_switching": False})
    assert _refused(bench.point.request_phases, 1) == "phase switching is off"
