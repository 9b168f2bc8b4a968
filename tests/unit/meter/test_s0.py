"""S0 pulses to energy and power."""

from firmware.meter.s0 import S0Meter


def run(meter, seconds, pulses_per_second, start=0, count=0):
    """Call `update` every 100 ms while a steady load gives pulses; the time and count reached."""
    for step in range(1, seconds * 10 + 1):
        now = start + step * 100
        meter.update(now, count + int(step * pulses_per_second / 10))
    return now, count + int(seconds * pulses_per_second)


def test_energy_is_exact_for_any_pulse_constant():
    for constant in (1, 3, 7, 500, 640, 800, 1000, 2000, 10000):
        meter = S0Meter(constant)
        count = 0
        for step in range(1000):
            count += step % 17
            meter.update(step * 1000, count)
        assert meter.pulses == count
        assert meter.reading.import_wh == count * 1000 // constant, constant


def test_power_follows_a_steady_load():
    for watts in (100, 1000, 3680, 11040, 22000):
        meter = S0Meter(1000)
        run(meter, 120, watts / 3600)
        power = meter.reading.power_w
        assert abs(power - watts) <= watts * 6 // 100, (watts, power)


def test_with_the_pulses_own_time_power_is_exact_though_asked_once_a_second():
    for watts in (100, 1000, 3680, 11040, 22000):
        meter = S0Meter(1000)
        interval = 3600000 // watts
        for now in range(1000, 180000, 1000):
            count = now // interval
            meter.update(now, count, count * interval if count else None)
        power = meter.reading.power_w
        assert abs(power - watts) <= 1 + watts // 100, (watts, power)


def test_a_hundred_pulses_a_second_are_counted():
    meter = S0Meter(10000)
    run(meter, 60, 100)
    assert meter.pulses == 6000 and meter.reading.import_wh == 600
    assert abs(meter.reading.power_w - 36000) < 400


def test_power_decays_when_the_pulses_stop():
    meter = S0Meter(1000)
    now, count = run(meter, 30, 11000 / 3600)
    before = meter.reading.power_w
    for silence in (1000, 2000, 10000, 60000, 600000):
        meter.update(now + silence, count)
        power = meter.reading.power_w
        assert power <= 3600000 // (silence - 400), silence
        assert power <= before
        before = power
    meter.update(now + 3700000, count)
    assert meter.reading.power_w == 0


def test_power_is_right_again_soon_after_a_pause():
    meter = S0Meter(1000)
    now, count = run(meter, 30, 3)
    meter.update(now + 7200000, count)
    assert meter.reading.power_w == 0
    run(meter, 5, 3, now + 7200000, count)
    assert abs(meter.reading.power_w - 10800) < 800


def test_time_may_wrap():
    meter = S0Meter(1000)
    period = 1 << 30
    for step in range(200):
        now = (period - 10000 + step * 100) % period
        meter.update(now, step * 3 // 10)
        assert not meter.reading.stale(now)
    assert abs(meter.reading.power_w - 10800) < 800


def test_a_new_start_of_the_counter_loses_nothing():
    meter = S0Meter(1000)
    meter.update(1000, 50)
    meter.update(2000, 3)
    assert meter.pulses == 53 and meter.reading.import_wh == 53


def test_counts_kept_over_a_reset_are_gone_on_from():
    meter = S0Meter(500)
    meter.restore(1001, 2002)
    meter.update(1000, 1)
    assert meter.pulses == 1002 and meter.reading.import_wh == 2004


def test_simulated_phases_share_the_current():
    meter = S0Meter(1000, 7, (230, 230, 230))
    run(meter, 60, 6900 / 3600)
    reading = meter.reading
    assert reading.voltage_v == [230, 230, 230]
    for current in reading.current_ma:
        assert abs(current - 10000) < 700
    meter = S0Meter(1000, 2, (230, 240, 230))
    run(meter, 60, 2400 / 3600)
    assert meter.reading.voltage_v == [None, 240, None]
    assert meter.reading.current_ma[0] == 0 and meter.reading.current_ma[2] == 0
    assert abs(meter.reading.current_ma[1] - 10000) < 700


def test_an_idle_meter_says_zero_and_is_fresh():
    meter = S0Meter(1000)
    assert meter.reading.stale(0)
    meter.update(0, 0)
    assert meter.reading.power_w == 0 and not meter.reading.stale(100)
