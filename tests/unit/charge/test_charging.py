from firmware.charge import events, states
from firmware.charge.pilot import duty
from tests.unit.charge.bench import FULL, PLAIN, Bench

_DC = 65535


def _charging(profile=None, options=None, period=10):
    bench = Bench(profile, options, period=period)
    bench.plug()
    return bench


def test_a_plain_session_from_plug_in_to_unplug():
    bench = Bench()
    assert bench.run(300).name() == "A1" and bench.outputs.duty == _DC
    bench.car = "B"
    assert bench.run(100).name() == "B2"
    assert bench.outputs.duty == duty(32000)
    bench.car = "C"
    assert bench.until(lambda: bench.outputs.contactor, 3000) == 520
    assert bench.run(1000).name() == "C2"
    bench.car = "B"
    assert bench.until(bench.opened, 50) == 40
    assert bench.name() == "B2"
    bench.car = "A"
    assert bench.run(100).name() == "A1" and bench.outputs.duty == _DC
    assert bench.run(1000).point.transaction.open is False


def test_the_same_with_everything_fitted():
    bench = _charging(FULL)
    assert bench.outputs.phase_contactor and bench.outputs.lock
    bench.car = "A"
    bench.run(2000)
    assert bench.opened() and not bench.outputs.lock and bench.name() == "A1"


def test_opens_within_50_ms_whatever_the_car_shows():
    for level in "ABDE":
        bench = _charging()
        bench.car = level
        assert bench.until(bench.opened, 50) == 40, level


def test_opens_within_100_ms_when_the_loop_is_held_for_50():
    for level in "ABDE":
        for at in range(4):
            bench = _charging()
            bench.car = level
            gone = 0
            while not bench.opened():
                ms = 60 if gone == at * 10 else 10
                bench.tick(ms)
                gone += ms
            assert gone <= 100, (level, at, gone)


def test_opens_when_the_pilot_breaks_in_other_ways():
    def diode(bench):
        bench.diode = False

    def silence(bench):
        bench.known = False

    def negative(bench):
        bench.noise_mv = -18000

    for act, most_ms in ((diode, 50), (silence, 60), (negative, 50)):
        bench = _charging()
        act(bench)
        assert bench.until(bench.opened, 100) <= most_ms, act


def test_at_a_cycle_of_20_ms_it_opens_within_80():
    bench = _charging(period=20)
    bench.car = "B"
    assert bench.until(bench.opened, 80) <= 80


def test_a_step_that_comes_late_makes_safe():
    for gap_ms, stays in ((60, True), (70, True), (75, True), (76, False), (500, False)):
        bench = _charging()
        bench.tick(gap_ms)
        assert bench.outputs.contactor is stays, gap_ms
        assert bench.faults() == ([] if stays else ["late"]), gap_ms


def test_the_first_late_step_of_a_life_is_late():
    bench = Bench(start=0)
    bench.plug()
    bench.tick(500)
    assert bench.faults() == ["late"]


def test_a_clock_that_jumps_back_makes_safe():
    bench = _charging()
    bench.inputs.now -= 5000
    bench.watch.gap_ms = 0
    bench.point.step()
    assert bench.opened() and bench.faults() == ["late"]


def test_nothing_is_offered_below_six_amperes():
    bench = _charging()
    bench.point.limits.set("controller", 5900, 0, None, bench.inputs.now)
    bench.tick(10)
    assert bench.outputs.duty == _DC and bench.name() == "C1-stopping"
    bench.car = "B"
    assert bench.run(50).name() == "B1"


def test_stopping_by_us_waits_for_the_car():
    bench = _charging()
    bench.point.enable(False)
    bench.run(2000)
    assert bench.outputs.contactor and bench.outputs.duty == _DC
    bench.car = "B"
    assert bench.until(bench.opened, 50) == 40
    assert bench.point.contactor.under_load == 0
    assert bench.point.transaction.reason == 3


