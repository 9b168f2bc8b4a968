"""The cars of the zoo: each profile loads, and each quirk shows at the pilot or in the current."""

import os

from tools.sim.zoo import Car, load

_FOLDER = "tools/sim/cars/"
_POWER = (230, 230, 230)


def root():
    here = __file__.rsplit("/tests/", 1)
    return here[0] + "/" if len(here) == 2 else ""


class Clock:
    def __init__(self):
        self.us = 0
        self.count = 0
        self.events = []

    def now(self):
        return self.us

    def after(self, us, call, argument=None):
        self.count += 1
        entry = [self.us + us, self.count, call, argument]
        self.events.append(entry)
        return entry

    def cancel(self, entry):
        if entry is not None:
            entry[2] = None

    def run(self, ms):
        end = self.us + ms * 1000
        while True:
            self.events = [entry for entry in self.events if entry[2]]
            due = [entry for entry in self.events if entry[0] <= end]
            if not due:
                break
            entry = min(due, key=lambda entry: (entry[0], entry[1]))
            self.us = entry[0]
            call, entry[2] = entry[2], None
            call(entry[3])
        self.us = end


class Stand:
    """A car at a socket whose contactor follows C by itself."""

    def __init__(self, name):
        self.clock = Clock()
        self.seen = []
        self.car = Car(load(root() + _FOLDER + name + ".json"), self.clock, self.changed)

    def changed(self):
        if not self.seen or self.seen[-1][1] != self.car.level:
            self.seen.append((self.clock.us // 1000, self.car.level))

    def charge(self, offered_ma, ms=60_000):
        self.car.plug()
        self.car.pilot(offered_ma, "pwm")
        self.clock.run(ms)
        if self.car.level in "CD":
            self.car.mains(_POWER)
            self.clock.run(ms)


def test_every_profile_loads_and_names_its_source():
    names = [name for name in os.listdir(root() + _FOLDER) if name.endswith(".json")]
    assert len(names) >= 20
    for name in names:
        assert load(root() + _FOLDER + name)["source"], name


def test_a_plain_car_closes_s2_draws_what_is_offered_and_follows():
    stand = Stand("plain_16a_3p")
    stand.charge(16000)
    assert stand.car.current_ma == [16000] * 3
    assert abs(stand.car.power_w - 16 * 690 * 99 // 100) < 20
    stand.car.pilot(10000, "pwm")
    stand.clock.run(5000)
    assert stand.car.current_ma == [10000] * 3
    stand.car.pilot(0, "dc")
    stand.clock.run(3000)
    assert stand.car.level == "B" and stand.car.current_ma == [0] * 3


def test_energy_reaches_the_battery_and_a_full_car_stops():
    stand = Stand("plain_16a_3p")
    stand.charge(16000)
    before = stand.car.soc_mwh
    stand.clock.run(3_600_000)
    assert abs(stand.car.soc_mwh - before - stand.car.power_w * 1000) < 20_000
    stand.clock.run(20 * 3_600_000)
    assert stand.car.soc_permille == 1000 and stand.car.level == "B"


def test_an_unplugged_car_draws_nothing_and_shows_a():
    stand = Stand("plain_16a_3p")
    stand.charge(16000)
    stand.car.unplug()
    assert stand.car.level == "A" and stand.car.power_w == 0 and stand.car.pilot_ohm is None


def test_the_zoe_waits_below_8_a_and_has_a_poor_power_factor_there():
    stand = Stand("renault_zoe")
    stand.charge(7000)
    assert stand.car.level == "B"
    stand.car.pilot(8000, "pwm")
    stand.clock.run(10_000)
    stand.car.mains(_POWER)
    stand.clock.run(10_000)
    assert stand.car.current_ma[0] == 8000 and stand.car.power_w < 8 * 690 * 93 // 100


def test_the_ix3_shows_c_for_250_ms_first():
    stand = Stand("bmw_ix3")
    stand.charge(16000)
    levels = [level for _, level in stand.seen]
    assert levels == ["B", "C", "B", "C"]
    assert stand.seen[2][0] - stand.seen[1][0] == 250


def test_a_sleeping_car_wakes_only_after_a_gap_that_is_long_enough():
    stand = Stand("vw_e_up")
    stand.charge(16000)
    assert stand.car.level == "B"
    for gap_ms, awake in ((4000, False), (30_000, True)):
        stand.car.pilot(0, "open")
        stand.clock.run(gap_ms)
        stand.car.pilot(16000, "pwm")
        stand.clock.run(10_000)
        assert (stand.car.level == "C") == awake, gap_ms


def test_a_car_that_needs_a_long_gap_hangs_after_a_short_one():
    stand = Stand("cupra_tavascan")
    stand.charge(16000)
    for gap_ms, charges in ((10_000, False), (46_000, True)):
        stand.car.pilot(0, "dc")
        stand.clock.run(3000)
        stand.car.mains((0, 0, 0))
        stand.car.pilot(0, "open")
        stand.clock.run(gap_ms)
        stand.car.pilot(16000, "pwm")
        stand.clock.run(10_000)
        assert (stand.car.level == "C") == charges, gap_ms


def test_a_car_counts_interruptions_and_gives_up():
    stand = Stand("vw_id")
    stand.charge(16000, 80_000)
    for i in range(10):
        assert stand.car.level == "C", i
        stand.car.pilot(0, "dc")
        stand.clock.run(3000)
        stand.car.pilot(16000, "pwm")
        stand.clock.run(80_000)
    assert stand.car.level == "B"


def test_the_kona_keeps_s2_closed_but_draws_nothing_and_uses_two_phases_at_7_a():
    stand = Stand("hyundai_kona")
    stand.charge(7000)
    assert stand.car.current_ma == [7000, 7000, 0]
    stand.car.pilot(0, "dc")
    stand.clock.run(20_000)
    assert stand.car.level == "C"


def test_a_glitch_follows_a_change_of_the_duty():
    stand = Stand("bmw_phev")
    stand.charge(16000)
    del stand.seen[:]
    stand.car.pilot(10_000, "pwm")
    stand.clock.run(2000)
    assert [level for _, level in stand.seen] == ["C", "B", "C"]


def test_the_broken_ones_are_broken():
    assert Stand("broken_diode_shorted").car.diode == "shorted"
    stand = Stand("broken_diode_missing")
    stand.car.plug()
    assert stand.car.pilot_ohm is None
    stand = Stand("broken_pilot_short")
    stand.car.plug()
    assert stand.car.level == "E" and stand.car.pilot_ohm == 80
    stand = Stand("broken_over_current")
    stand.charge(16000)
    assert stand.car.current_ma[0] == 19200
