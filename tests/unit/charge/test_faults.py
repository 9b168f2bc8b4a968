from firmware.charge import events, faults
from firmware.charge.events import Events
from firmware.charge.faults import Faults
from tests.unit.charge.bench import FULL, Bench


def _bench():
    bench = Bench(FULL)
    bench.plug()
    bench.events()
    return bench


def test_the_table_is_sound():
    rows = faults.table()
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    assert len({row[1] for row in rows}) == len(rows)
    for _, name, _, clears, times, text in rows:
        assert clears in ("gone", "unplug", "reset"), name
        assert times == "-" or int(times) >= 0, name
        assert (clears == "gone") == (times != "0"), name
        assert text and not text.endswith("."), name


def test_codes_match_their_names():
    names = {row[1]: row[0] for row in faults.table()}
    for name, code in (
        ("late", faults.LATE),
        ("supply", faults.SUPPLY),
        ("emergency_stop", faults.EMERGENCY),
        ("residual_current", faults.RESIDUAL),
        ("residual_test", faults.RESIDUAL_TEST),
        ("welded", faults.WELDED),
        ("not_closed", faults.NOT_CLOSED),
        ("dropped", faults.DROPPED),
        ("phase_welded", faults.PHASE_WELDED),
        ("phase_not_closed", faults.PHASE_NOT_CLOSED),
        ("current_while_open", faults.CURRENT_WHILE_OPEN),
        ("diode", faults.DIODE),
        ("pilot_short", faults.SHORT),
        ("pilot_driver", faults.PILOT),
        ("pilot_unknown", faults.UNKNOWN),
        ("over_current", faults.OVER_CURRENT),
        ("missing_phase", faults.MISSING_PHASE),
        ("over_temperature", faults.OVER_TEMPERATURE),
        ("sensor", faults.SENSOR),
        ("proximity", faults.PROXIMITY),
        ("lock", faults.LOCK),
    ):
        assert names.pop(name) == code, name
    assert not names


def test_a_fault_that_goes_clears_after_30_seconds():
    standing = Faults(Events())
    standing.report(faults.SUPPLY, 0)
    for _ in range(300):
        standing.update(100)
    assert standing.active
    standing.update(100)
    assert not standing.active and standing.first == 0


def test_each_report_starts_the_30_seconds_anew():
    standing = Faults(Events())
    standing.report(faults.SUPPLY, 0)
    for _ in range(5):
        standing.update(29000)
        standing.report(faults.SUPPLY, 0)
    standing.update(29000)
    standing.update(29000)
    assert standing.active
    standing.update(1)
    assert not standing.active


def test_a_fault_may_come_back_only_so_often_in_one_plug_in():
    for code, times in ((faults.DIODE, 3), (faults.OVER_CURRENT, 3), (faults.NOT_CLOSED, 2)):
        standing = Faults(Events())
        for _ in range(times):
            standing.report(code, 0)
            standing.update(30000)
            standing.update(1)
            assert not standing.active, code
        standing.report(code, 0)
        standing.update(30000)
        standing.update(30000)
        assert standing.active, code
        assert standing.status()[0]["clears"] == "unplug", code
        standing.unplugged()
        standing.update(1)
        assert not standing.active, code
        standing.report(code, 0)
        standing.update(30000)
        standing.update(1)
        assert not standing.active, code


def test_what_each_fault_needs_to_clear():
    for code, _, _, clears, _, _ in faults.table():
        for act, helps in (
            (lambda standing: None, clears == "gone"),
            (lambda standing: standing.unplugged(), clears in ("gone", "unplug")),
            (lambda standing: standing.acknowledge(), True),
        ):
            standing = Faults(Events())
            standing.report(code, 7)
            act(standing)
            standing.update(30000)
            standing.update(100)
            assert (standing.active == 0) is helps, (code, clears)


def test_faults_clear_each_by_its_own_rule():
    ring = Events()
    standing = Faults(ring)
    standing.report(faults.WELDED, 250)
    standing.report(faults.SUPPLY, 0)
    assert standing.first == faults.WELDED
    standing.update(30000)
    standing.update(1)
    assert standing.active == 1 << faults.WELDED and standing.first == faults.WELDED
    standing.acknowledge()
    standing.update(1)
    assert not standing.active
    told = []
    event = ring.pop()
    while event:
        told.append(event)
        event = ring.pop()
    assert told == [(2, 6), (2, 2), (3, 2), (3, 6)]