def test_a_car_that_does_not_stop_is_cut_after_six_seconds():
    bench = _charging()
    bench.point.enable(False)
    assert 6000 <= bench.until(bench.opened, 6100) <= 6020
    assert bench.name() == "C1" and bench.point.contactor.under_load == 1


def test_an_opening_without_current_is_not_under_load():
    bench = _charging()
    bench.point.measured.known = True
    bench.point.measured.current_ma[0] = 900
    bench.point.enable(False)
    bench.run(6100)
    assert bench.opened() and bench.point.contactor.under_load == 0


def test_the_next_pause_is_longer_after_an_opening_under_load():
    for current_ma, pause_ms in ((0, 5000), (10000, 30000)):
        bench = _charging()
        bench.point.measured.known = True
        bench.point.measured.current_ma[0] = current_ma
        bench.point.enable(False)
        bench.until(bench.opened, 6100)
        bench.point.enable(True)
        gone = bench.until(bench.closed, 40000)
        assert pause_ms <= gone <= pause_ms + 1500, current_ma


def test_five_seconds_pass_before_it_closes_again():
    bench = _charging()
    bench.car = "B"
    bench.until(bench.opened, 50)
    bench.car = "C"
    assert 5000 <= bench.until(lambda: bench.outputs.contactor, 8000) <= 6500


def test_a_simplified_car_goes_from_a_to_c():
    bench = Bench()
    bench.run(3000)
    bench.car = "C"
    assert bench.until(lambda: bench.outputs.contactor, 1500) <= 1000


def test_a_car_still_in_c_after_a_power_failure_charges():
    bench = Bench()
    bench.car = "C"
    record = {"open": True, "energy_wh": 4321, "charging_s": 60, "authorised": "card 7"}
    bench.point.restore(record)
    assert bench.until(lambda: bench.outputs.contactor, 3000) <= 1500
    assert bench.point.transaction.energy_wh == 4321
    assert bench.point.transaction.authorised == "card 7"


def test_a_car_that_left_during_a_power_failure_ends_its_session():
    bench = Bench()
    bench.point.restore({"open": True, "energy_wh": 4321})
    bench.run(2000)
    assert (events.CLOSED, 6) in bench.events()
    assert not bench.point.transaction.open


def test_ventilation_is_refused_where_none_is_fitted():
    bench = Bench()
    bench.run(1000)
    bench.car = "D"
    bench.run(5000)
    assert bench.opened() and bench.name() == "D1" and bench.outputs.duty == _DC
    bench.car = "C"
    bench.run(3000)
    assert bench.outputs.contactor


def test_a_waiting_car_that_wants_ventilation_loses_its_offer():
    bench = Bench()
    bench.run(1000)
    bench.car = "B"
    bench.run(1000)
    assert bench.name() == "B2"
    bench.car = "D"
    bench.run(1000)
    assert bench.name() == "D1" and bench.outputs.duty == _DC


def test_ventilation_is_granted_where_it_is_fitted():
    profile = dict(PLAIN)
    profile["ventilation"] = True
    bench = Bench(profile)
    bench.run(1000)
    bench.car = "D"
    bench.run(3000)
    assert bench.outputs.contactor and bench.name() == "D2"
    bench.car = "C"
    bench.run(500)
    assert bench.outputs.contactor and bench.name() == "C2"


def test_a_lower_limit_counts_at_once_and_a_higher_one_after_five_seconds():
    bench = _charging()
    limits = bench.point.limits
    bench.run(6000)
    limits.set("controller", 10000, 0, None, bench.inputs.now)
    bench.tick(10)
    assert bench.outputs.duty == duty(10000)
    limits.set("controller", 16000, 0, None, bench.inputs.now)
    gone = bench.until(lambda: bench.outputs.duty == duty(16000), 6000)
    assert 4980 <= gone <= 5010
    limits.set("controller", 20000, 0, None, bench.inputs.now)
    assert 4980 <= bench.until(lambda: bench.outputs.duty == duty(20000), 6000) <= 5010


