from firmware.charge import transaction
from firmware.charge.signals import Measured
from firmware.charge.transaction import Transaction
from tests.unit.charge.bench import Bench


def _visit():
    visit = Transaction()
    assert visit.begin()
    return visit, Measured()


def test_a_counter_is_taken_as_it_is():
    visit, measured = _visit()
    measured.known = True
    for counter_wh, energy_wh in (
        (5000, 0),
        (5000, 0),
        (5001, 1),
        (5101, 101),
        (4000, 101),
        (4010, 111),
        (90000, 111),
        (90001, 112),
    ):
        measured.energy_wh = counter_wh
        visit.update(measured, True, 100)
        assert visit.energy_wh == energy_wh, counter_wh


def test_energy_between_stale_readings_is_not_lost():
    visit, measured = _visit()
    measured.known = True
    measured.energy_wh = 100
    visit.update(measured, True, 100)
    measured.known = False
    measured.energy_wh = 0
    visit.update(measured, True, 100)
    measured.known = True
    measured.energy_wh = 150
    visit.update(measured, True, 100)
    assert visit.energy_wh == 50


def test_power_is_integrated_where_there_is_no_counter():
    visit, measured = _visit()
    measured.known = True
    measured.power_w = 3600
    for _ in range(36000):
        visit.update(measured, True, 100)
    assert visit.energy_wh == 3600 and visit.charging_s == 3600
    measured.power_w = -3600
    visit.update(measured, True, 100)
    measured.power_w = 3600
    visit.update(measured, False, 100000)
    assert visit.energy_wh == 3600


def test_a_sane_bound_on_power():
    visit, measured = _visit()
    measured.known = True
    measured.power_w = 1 << 40
    for _ in range(36):
        visit.update(measured, True, 1000)
    assert visit.energy_wh == 1000


def test_times_are_counted_in_whole_seconds():
    visit, measured = _visit()
    for _ in range(35):
        visit.update(measured, True, 100)
    for _ in range(35):
        visit.update(measured, False, 100)
    assert visit.duration_s == 7 and visit.charging_s == 3


def test_nothing_is_counted_while_no_car_is_there():
    visit = Transaction()
    measured = Measured()
    measured.known = True
    measured.power_w = 36000
    visit.update(measured, True, 1000)
    assert (visit.duration_s, visit.charging_s, visit.energy_wh) == (0, 0, 0)
    assert visit.total_wh == 10


def test_a_record_survives_a_reset():
    visit, measured = _visit()
    measured.known = True
    visit.authorised = "card 7"
    for counter_wh in (0, 1234):
        measured.energy_wh = counter_wh
        visit.update(measured, True, 2000)
    later = Transaction()
    later.restore(visit.record())
    assert later.open and later.energy_wh == 1234 and later.authorised == "card 7"
    assert later.begin(), "a reset lies between"
    assert later.energy_wh == 1234 and not later.begin()


def test_a_record_of_nothing_or_nonsense_restores_nothing():
    for record in ({}, {"open": False, "energy_wh": 5}, {"open": True, "energy_wh": "many"}):
        visit = Transaction()
        visit.restore(record)
        assert visit.energy_wh == 0


def test_a_new_car_starts_from_zero():
    visit, _ = _visit()
    visit.energy_wh = 5
    assert visit.end() == transaction.NO_REASON
    assert visit.begin() and visit.energy_wh == 0


def test_why_charging_ended():
    def unplug(bench):
        bench.car = "A"

    def release(bench):
        bench.car = "B"

    def disable(bench):
        bench.point.enable(False)

    def trip(bench):
        bench.inputs.supply_ok = False

    def ventilate(bench):
        bench.car = "D"

    for act, reason in (
        (unplug, "unplugged"),
        (release, "car"),
        (disable, "withdrawn"),
        (trip, "fault"),
        (ventilate, "ventilation"),
    ):
        bench = Bench()
        bench.plug()
        act(bench)
        bench.run(7000)
        assert transaction.REASONS[bench.point.transaction.reason] == reason


def test_a_session_spans_pauses_and_bounces():
    bench = Bench()
    bench.plug()
    measured = bench.point.measured
    measured.known = True
    measured.power_w = 7200
    bench.run(10000)
    measured.power_w = 0
    bench.car = "A"
    bench.run(200)
    bench.car = "B"
    bench.run(60000)
    visit = bench.point.transaction
    assert visit.open and visit.energy_wh == 20, (visit.energy_wh, bench.why())
    bench.car = "A"
    bench.run(1000)
    assert not visit.open and visit.energy_wh == 20


def test_a_jump_of_50_kwh_between_two_readings_is_another_meter():
    for jump_wh, taken_wh in ((49999, 49999), (50000, 0), (50001, 0), (-1, 0)):
        visit, measured = _visit()
        measured.known = True
        for counter_wh in (1000, 1000 + jump_wh):
            measured.energy_wh = counter_wh
            visit.update(measured, True, 100)
        assert visit.energy_wh == visit.total_wh == taken_wh, jump_wh


def test_a_name_that_is_too_long_is_cut_to_64_letters():
    bench = Bench()
    for length, kept in ((5, 5), (64, 64), (65, 64), (200, 64)):
        bench.point.authorise("x" * length)
        assert bench.point.transaction.authorised == "x" * kept
