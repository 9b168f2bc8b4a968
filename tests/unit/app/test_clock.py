"""The clock: what it believes, what it refuses, and what it keeps over a power cut."""

from home import home

import firmware.clock
from firmware.clock import Clock

clock_module = home(firmware.clock)

_NOON = 1780315200
_2000 = 946684800


class Ledger:
    def __init__(self):
        self.values = {}
        self.raised = 0

    def value(self, name):
        return self.values.get(name, 0)

    def raise_to(self, name, value):
        assert value > self.value(name)
        self.values[name] = value
        self.raised += 1


class Box:
    """One chip: its clock, which starts in 2000, and a ledger that outlives power cuts."""

    def __init__(self):
        self.ledger = Ledger()
        self.lines = []
        self.off(0)

    def off(self, seconds):
        """Without power for so long; `true` time goes on."""
        self.chip = _2000
        self.born = []
        clock_module.chip_time = lambda: self.chip
        clock_module.unix_time = lambda: self.chip if self.chip > 1735689600 else None
        self.clock = Clock(self.ledger, self.set, self)
        self.clock.known = lambda: self.born.append(self.chip)

    def set(self, seconds, ms):
        self.chip = seconds

    def info(self, topic, text):
        self.lines.append(text)

    def run(self, minutes):
        self.chip += 60 * minutes
        self.ledger.values["min"] = self.ledger.value("min") + minutes


def test_at_first_there_is_no_time():
    box = Box()
    assert box.clock.estimate() is None
    assert box.clock.status() == {"seconds": None, "source": "none"}


def test_the_first_answer_is_believed_and_those_who_wait_are_told_once():
    box = Box()
    assert box.clock.offer(_NOON, 500) == ""
    assert box.clock.status() == {"seconds": _NOON, "source": "known"} and box.born == [_NOON]
    assert box.clock.offer(_NOON + 1, 0) == "" and len(box.born) == 1


def test_times_of_no_box_are_never_believed():
    box = Box()
    for seconds in (0, -5, 1735689600, 1 << 32, (1 << 32) - 1, 1 << 40):
        for _ in range(5):
            assert "no time of this box" in box.clock.offer(seconds, 0), seconds
    assert box.clock.estimate() is None


def test_steps_are_believed_up_to_a_thousand_seconds():
    for step, believed in ((1000, True), (-1000, True), (1001, False), (-1001, False)):
        box = Box()
        box.clock.offer(_NOON, 0)
        refusal = box.clock.offer(_NOON + step, 0)
        assert (refusal == "") == believed, step
        assert box.clock.estimate() == _NOON + (step if believed else 0)
        if not believed:
            assert f"by {step} s" in refusal


def test_who_says_the_same_three_times_is_believed():
    box = Box()
    box.clock.offer(_NOON, 0)
    for minutes, ahead_s, believed in (
        (1, 86400, False),
        (1, 86405, False),
        (1, -5000, False),  # somebody else: counted anew
        (1, 86400, False),
        (1, 86400, False),
        (1, 86400, True),
    ):
        box.run(minutes)
        assert (box.clock.offer(box.chip + ahead_s, 0) == "") == believed, (minutes, ahead_s)
    box.run(1)
    assert box.clock.offer(box.chip - 86400, 0), "the way back takes three times as well"


def test_a_right_answer_in_between_makes_the_liar_begin_again():
    box = Box()
    box.clock.offer(_NOON, 0)
    for _ in range(10):
        assert box.clock.offer(box.chip + 86400, 0)
        assert box.clock.offer(box.chip + 86400, 0)
        assert box.clock.offer(box.chip, 0) == ""


def test_after_a_power_cut_the_last_known_time_goes_on():
    box = Box()
    box.run(3)
    box.clock.offer(_NOON, 0)
    box.run(600)
    box.off(5000)
    assert box.clock.status() == {"seconds": _NOON + 36000, "source": "estimated"}
    box.run(10)
    assert box.clock.estimate() == _NOON + 36600
    box.off(5000)
    assert box.clock.estimate() == _NOON + 36600


def test_an_estimate_gives_way_to_any_later_time_of_the_next_year():
    for ahead_s, believed in (
        (-1000, True),
        (-1001, False),
        (0, True),
        (86400 * 300, True),
        (86400 * 400, False),
    ):
        box = Box()
        box.clock.offer(_NOON, 0)
        box.off(1)
        assert (box.clock.offer(_NOON + ahead_s, 0) == "") == believed, ahead_s


def test_a_reset_that_is_no_power_cut_goes_on_without_a_doubt():
    box = Box()
    box.clock.offer(_NOON, 0)
    box.run(5)
    chip = box.chip
    box.off(0)
    box.chip = chip
    box.clock = Clock(box.ledger, box.set, box)
    assert box.clock.status()["source"] == "known" and box.clock.estimate() == _NOON + 300


def test_what_is_kept_changes_only_after_a_pause_in_the_count_of_minutes():
    box = Box()
    box.clock.offer(_NOON, 0)
    assert box.ledger.raised == 1
    for _ in range(100):
        box.run(70)
        box.clock.offer(box.chip + 1, 0)
    assert box.ledger.raised <= 2, "a crystal that is 240 ppm slow"
    box.off(0)
    box.clock.offer(_NOON + 86400 * 7, 0)
    assert box.ledger.raised <= 3
    assert box.ledger.value("time") >> 32 == box.ledger.raised


def test_a_clock_that_goes_back_is_kept_as_well():
    box = Box()
    box.clock.offer(_NOON, 0)
    for _ in range(3):
        box.clock.offer(box.chip - 86400, 0)
    assert box.clock.estimate() == _NOON - 86400
    box.off(0)
    assert box.clock.estimate() == _NOON - 86400
