"""Readings: unknown until told, stale by time-out, counters that never go down."""

from firmware.meter.reading import Reading


def test_nothing_is_known_at_first():
    reading = Reading()
    assert reading.stale(0) and reading.power_w is None and reading.import_wh is None
    assert reading.current_ma == [None] * 3 and reading.voltage_v == [None] * 3


def test_it_grows_stale_after_the_time_out_and_stays_so():
    reading = Reading(timeout_ms=5000)
    reading.touch(1000)
    assert not reading.stale(1000) and not reading.stale(6000)
    assert reading.stale(6001)
    assert reading.stale(2000)
    reading.touch(7000)
    assert not reading.stale(7000)


def test_who_asks_with_an_older_time_does_not_make_it_stale():
    reading = Reading(timeout_ms=5000)
    reading.touch(7000)
    assert not reading.stale(6990) and not reading.stale(7000)


def test_the_wrap_of_the_ticks_is_no_time_out():
    reading = Reading(timeout_ms=5000)
    reading.touch((1 << 30) - 1000)
    assert not reading.stale(3999)
    assert reading.stale(4001)


def test_counters_never_go_down():
    reading = Reading()
    assert reading.count_import(100) and reading.count_import(100) and reading.count_import(101)
    assert not reading.count_import(99)
    assert reading.import_wh == 101
    assert reading.count_export(0) and not reading.count_export(-1)
    assert reading.export_wh == 0
