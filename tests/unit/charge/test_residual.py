from firmware.charge import events, faults
from firmware.charge.faults import Faults
from firmware.charge.residual import ResidualTest
from tests.unit.charge.bench import FULL, Bench


def _tests(bench, ms):
    """How often the test input was driven, and for how long at most."""
    count, longest, gone, was = 0, 0, 0, False
    for _ in range(ms // 10):
        bench.tick(10)
        now = bench.outputs.residual_test
        count += now and not was
        gone = gone + 10 if now else 0
        longest = max(longest, gone)
        was = now
    return count, longest


def test_tested_at_boot_before_a_car_comes():
    bench = Bench(FULL)
    assert _tests(bench, 5000) == (1, 300)
    assert bench.point.status()["residual_tested"] is True
    assert (events.TESTED, 1) in bench.events()
    assert bench.faults() == []


def test_a_car_at_boot_charges_first_and_the_test_follows():
    bench = Bench(FULL)
    bench.car = "C"
    bench.until(lambda: bench.outputs.contactor, 5000)
    assert bench.point.status()["residual_due"]
    bench.car = "A"
    assert _tests(bench, 5000)[0] == 1


def test_tested_after_each_session():
    bench = Bench(FULL)
    bench.run(5000)
    for _ in range(3):
        bench.plug()
        bench.car = "A"
        assert _tests(bench, 5000)[0] == 1
        bench.run(3000)


def test_tested_every_24_hours():
    bench = Bench(FULL)
    bench.run(5000)
    bench.point.chores.residual.age_ms = 86400000 - 60000
    assert _tests(bench, 55000)[0] == 0
    assert _tests(bench, 10000)[0] == 1
    assert bench.point.chores.residual.age_ms < 10000


def test_no_offer_while_it_is_tested():
    bench = Bench(FULL)
    bench.until(lambda: bench.outputs.residual_test, 3000)
    bench.car = "B"
    while bench.outputs.residual_test:
        bench.tick(10)
        assert bench.outputs.duty == 65535
    bench.until(lambda: bench.name() == "B2", 3000)


def test_a_sensor_that_does_not_trip_bars_the_box():
    bench = Bench(FULL)
    bench.sensor_sound = False
    bench.run(3000)
    assert bench.faults() == ["residual_test"] and bench.name() == "barred"
    assert bench.point.status()["residual_tested"] is False
    bench.sensor_sound = True
    bench.run(60000)
    assert bench.faults() == ["residual_test"]
    bench.point.acknowledge()
    bench.run(40000)
    assert bench.faults() == [] and bench.point.status()["residual_tested"] is True


def test_a_sensor_that_stays_tripped_bars_the_box():
    bench = Bench(FULL)
    bench.until(lambda: bench.outputs.residual_test, 3000)
    bench.until(lambda: bench.inputs.residual_tripped, 3000)
    bench.sensor_sound = False
    bench.run(3000)
    assert "residual_test" in bench.faults() and not bench.outputs.residual_test


def test_a_trip_before_the_test_is_a_trip():
    bench = Bench(FULL)
    bench.sensor_sound = False
    bench.inputs.residual_tripped = True
    bench.run(1000)
    assert bench.faults() == ["residual_current"] and not bench.outputs.residual_test


def _answered(trip_ms, reset_ms):
    """The self-test alone, in rounds of 100 ms: (passed, ms that were reported as too long)."""
    standing = Faults(events.Events())
    test = ResidualTest(True, standing, events.Events())
    test.update(False, True, 100)
    assert test.output and test.running()
    for round_ms in range(100, trip_ms + 1, 100):
        test.update(round_ms >= trip_ms, True, 100)
    for round_ms in range(100, reset_ms + 1, 100):
        test.update(round_ms < reset_ms, True, 100)
    return test.passed, standing.measured[faults.RESIDUAL_TEST]


def test_a_sensor_has_1200_ms_to_trip_and_2000_ms_to_reset():
    for trip_ms, reset_ms, passed, reported_ms in (
        (100, 100, True, 0),
        (1200, 100, True, 0),
        (1300, 0, False, 1200),
        (100, 2000, True, 0),
        (1200, 2000, True, 0),
        (100, 2100, False, 2000),
    ):
        assert _answered(trip_ms, reset_ms) == (passed, reported_ms), (trip_ms, reset_ms)
