"""The monitor of the invariants: silent for a sound box, and it names each way to be unsound."""

from tools.sim.invariants import Monitor, offered_ma

_SIXTEEN = 65535 * 16 // 60


def plugged_and_running():
    monitor = Monitor()
    monitor.outputs(0, False, False, 65535)
    monitor.wire(1000, "B")
    monitor.outputs(2000, False, False, _SIXTEEN)
    monitor.wire(3000, "C")
    return monitor


def charging():
    monitor = plugged_and_running()
    monitor.outputs(3440, False, True, _SIXTEEN)
    monitor.outputs(3540, True, True, _SIXTEEN)
    monitor.contacts(3560, True)
    return monitor


def said(monitor):
    return " / ".join(text for _, text in monitor.violations)


def test_duty_is_read_as_a_car_reads_it():
    for percent, expected in ((10.0, 6000), (26.667, 16000), (53.333, 32000), (85, 51000)):
        assert abs(offered_ma(round(65535 * percent / 100)) - expected) <= 2, percent
    assert abs(offered_ma(round(65535 * 0.96)) - 80000) <= 4
    for duty in (0, 65535, 65535 * 7 // 100):
        assert offered_ma(duty) == 0


def test_a_sound_charge_breaks_nothing():
    monitor = charging()
    monitor.limit(4000, 16000)
    monitor.energy(4000, 10)
    monitor.wire(9000, "B")
    monitor.outputs(9045, False, True, _SIXTEEN)
    monitor.contacts(9065, False)
    monitor.outputs(9200, False, False, _SIXTEEN)
    monitor.energy(9300, 12)
    monitor.finish(20000)
    assert monitor.violations == []
    assert monitor.worst() == {"pilot": 45}


def test_closing_too_early_is_named():
    monitor = plugged_and_running()
    monitor.outputs(3480, True, False, _SIXTEEN)
    assert "closed 480 ms after C" in said(monitor)


def test_a_glitch_that_one_cycle_can_miss_does_not_restart_the_500_ms():
    monitor = plugged_and_running()
    monitor.wire(3200, "B")
    monitor.wire(3208, "C")
    monitor.outputs(3520, True, False, _SIXTEEN)
    assert monitor.violations == []
    monitor = plugged_and_running()
    monitor.wire(3200, "B")
    monitor.wire(3220, "C")
    monitor.outputs(3520, True, False, _SIXTEEN)
    assert "closed 300 ms after C" in said(monitor)


def test_a_break_inside_a_held_loop_cannot_be_seen():
    for began, fine in ((3190, True), (3100, False)):
        monitor = plugged_and_running()
        monitor.hold(began, 50)
        monitor.wire(3200, "B")
        monitor.wire(3240, "C")
        monitor.outputs(3520, True, False, _SIXTEEN)
        assert (monitor.violations == []) == fine, began


def test_closing_in_b_or_without_pwm_or_with_a_bad_diode_or_a_trip_is_named():
    monitor = plugged_and_running()
    monitor.wire(3600, "B")
    monitor.outputs(4000, True, False, _SIXTEEN)
    assert "closed in B" in said(monitor)
    monitor = plugged_and_running()
    monitor.outputs(3600, False, False, 65535)
    monitor.outputs(3700, True, False, 65535)
    assert "closed without PWM" in said(monitor)
    monitor = plugged_and_running()
    monitor.wire(3000, "C", False)
    monitor.outputs(3600, True, False, _SIXTEEN)
    assert "diode" in said(monitor)
    monitor = plugged_and_running()
    monitor.trip(3100, "residual current", True)
    monitor.outputs(3600, True, False, _SIXTEEN)
    assert "closed despite residual current" in said(monitor)


def test_every_cause_must_open_within_50_ms():
    causes = (
        lambda monitor: monitor.wire(9000, "B"),
        lambda monitor: monitor.wire(9000, "A"),
        lambda monitor: monitor.wire(9000, "E"),
        lambda monitor: monitor.wire(9000, "D"),
        lambda monitor: monitor.wire(9000, "C", False),
        lambda monitor: monitor.trip(9000, "emergency stop", True),
    )
    for cause in causes:
        for took, fine in ((50, True), (51, False)):
            monitor = charging()
            cause(monitor)
            monitor.outputs(9000 + took, False, True, _SIXTEEN)
            assert (monitor.violations == []) == fine, (took, said(monitor))


def test_a_contactor_that_never_opens_is_found_at_the_end():
    monitor = charging()
    monitor.wire(9000, "B")
    monitor.finish(9200)
    assert "still closed 50 ms after pilot" in said(monitor)


def test_a_held_loop_allows_100_ms_and_a_late_one_is_named_once():
    for took, fine in ((95, True), (101, False)):
        monitor = charging()
        monitor.wire(9000, "B")
        monitor.hold(8999, 50)
        monitor.outputs(9000 + took, False, True, _SIXTEEN)
        assert (monitor.violations == []) == fine, took
    monitor = charging()
    for _ in range(2):
        monitor.late(9000, "the loop was held for 70 ms, contactor closed, by flash")
    assert [text for _, text in monitor.violations] == [
        "the loop was held for 70 ms, contactor closed, by flash"
    ]


def test_holds_add_up():
    monitor = Monitor()
    monitor.hold(1000, 50)
    monitor.hold(1010, 11)
    assert monitor.held_until == 1061
    assert monitor.held_ms(990, 1100) == 61 and monitor.held_ms(1055, 1100) == 6
    assert monitor.longer_ms(990, 1100) == 61 and monitor.longer_ms(1061, 1100) == 0
    assert monitor.longer_ms(1055, 1100) == 50


def test_a_short_dip_of_the_pilot_demands_nothing():
    monitor = charging()
    monitor.wire(9000, "B")
    monitor.wire(9030, "C")
    monitor.finish(20000)
    assert monitor.violations == []


def test_b_may_be_a_glitch_after_a_change_of_the_duty_and_a_may_not():
    for level, took, fine in (
        ("B", 600, True),
        ("B", 620, False),
        ("A", 50, True),
        ("A", 60, False),
    ):
        monitor = charging()
        monitor.outputs(9000, True, True, _SIXTEEN * 10 // 16)
        monitor.wire(9000, level)
        monitor.outputs(9000 + took, False, True, _SIXTEEN * 10 // 16)
        assert (monitor.violations == []) == fine, (level, took)


def test_ventilation_makes_d_a_charging_level():
    monitor = Monitor(ventilated=True)
    monitor.wire(1000, "B")
    monitor.outputs(2000, False, False, _SIXTEEN)
    monitor.wire(3000, "D")
    monitor.outputs(3600, True, False, _SIXTEEN)
    monitor.finish(9000)
    assert monitor.violations == []


def test_the_phase_contactor_may_move_only_without_current():
    monitor = charging()
    monitor.outputs(9000, True, False, _SIXTEEN)
    assert "L2/L3" in said(monitor)
    monitor = charging()
    monitor.outputs(9000, False, True, _SIXTEEN)
    monitor.outputs(9010, False, False, _SIXTEEN)
    assert "L2/L3" in said(monitor), "the main contacts have not opened yet"
    monitor = charging()
    monitor.outputs(9000, False, False, 0, True)
    assert monitor.violations == [], "a reset drops all coils at once"


def again(between, phase_relay=False):
    """A car charges on three phases, then `between`, then it charges again."""
    monitor = charging()
    monitor.wire(9000, "B")
    monitor.outputs(9045, False, True, _SIXTEEN)
    monitor.contacts(9065, False)
    between(monitor)
    monitor.outputs(90000, False, phase_relay, _SIXTEEN)
    monitor.wire(91000, "B")
    monitor.wire(92000, "C")
    monitor.outputs(93000, True, phase_relay, _SIXTEEN)
    return said(monitor)


def test_the_phases_of_a_plugged_car_change_only_with_a_gap_in_the_pilot():
    def nothing(monitor):
        pass

    def reset(monitor):
        monitor.outputs(10000, False, False, 65535, True)
        monitor.joined(10000, True, True)

    def gap(ms):
        def cut(monitor):
            monitor.joined(10000, False, True)
            monitor.joined(10000 + ms, True, True)

        return cut

    def unplugged(monitor):
        monitor.joined(10000, True, False)
        monitor.joined(11000, True, True)

    for between in (nothing, reset, gap(5000), gap(14000)):
        assert "without a gap" in again(between)
        assert again(between, True) == ""
    for between in (gap(15000), gap(60000), unplugged):
        assert again(between) == ""


def test_no_pwm_for_more_than_six_seconds_must_open():
    monitor = charging()
    monitor.outputs(10000, True, True, 65535)
    monitor.outputs(16050, False, True, 65535)
    assert monitor.violations == []
    monitor = charging()
    monitor.outputs(10000, True, True, 65535)
    monitor.outputs(16200, False, True, 65535)
    assert "without PWM for more than 6 s" in said(monitor)


def test_an_offer_above_board_cable_or_limit_or_below_six_ampere_is_named():
    monitor = Monitor()
    monitor.outputs(0, False, False, 65535 * 33 // 60)
    assert "the board carries" in said(monitor)
    monitor = Monitor()
    monitor.cable_ma = 13000
    monitor.outputs(0, False, False, _SIXTEEN)
    monitor.limit(1, 32000)
    assert "cable for 13000" in said(monitor)
    monitor = Monitor()
    monitor.outputs(0, False, False, 65535 * 9 // 100)
    assert "neither an offer nor a stop" in said(monitor)
    monitor = Monitor()
    monitor.outputs(0, False, False, _SIXTEEN)
    monitor.limit(100, 10000)
    monitor.limit(6000, 10000)
    assert monitor.violations == []
    monitor.limit(6200, 10000)
    assert "above the limit of 10000 mA" in said(monitor)


def test_energy_may_not_fall_except_by_what_a_power_cut_costs():
    monitor = Monitor()
    monitor.energy(0, 1000)
    monitor.energy(1, 900, True)
    assert monitor.violations == []
    monitor.energy(2, 899)
    assert "energy fell from 900 to 899" in said(monitor)
