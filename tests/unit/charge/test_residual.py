from firmware.charge import events
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