def test_the_next_fault_is_first_when_the_first_has_cleared():
    standing = Faults(Events())
    standing.report(faults.SUPPLY, 0)
    standing.report(faults.RESIDUAL, 0)
    assert standing.first == faults.SUPPLY
    standing.update(30000)
    standing.update(1)
    assert standing.first == faults.RESIDUAL


def test_what_was_measured_goes_with_the_fault():
    for act, code, measured in (
        (lambda bench: setattr(bench.inputs, "temperature_dc", -500), faults.SENSOR, -500),
        (lambda bench: setattr(bench.inputs, "temperature_dc", None), faults.SENSOR, 0),
        (lambda bench: setattr(bench.inputs, "temperature_dc", 715), faults.OVER_TEMPERATURE, 715),
        (_stop, faults.EMERGENCY, 0),
        (_supply, faults.SUPPLY, 0),
        (_leak, faults.RESIDUAL, 0),
        (_no_stop_input, faults.SENSOR, 0),
        (_dropped, faults.DROPPED, 0),
        (_diode, faults.DIODE, -5620),
        (_driver, faults.PILOT, -12000),
        (_short, faults.SHORT, 0),
        (_silent, faults.UNKNOWN, 60),
        (_no_cable, faults.PROXIMITY, 100000),
    ):
        bench = _bench()
        act(bench)
        bench.until(bench.opened, 2000)
        assert bench.point.faults.measured[code] == measured, code


def test_the_status_names_what_was_measured():
    standing = Faults(Events())
    standing.report(faults.OVER_CURRENT, 20123)
    (row,) = standing.status()
    text = "The car draws more than it was offered"
    assert row == {
        "code": faults.OVER_CURRENT,
        "name": "over_current",
        "text": text,
        "measured": 20123,
        "unit": "mA",
        "clears": "gone",
        "count": 1,
    }


def _stop(bench):
    bench.inputs.emergency_stop = True


def _supply(bench):
    bench.inputs.supply_ok = False


def _leak(bench):
    bench.sensor_sound = False
    bench.inputs.residual_tripped = True


def _hot(bench):
    bench.inputs.temperature_dc = 710


def _no_sensor(bench):
    bench.inputs.temperature_dc = None


def _no_stop_input(bench):
    bench.inputs.emergency_stop = None


def _dropped(bench):
    bench.stuck_open = True


def _no_cable(bench):
    bench.inputs.proximity_ohm = 100000


def _phase_dropped(bench):
    bench.phase_stuck_open = True


def _diode(bench):
    bench.diode = False


def _short(bench):
    bench.car = "E"


def _driver(bench):
    bench.noise_mv = -18000


def _silent(bench):
    bench.known = False


# Lever, fault, worst time to the contactor output in ms.
STORIES = (
    (_stop, "emergency_stop", 10),
    (_supply, "supply", 10),
    (_leak, "residual_current", 20),
    (_hot, "over_temperature", 110),
    (_no_sensor, "sensor", 110),
    (_no_stop_input, "sensor", 110),
    (_dropped, "dropped", 40),
    (_phase_dropped, "phase_not_closed", 400),
    (_diode, "diode", 50),
    (_short, "pilot_short", 50),
    (_driver, "pilot_driver", 50),
    (_silent, "pilot_unknown", 70),
    (_no_cable, "proximity", 1600),
)


def test_each_fault_opens_the_contactor_in_its_time():
    for act, name, most_ms in STORIES:
        bench = _bench()
        act(bench)
        gone = bench.until(bench.opened, 2000)
        assert gone <= most_ms, (name, gone)
        assert bench.faults() == [name], (name, bench.faults())
        assert bench.name() == "F" and bench.outputs.duty == 0, name
        bench.run(100)
        assert bench.outputs.led == 16 + bench.point.faults.first, name


def test_after_300_ms_at_minus_12_v_the_car_is_looked_at_again():
    bench = _bench()
    _supply(bench)
    bench.until(bench.opened, 50)
    gone = bench.until(lambda: bench.outputs.duty == 65535, 500)
    assert 300 <= gone <= 320 and bench.name() == "fault"


