"""What a reset may not forget: faults that wait for the plug to be pulled, or for a person."""

from firmware.charge import events, faults, states
from firmware.charge.events import Events
from firmware.charge.faults import Faults
from tests.unit.charge.bench import FULL, Bench


def _standing(code, times=1):
    standing = Faults(Events())
    for _ in range(times):
        standing.report(code, 7)
        standing.update(30000)
        standing.update(1)
    return standing


def _again(mask):
    """A charge point after a reset, with what was kept, and a car that asks."""
    bench = Bench(FULL)
    bench.point.faults.restore(mask)
    bench.car = "C"
    return bench


def test_what_waits_for_the_plug_or_a_person_is_kept():
    for code, _, _, clears, _, _ in faults.table():
        kept = _standing(code).kept()
        assert kept == (0 if clears == "gone" else 1 << code), code
    assert Faults(Events()).kept() == 0


def test_what_clears_alone_is_kept_once_it_has_come_back_too_often():
    for code, _, _, clears, times, _ in faults.table():
        if clears == "gone" and times != "-":
            assert _standing(code, int(times)).kept() == 0, code
            assert _standing(code, int(times) + 1).kept() == 1 << code, code


def test_what_never_uses_up_its_count_is_never_kept():
    standing = _standing(faults.SUPPLY, 300)
    standing.report(faults.SUPPLY, 0)
    assert standing.active and standing.kept() == 0


def test_it_is_kept_until_it_has_cleared():
    for code, act in (
        (faults.RESIDUAL, lambda standing: standing.unplugged()),
        (faults.WELDED, lambda standing: standing.acknowledge()),
        (faults.DIODE, lambda standing: standing.acknowledge()),
    ):
        standing = _standing(code, 4 if code == faults.DIODE else 1)
        act(standing)
        assert standing.kept() == 1 << code
        standing.update(1)
        assert standing.kept() == 0 and not standing.active


def test_what_was_kept_clears_by_the_same_rule_as_before():
    for code, _, _, clears, times, _ in faults.table():
        if clears == "gone" and times == "-":
            continue
        for act, helps in (
            (lambda standing: None, False),
            (lambda standing: standing.unplugged(), clears != "reset"),
            (lambda standing: standing.acknowledge(), True),
        ):
            standing = Faults(Events())
            standing.restore(1 << code)
            act(standing)
            standing.update(29999)
            standing.update(1)
            assert standing.active == 1 << code, "30 s at least"
            standing.update(1)
            assert (standing.active == 0) is helps, (code, clears)


def test_taking_it_up_again_is_no_new_occurrence():
    ring = Events()
    standing = Faults(ring)
    mask = 1 << faults.RESIDUAL | 1 << faults.WELDED | 1 << faults.DIODE
    standing.restore(mask)
    assert ring.pop() is None
    assert standing.kept() == standing.active == mask and standing.first == faults.RESIDUAL
    shown = {row["name"]: (row["clears"], row["count"]) for row in standing.status()}
    assert shown == {
        "residual_current": ("unplug", 1),
        "welded": ("reset", 1),
        "diode": ("unplug", 4),
    }
    again = Faults(Events())
    again.restore(standing.kept())
    assert again.status() == standing.status()


def test_a_kept_mask_that_says_nothing_changes_nothing():
    for mask in (0, 1, 1 << 22, 1 << 23, 0xC00001, 1 << faults.SUPPLY):
        standing = Faults(Events())
        standing.restore(mask)
        assert not standing.active and not standing.first, mask
        assert standing.event == states.CLEARED, mask


def test_after_a_reset_the_same_car_waits_until_it_is_unplugged():
    bench = Bench(FULL)
    bench.plug()
    bench.sensor_sound = False
    bench.inputs.residual_tripped = True
    bench.run(100)
    kept = bench.point.faults.kept()
    assert kept == 1 << faults.RESIDUAL
    bench = _again(kept)
    bench.run(120000)
    assert bench.name() == "fault" and bench.outputs.duty == 65535
    assert bench.point.contactor.switches == 0
    assert events.OPENED not in [kind for kind, _ in bench.events()], "no new session"
    bench.car = "A"
    bench.run(32000)
    assert not bench.faults() and bench.point.faults.kept() == 0
    bench.plug()


def test_after_a_reset_a_weld_bars_until_somebody_acknowledges():
    bench = _again(1 << faults.CURRENT_WHILE_OPEN)
    bench.run(60000)
    bench.car = "A"
    bench.run(60000)
    assert bench.name() == "barred" and bench.outputs.duty == 0
    bench.point.acknowledge()
    bench.run(60000)
    assert bench.name() == "A1"
    bench.plug()


def test_after_a_reset_the_socket_keeps_a_plug_that_may_be_live():
    bench = _again(1 << faults.WELDED)
    bench.point.restore({"open": True})
    bench.run(20000)
    assert bench.outputs.lock
