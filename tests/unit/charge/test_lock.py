from firmware.charge import faults
from tests.unit.charge.bench import FULL, Bench


def _plugged(sound=True):
    bench = Bench(FULL)
    bench.run(3000)
    bench.lock_sound = sound
    bench.car = "B"
    return bench


def test_the_plug_is_locked_before_anything_is_offered():
    bench = _plugged()
    bench.until(lambda: bench.outputs.lock, 500)
    assert bench.outputs.duty == 65535
    bench.until(lambda: bench.name() == "B2", 2000)


def test_an_unlocked_plug_gets_no_offer_and_after_five_tries_a_fault():
    bench = _plugged(sound=False)
    tries, was, gone = 0, False, 0
    while not bench.faults():
        bench.tick(10)
        tries += bench.outputs.lock and not was
        was = bench.outputs.lock
        gone += 10
        assert gone < 15000 and bench.outputs.duty == 65535
    assert tries == 5 and bench.faults() == ["lock"]


def test_a_lock_that_catches_late_is_fine():
    bench = _plugged(sound=False)
    bench.run(3500)
    bench.lock_sound = True
    bench.until(lambda: bench.name() == "B2", 3000)
    assert bench.faults() == []


def test_a_lock_that_opens_while_charging_withdraws_the_offer():
    bench = Bench(FULL)
    bench.plug()
    bench.lock_sound = False
    bench.inputs.lock_closed = False
    bench.run(300)
    assert bench.name() == "C1-stopping"


def test_without_feedback_its_travel_time_has_to_do():
    bench = Bench(FULL)
    bench.inputs.lock_closed = None
    bench.run(3000)
    bench.car = "B"
    gone = bench.until(lambda: bench.name() == "B2", 3000)
    assert 1000 <= gone <= 1600


def test_unplugging_unlocks():
    bench = Bench(FULL)
    bench.plug()
    bench.car = "A"
    bench.run(1000)
    assert not bench.outputs.lock


def test_a_lock_found_closed_at_boot_lets_go_of_the_plug_and_is_no_fault():
    bench = Bench(FULL)
    bench.lock_sound = False
    bench.inputs.lock_closed = True
    moves, was = 0, False
    for _ in range(500):
        bench.tick(10)
        moves += bench.outputs.lock != was
        was = bench.outputs.lock
    assert moves >= 3, "driven to and fro"
    assert bench.faults() == []


def test_after_a_fault_a_driver_waits_5_seconds_for_the_plug():
    bench = Bench(FULL)
    bench.plug()
    bench.inputs.supply_ok = False
    gone = bench.until(lambda: not bench.outputs.lock, 6000)
    assert 4900 <= gone <= 5200, gone


def test_only_a_plug_that_may_be_live_is_kept_after_a_fault():
    for code, name, *_ in faults.table():
        bench = Bench(FULL)
        bench.plug()
        bench.point.faults.report(code, 0)
        bench.run(10000)
        kept = name in ("welded", "phase_welded", "current_while_open")
        assert bench.outputs.lock is kept, name