def test_after_a_fault_that_goes_charging_resumes_after_30_seconds():
    bench = _bench()
    _supply(bench)
    bench.run(1000)
    bench.inputs.supply_ok = True
    gone = bench.until(lambda: bench.outputs.contactor, 40000)
    assert 30000 <= gone <= 32500, gone


def test_a_residual_current_waits_for_the_plug_to_be_pulled():
    bench = _bench()
    _leak(bench)
    bench.run(1000)
    bench.inputs.residual_tripped = False
    bench.sensor_sound = True
    bench.run(120000)
    assert bench.faults() == ["residual_current"]
    bench.car = "A"
    bench.run(3000)
    assert bench.faults() == []
    bench.plug()


def test_an_emergency_stop_without_a_car_clears_when_it_is_released():
    bench = Bench(FULL)
    bench.run(3000)
    _stop(bench)
    bench.run(60000)
    assert bench.faults() == ["emergency_stop"]
    bench.inputs.emergency_stop = False
    bench.run(31000)
    assert bench.faults() == [] and bench.name() == "A1"


def test_one_spike_of_the_residual_current_sensor_is_forgiven():
    bench = _bench()
    bench.sensor_sound = False
    for _ in range(5):
        bench.inputs.residual_tripped = True
        bench.tick(10)
        bench.inputs.residual_tripped = False
        bench.run(100)
    assert bench.outputs.contactor


def test_a_rare_spike_is_forgiven_on_any_day_since_boot():
    for days in (0, 3, 5, 7, 10, 12):
        bench = Bench(FULL, start=days * 86400000 + 5000)
        bench.plug()
        bench.sensor_sound = False
        bench.inputs.residual_tripped = True
        bench.tick(10)
        bench.inputs.residual_tripped = False
        bench.run(200)
        assert bench.outputs.contactor, days
        bench.inputs.residual_tripped = True
        bench.tick(75)
        assert bench.outputs.contactor, days
        bench.tick(75)
        assert bench.opened() and bench.faults() == ["residual_current"], days


def test_a_welded_contactor_bars_until_somebody_looks():
    bench = _bench()
    bench.welded = True
    bench.car = "B"
    bench.run(1000)
    assert bench.faults() == ["welded"] and bench.name() == "barred" and bench.outputs.duty == 0
    bench.car = "A"
    bench.run(60000)
    assert bench.faults() == ["welded"]
    bench.welded = False
    bench.run(60000)
    assert bench.faults() == ["welded"]
    bench.point.acknowledge()
    bench.run(1000)
    assert bench.faults() == [] and bench.name() == "A1"


def test_a_socket_keeps_a_plug_that_may_be_live_and_gives_back_others():
    bench = _bench()
    _supply(bench)
    bench.run(4500)
    assert bench.outputs.lock
    bench.run(1000)
    assert not bench.outputs.lock
    bench = _bench()
    bench.welded = True
    bench.car = "B"
    bench.run(10000)
    assert bench.outputs.lock


def test_a_contactor_that_does_not_close_is_tried_twice():
    bench = Bench()
    bench.stuck_open = True
    bench.run(1000)
    bench.car = "B"
    bench.run(1000)
    bench.car = "C"
    for _ in range(3):
        bench.until(lambda: bench.outputs.contactor, 40000)
        assert bench.until(bench.opened, 300) <= 270
        assert bench.faults() == ["not_closed"]
    bench.run(90000)
    assert bench.opened() and bench.point.contactor.switches == 3


def test_a_phase_contactor_that_welds_is_named():
    bench = _bench()
    bench.point.configure({"phase_switching": True})
    bench.point.request_phases(1)
    bench.phase_welded = True
    bench.run(20000)
    assert bench.faults() == ["phase_welded"]


def test_events_of_a_fault():
    bench = _bench()
    _supply(bench)
    bench.run(100)
    assert (events.FAULT, faults.SUPPLY) in bench.events()
    bench.inputs.supply_ok = True
    bench.run(31000)
    assert (events.CLEARED, faults.SUPPLY) in bench.events()
