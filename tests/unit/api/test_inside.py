"""The member `evse` says what the charge point's sensors really see."""

from firmware.api.inside import Inside, iso
from firmware.charge import events, faults
from firmware.charge.limits import Limits
from firmware.charge.point import ChargePoint
from firmware.charge.signals import Fitted

DAY_MS = 86400000


class Bench:
    def __init__(self, **fitted):
        hardware = {"residual_sensor": True, "residual_test": True, "proximity": True}
        self.point = ChargePoint(Fitted(hardware | fitted), Limits())
        self.inside = Inside(self.point)
        self.time = 1700000000
        self.inside.clock = lambda: self.time

    def info(self):
        while event := self.point.events.pop():
            self.inside.happened(*event)
        return self.inside.info(2)

    def trip(self, *times):
        inputs = self.point.inputs
        for now in times:
            inputs.now = now
            inputs.residual_tripped = True
            self.point.chores.protection.trip(inputs)
        inputs.residual_tripped = False


def test_times_are_written_as_iso_8601():
    assert iso(0) == "1970-01-01T00:00:00.000Z"
    assert iso(951782399) == "2000-02-28T23:59:59.000Z"
    assert iso(1709164800) == "2024-02-29T00:00:00.000Z"


def test_one_reading_alone_is_a_glitch_and_two_are_a_fault():
    bench = Bench()
    bench.trip(5000)
    bench.trip(9000)
    info = bench.info()
    assert (info["dc_sensor_glitches"], info["dc_sensor_faults"]) == (2, 0)
    assert info["dc_sensor_fault"] is False
    bench.trip(20000, 20010, 20020)
    info = bench.info()
    assert (info["dc_sensor_glitches"], info["dc_sensor_faults"]) == (2, 1)
    assert info["dc_sensor_fault"] is True


def test_a_trip_during_the_test_of_the_sensor_is_neither():
    bench = Bench()
    bench.point.chores.protection.testing = True
    bench.trip(5000, 5010, 5020)
    info = bench.info()
    assert info["dc_sensor_glitches"] == info["dc_sensor_faults"] == 0
    assert info["dc_sensor_fault"] is False


def test_a_failed_test_is_a_fault_of_the_sensor():
    bench = Bench()
    bench.point.faults.report(faults.RESIDUAL_TEST, 1200)
    assert bench.info()["dc_sensor_faults"] == 1
    assert bench.info()["dc_sensor_fault"] is True


def test_the_time_of_the_last_test_stays_right_when_its_age_is_no_longer_counted():
    bench = Bench()
    test = bench.point.chores.residual
    assert bench.info()["dc_last_test_time"] == iso(0)
    test.passed, test.age_ms = True, 60000
    bench.inside.clock = lambda: None
    assert bench.info()["dc_last_test_time"] == iso(0)
    bench.inside.clock = lambda: bench.time
    assert bench.info()["dc_last_test_time"] == iso(1700000000 - 60)
    bench.time += 86400
    test.age_ms = DAY_MS
    assert bench.info()["dc_last_test_time"] == iso(1700000000 - 60)
    test.age_ms = 1000
    assert bench.info()["dc_last_test_time"] == iso(bench.time - 1)


def test_the_cable_is_the_one_that_the_resistor_tells():
    bench = Bench()
    assert bench.info()["pp_state"] == "no cable"
    for ohm, text in ((100, "63 A"), (220, "32 A"), (680, "20 A"), (1500, "13 A")):
        for _ in range(4):
            bench.point.chores.cable.update(ohm)
        assert bench.info()["pp_state"] == text
    bench.point.faults.report(faults.PROXIMITY, 10)
    assert bench.info()["pp_state"] == "fault"
    assert Bench(proximity=False).info()["pp_state"] == "fixed cable"


def test_only_faults_of_the_sensor_count():
    bench = Bench()
    bench.inside.happened(events.FAULT, faults.DIODE)
    bench.inside.happened(events.CLEARED, faults.RESIDUAL)
    assert bench.info()["dc_sensor_faults"] == 0