def test_pwm_does_not_flicker_when_enabling_does():
    bench = Bench()
    bench.run(300)
    bench.car = "B"
    bench.run(6000)
    starts, was = 0, bench.outputs.duty
    for index in range(200):
        bench.point.enable(index % 2 == 1)
        bench.run(100)
        starts += was == _DC and bench.outputs.duty != _DC
        was = bench.outputs.duty
    assert 3 <= starts <= 4, starts


def test_the_wrap_of_the_ticks_disturbs_nothing():
    bench = Bench(start=(1 << 30) - 4000)
    bench.plug()
    assert bench.inputs.now < 10000
    bench.run(20000)
    assert bench.outputs.contactor and bench.faults() == []


def test_a_random_delay_lets_the_first_offer_wait():
    bench = Bench(options={"random_delay_s": 600, "seed": 30000})
    bench.run(1000)
    bench.car = "B"
    assert bench.run(500).name() == "B1"
    assert "delayed" in bench.point.status()["blocked"]
    assert bench.until(lambda: bench.name() == "B2", 601000) > 10000
    bench.car = "C"
    bench.run(1000)
    assert bench.outputs.contactor


def test_no_delay_by_default():
    assert Bench().point.options.random_delay_s == 0


def test_events_tell_the_story():
    bench = Bench()
    bench.plug()
    happened = bench.events()
    assert (events.OPENED, 0) in happened
    told = [value for event, value in happened if event == events.STATE]
    assert told == [states.A1, states.B1, states.B2, states.READY, states.CHARGING]


def test_the_status_is_complete():
    names = (
        "state shown level waking wake_count enabled offered_ma limit_ma limit_owner limits"
        " blocked contactor switches switches_under_load diode_proved toggles phases phases_wanted"
        " phases_fallback cable_ma residual_tested residual_due residual_age_ms faults transaction"
    )
    assert set(Bench().point.status()) == set(names.split())


def test_the_led_tells_the_states_apart():
    patterns = [output[3] for output in states.OUTPUTS]
    assert set(patterns) == {0, 1, 2, 3, 4, 5}
    for state, pattern in (
        (states.A1, 0),
        (states.B1, 4),
        (states.C1, 4),
        (states.START, 0),
        (states.F, 5),
        (states.GAP, 1),
        (states.WAKE_F, 1),
        (states.B2, 1),
        (states.READY, 1),
        (states.CHARGING, 2),
        (states.STOPPING, 2),
        (states.D1, 3),
        (states.FAULT, 5),
        (states.BARRED, 5),
        (states.WAKE_GAP, 1),
    ):
        assert states.OUTPUTS[state][3] == pattern, state


def test_the_status_is_plain():
    import json

    bench = _charging(FULL)
    status = json.loads(json.dumps(bench.point.status()))
    assert status["state"] == "C2" and status["shown"] == "C" and status["offered_ma"] == 32000
    assert status["limit_owner"] == "hardware" and status["blocked"] == []


def test_a_car_that_lets_go_during_the_last_checks_has_to_ask_for_500_ms_anew():
    bench = Bench()
    bench.run(3000)
    bench.car = "C"
    bench.until(lambda: bench.name() == "C2-ready", 3000)
    bench.car = "B"
    bench.tick(10)
    bench.car = "C"
    assert bench.until(bench.closed, 2000) == 510  # the first of 51 decisions begins it


def test_the_status_says_whether_charging_is_allowed():
    bench = Bench()
    for enabled in (None, False, True):
        if enabled is not None:
            bench.point.enable(enabled)
        enabled = enabled is not False
        status = bench.point.status()
        assert status["enabled"] is enabled
        assert status["blocked"] == ([] if enabled else ["disabled"])
