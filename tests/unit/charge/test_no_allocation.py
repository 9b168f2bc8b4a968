"""The pilot loop may not allocate: a collection would hold it while a contactor is closed."""

import micropython

from firmware.charge.limits import Limits
from firmware.charge.point import ChargePoint
from firmware.charge.signals import Fitted
from firmware.ticks import after
from tests.unit.charge.bench import FULL, PLAIN, VOLTS_MV

_MASK = 0x3FFFFFFF


class _Driver:
    """A car and contactors that allocate nothing themselves, unlike the bench."""

    def __init__(self, profile, options, start):
        self.point = ChargePoint(Fitted(profile), Limits(), options)
        inputs = self.point.inputs
        inputs.now = start
        inputs.levels_known = True
        inputs.supply_ok = True
        self.mirrors = bool(profile.get("phase_mirror"))
        inputs.contactor_mirror = False
        inputs.proximity_ohm = 220
        inputs.temperature_dc = 250
        if self.mirrors:
            inputs.phase_mirror = False
            inputs.residual_tripped = False
            inputs.emergency_stop = False
            inputs.lock_closed = False
        self.closings = 0
        self.moves = 0  # of the phase contactor
        self.low_mv = -12000

    def run(self, level_mv, ms):
        point, inputs, outputs = self.point, self.point.inputs, self.point.outputs
        for _ in range(ms // 10):
            inputs.now = after(inputs.now, 10)
            duty = outputs.duty
            inputs.high_mv = level_mv if duty else -12000
            inputs.low_mv = inputs.high_mv if duty == 65535 else self.low_mv
            inputs.contactor_mirror = outputs.contactor
            if self.mirrors:
                inputs.phase_mirror = outputs.phase_contactor
                inputs.lock_closed = outputs.lock
                inputs.residual_tripped = outputs.residual_test
            was = outputs.contactor
            was_joined = outputs.phase_contactor
            point.step()
            if outputs.phase_contactor != was_joined:
                self.moves += 1
            if outputs.contactor and not was:
                self.closings += 1


def _stays(driver):
    pass


def _meter(driver):
    measured = driver.point.measured
    measured.known = True
    measured.power_w = 11040
    measured.current_ma[0] = 16000


def _counter(driver):
    measured = driver.point.measured
    measured.energy_wh = (measured.energy_wh or 1000000) + 200


def _warm(driver):
    driver.point.inputs.temperature_dc = 655
    driver.point.limits.set("controller", 16000, 2000, 6000, driver.point.inputs.now)


def _cool(driver):
    driver.point.inputs.temperature_dc = 250
    driver.point.enable(False)


def _idle(driver):
    measured = driver.point.measured
    measured.current_ma[0] = measured.power_w = 0
    driver.point.enable(True)


def _late(driver):
    driver.point.inputs.now = after(driver.point.inputs.now, 500)


def _silent(driver):
    driver.point.inputs.levels_known = False


def _heard(driver):
    driver.point.inputs.levels_known = True


def _shorted(driver):
    driver.low_mv = -5620


def _sound(driver):
    driver.low_mv = -12000


def _dip(driver):
    driver.point.inputs.supply_ok = False


def _back(driver):
    driver.point.inputs.supply_ok = True


# What the car shows, for how many ms, after what: sessions, stops, faults, wake-ups, phases.
_STORY = (
    ("A", 8000, _stays),
    ("B", 260000, _stays),
    ("C", 3000, _stays),
    ("C", 45000, _meter),
    ("C", 5000, _counter),
    ("C", 8000, _warm),
    ("C", 10000, _cool),
    ("C", 110000, _idle),
    ("C", 10000, _counter),
    ("B", 6000, _stays),
    ("C", 3000, _stays),
    ("C", 40000, _late),
    ("E", 3000, _stays),
    ("C", 40000, _stays),
    ("C", 3000, _silent),
    ("C", 40000, _heard),
    ("C", 3000, _shorted),
    ("D", 3000, _sound),
    ("C", 40000, _stays),
    ("C", 1000, _dip),
    ("A", 40000, _back),
)


def _play(driver):
    micropython.heap_lock()
    try:
        for level, ms, act in _STORY:
            act(driver)
            driver.run(VOLTS_MV[level], ms)
    finally:
        micropython.heap_unlock()


def test_no_step_allocates_whatever_happens():
    for profile, options in (
        (PLAIN, {}),
        (FULL, {"phase_switching": True, "phase_gap_s": 15, "random_delay_s": 20}),
    ):
        for start in (0, _MASK - 200000):
            driver = _Driver(profile, options, start)
            driver.point.limits.set("controller", 32000, 0, None, start)
            _play(driver)
            assert driver.closings == 7, driver.closings
            if profile is FULL:
                assert driver.moves == 3, driver.moves
                assert driver.point.waker.count == 2, driver.point.waker.count
                assert driver.point.events.lost > 0


def test_a_trial_allocates_nothing():
    driver = _Driver(FULL, {}, 0)
    driver.run(12000, 10000)
    trial = driver.point.trial
    trial.begin()
    for ask in (trial.click, trial.drive_lock, lambda: trial.cut(False), lambda: trial.cut(True)):
        ask()
        micropython.heap_lock()
        try:
            driver.run(12000, 6000)
        finally:
            micropython.heap_unlock()
    driver.run(9000, 3000)
    driver.point.wake()
    micropython.heap_lock()
    try:
        driver.run(9000, 6000)
    finally:
        micropython.heap_unlock()
    assert (driver.closings, driver.moves, driver.point.waker.count) == (1, 3, 1)


def test_a_single_allocation_would_be_noticed():
    driver = _Driver(PLAIN, {}, 0)
    driver.run(12000, 100)
    micropython.heap_lock()
    try:
        driver.point.status()
    except MemoryError:
        return
    finally:
        micropython.heap_unlock()
    raise AssertionError("the heap was not locked")
