from firmware.charge import events, states
from firmware.charge.signals import Refused
from firmware.charge.wake import DEFAULT_RECIPE, Wake, parse
from tests.unit.charge.bench import FULL, PLAIN, Bench


def _asleep(options=None, profile=FULL, idle_ms=0):
    bench = Bench(profile, options)
    bench.run(3000)
    bench.point.waker._idle_ms = idle_ms
    bench.car = "B"
    bench.until(lambda: bench.name() == "B2", 3000)
    return bench


def _story(bench, ms):
    """(second, joined, -12 V) at each change of the wire."""
    told, was = [], (True, False)
    for step in range(ms // 10):
        bench.tick(10)
        now = (bench.outputs.pilot_connected, bench.outputs.duty == 0)
        if now != was:
            told.append((round(step / 100),) + now)
            was = now
    return told


def test_the_default_recipe():
    assert parse(DEFAULT_RECIPE) == [
        [90000, states.WAKE, 4000],
        [30000, states.WAKE, 30000],
        [30000, states.WAKE_BY_F, 4000],
        [30000, states.WAKE_BY_F, 30000],
    ]


def test_a_recipe_that_makes_no_sense_is_refused():
    for recipe in ("x", "90 gap", "90 off 4", "90 gap 0", "90 gap 121", "-1 gap 4", "9.5 F 4"):
        try:
            parse(recipe)
        except Refused:
            continue
        raise AssertionError(recipe)
    assert parse("") == [] and parse(" 5 F 3 ,") == [[5000, states.WAKE_BY_F, 3000]]


def test_a_sleeping_car_is_woken_by_gaps_only_when_it_was_not_idle_for_long():
    bench = _asleep()
    told = _story(bench, 400000)
    assert [row[1:] for row in told] == [(False, False), (True, False)] * 2
    (first, second, third, fourth) = [row[0] for row in told]
    assert 89 <= first <= 91 and second - first == 4 and fourth - third == 30
    assert 30 <= third - second <= 37


def test_after_an_hour_minus_12_v_is_tried_as_well():
    bench = _asleep(idle_ms=3600000)
    told = [row[1:] for row in _story(bench, 400000)]
    assert told == [(False, False), (True, False)] * 2 + [(True, True), (True, False)] * 2


def test_the_wake_up_shows_b_outside_and_a_flag():
    bench = _asleep()
    bench.until(lambda: not bench.outputs.pilot_connected, 100000)
    status = bench.point.status()
    assert status["shown"] == "B" and status["waking"] and status["wake_count"] == 1
    assert (events.WAKING, 1) in bench.events()
    bench.run(10000)
    assert not bench.point.waking() and bench.point.transaction.open


def test_a_car_that_wakes_charges():
    bench = _asleep()
    bench.until(lambda: not bench.outputs.pilot_connected, 100000)
    bench.run(2000)
    bench.car = "C"
    bench.until(lambda: bench.outputs.contactor, 12000)


def test_a_car_that_has_charged_wants_to_rest():
    bench = _asleep()
    bench.car = "C"
    bench.run(2000)
    bench.car = "B"
    assert _story(bench, 300000) == []


def test_a_new_offer_may_wake_again():
    bench = _asleep()
    bench.car = "C"
    bench.run(2000)
    bench.point.enable(False)
    bench.run(100)
    bench.car = "B"
    bench.run(60000)
    bench.point.enable(True)
    assert len(_story(bench, 120000)) == 2


def test_nothing_is_done_without_an_offer():
    bench = _asleep()
    bench.point.enable(False)
    assert _story(bench, 300000) == []


def test_the_interruptions_of_a_session_are_bounded():
    bench = _asleep({"wake_most": 3, "wake_recipe": ",".join(["5 gap 2"] * 9)})
    assert len(_story(bench, 200000)) == 6
    assert bench.point.waker.count == 3
    assert _refused(bench.point.wake) == "3 interruptions in this session are enough"


def test_each_session_counts_for_itself():
    bench = _asleep({"wake_recipe": "5 gap 2"})
    bench.run(20000)
    assert bench.point.waker.count == 1
    bench.car = "A"
    bench.run(10000)
    bench.car = "B"
    bench.until(lambda: bench.name() == "B2", 10000)
    assert bench.point.waker.count == 0


def test_a_profile_may_forbid_it():
    bench = _asleep({"wake": False})
    assert _story(bench, 400000) == []


def test_without_the_relay_only_minus_12_v_is_left():
    bench = _asleep(profile=PLAIN, idle_ms=3600000)
    told = [row[1:] for row in _story(bench, 400000)]
    assert told == [(True, True), (True, False)] * 2


def test_waking_by_hand():
    bench = _asleep()
    bench.run(10000)
    bench.point.wake()
    told = _story(bench, 20000)
    assert len(told) == 2 and told[1][0] - told[0][0] == 4
    assert bench.point.waker.count == 1


def test_waking_by_hand_without_an_offer():
    bench = _asleep()
    bench.point.enable(False)
    bench.run(10000)
    assert bench.name() == "B1"
    bench.point.wake()
    assert [row[1:] for row in _story(bench, 10000)] == [(False, False), (True, False)]


def _refused(act):
    try:
        act()
    except Refused as refusal:
        return str(refusal)
    return None


def test_waking_by_hand_is_refused_where_it_makes_no_sense():
    bench = Bench(FULL)
    bench.run(3000)
    assert _refused(bench.point.wake) == "no car waits in B"
    bench.plug()
    assert _refused(bench.point.wake) == "no car waits in B"
    bench = Bench(PLAIN)
    bench.run(1000)
    bench.car = "B"
    bench.run(1000)
    assert _refused(bench.point.wake) == "this board cannot cut the pilot"


def test_a_step_that_is_impossible_leads_to_the_next_and_to_nothing_else():
    steps = parse("1 gap 4, 1 F 2, 1 gap 4, 1 F 3")
    for can_cut, idle_ms, holds_ms in (
        (True, 0, [4000, 4000]),
        (False, 3600000, [2000, 3000]),
        (False, 0, []),
    ):
        waker = Wake(can_cut)
        waker.steps = steps
        waker._idle_ms = idle_ms
        held = []
        for _ in range(100):
            event = waker.update(states.B2, 100)
            assert event in (0, states.WAKE, states.WAKE_BY_F)
            if event:
                held.append(waker.hold_ms)
                waker.taken()
        assert held == holds_ms, (can_cut, idle_ms)


def test_a_car_that_charged_gets_no_minus_12_v_for_another_hour():
    waker = Wake(True)
    waker.steps = parse("1 F 4")
    waker._idle_ms = 3600000
    waker.charged()
    waker.arm()
    assert not any(waker.update(states.B2, 1000) for _ in range(3598))
    assert [waker.update(states.B2, 1000) for _ in range(2)] == [0, 0], "passed over"
    waker.arm()
    assert [waker.update(states.B2, 1000) for _ in range(1)] == [states.WAKE_BY_F]
