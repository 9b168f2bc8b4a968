"""The pilot sampler against a pilot wire whose reads take time."""

import micropython

from firmware.sampler import Sampler

_PIN_US = 8
_READ_US = 30


class Wire:
    """A 1 kHz pilot: the pin's level and the ADC's voltage at a time that each read advances."""

    def __init__(self, duty, high_mv, low_mv, started_us=0):
        self.now_us = started_us
        self.high_us = duty * 1000 // 65535
        self.high_uv = (high_mv // 11 + 1300) * 1000
        self.low_uv = (low_mv // 11 + 1300) * 1000
        self.reads = 0
        self.spikes = ()

    def value(self):
        self.now_us += _PIN_US
        return 1 if self.now_us % 1000 < self.high_us else 0

    def read_uv(self):
        # The conversion samples in the middle of the read.
        uv = self.high_uv if (self.now_us + _READ_US // 2) % 1000 < self.high_us else self.low_uv
        self.now_us += _READ_US
        self.reads += 1
        return 2450000 if self.reads in self.spikes else uv


class Inputs:
    def __init__(self):
        self.levels_known = False
        self.high_mv = 0
        self.low_mv = 0


def measured(duty, high_mv, low_mv, inputs=None):
    wire = Wire(duty, high_mv, low_mv)
    inputs = inputs or Inputs()
    Sampler(wire, wire, (11, 1300)).sample(inputs, duty)
    return inputs, wire


def test_finds_both_levels_from_6_to_51_amperes():
    for duty in (6554, 8738, 17476, 34952, 55704):
        for started_us in range(0, 1000, 37):
            wire = Wire(duty, 6000, -12000, started_us)
            inputs = Inputs()
            Sampler(wire, wire, (11, 1300)).sample(inputs, duty)
            assert inputs.levels_known, duty
            assert abs(inputs.high_mv - 6000) <= 22, (duty, inputs.high_mv)
            assert abs(inputs.low_mv + 12000) <= 22, (duty, inputs.low_mv)


def test_a_direct_level_needs_eight_reads():
    for duty, mv in ((65535, 9000), (0, -12000)):
        inputs, wire = measured(duty, mv, mv)
        assert inputs.levels_known and abs(inputs.high_mv - mv) <= 22
        assert inputs.low_mv == inputs.high_mv and wire.reads == 8


def test_a_level_that_is_never_hit_is_no_information():
    inputs = Inputs()
    inputs.levels_known = True
    inputs.high_mv = 6000
    wire = Wire(655, 6000, -12000)  # 1 % duty: shorter than a read
    Sampler(wire, wire, (11, 1300)).sample(inputs, 655)
    assert inputs.levels_known is False


def test_a_steady_pilot_costs_fewer_reads_than_a_changed_one():
    wire = Wire(17476, 6000, -12000)
    sampler = Sampler(wire, wire, (11, 1300))
    inputs = Inputs()
    sampler.sample(inputs, 17476)
    first = wire.reads
    sampler.sample(inputs, 17476)
    steady = wire.reads - first
    wire.high_uv = (9000 // 11 + 1300) * 1000
    sampler.sample(inputs, 17476)
    changed = wire.reads - first - steady
    assert steady < first < changed
    assert abs(inputs.high_mv - 9000) <= 22


def test_one_spike_does_not_move_a_decision():
    for spike in range(1, 30):
        wire = Wire(17476, 6000, -12000)
        wire.spikes = (spike,)
        inputs = Inputs()
        Sampler(wire, wire, (11, 1300)).sample(inputs, 17476)
        assert inputs.levels_known
        assert abs(inputs.high_mv - 6000) <= 22, spike
        assert abs(inputs.low_mv + 12000) <= 22, spike


def test_sampling_allocates_nothing():
    wire = Wire(6554, 6000, -12000)
    sampler = Sampler(wire, wire, (11, 1300))
    inputs = Inputs()
    micropython.heap_lock()
    try:
        for _ in range(10):
            sampler.sample(inputs, 6554)
        sampler.sample(inputs, 65535)
    finally:
        micropython.heap_unlock()
    assert inputs.levels_known


def test_a_divider_may_be_given_by_points_where_the_converter_bends():
    scale = ((200, -12000), (2000, 1500), (2400, 4500), (2735, 7500), (3055, 10500))
    sampler = Sampler(None, None, scale)
    for adc_mv, expected in scale + ((0, -13500), (3215, 12000), (1800, 0), (2567, 5995)):
        assert abs(sampler._connector_mv(adc_mv) - expected) <= 1, adc_mv
    micropython.heap_lock()
    try:
        sampler._connector_mv(2900)
    finally:
        micropython.heap_unlock()


def test_a_factor_and_two_points_of_it_are_the_same_line():
    factor = Sampler(None, None, (11, 1300))
    points = Sampler(None, None, ((200, -12100), (2400, 12100)))
    for adc_mv in range(0, 3200, 7):
        mv = (adc_mv - 1300) * 11
        assert factor._connector_mv(adc_mv) == mv == points._connector_mv(adc_mv), adc_mv
