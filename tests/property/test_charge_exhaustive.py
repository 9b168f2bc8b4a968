"""Every reachable state of the charge point, in several surroundings, judged by the rules."""

import pytest

from firmware.charge import events, faults, states
from tests.property.charge_explorer import unreached
from tests.property.charge_surroundings import MOST_STATES, SURROUNDINGS
from tests.unit.charge.bench import FULL, Bench


@pytest.mark.parametrize("name", SURROUNDINGS)
def test_every_reachable_state_is_safe(name, explored):
    explorer = explored[name]
    assert explorer.complete, f"more than {MOST_STATES} states"
    assert explorer.closings > 0, "a charge point that never charges is safe for nothing"


def test_every_transition_of_the_table_is_taken(explored):
    by_hand = {f"{was} to {then}" for was, then, _ in BY_HAND}
    assert set(unreached(explored.values())) <= by_hand


def _supply(bench):
    bench.inputs.supply_ok = False


def _weld(bench):
    bench.welded = True


def _empty(bench):
    """No car, nothing asked."""


def _refused(bench):
    bench.point.enable(False)
    bench.car = "B"
    bench.run(1000)


def _faulty(bench):
    _supply(bench)
    bench.run(1000)


def _stopping(bench):
    bench.plug()
    bench.point.enable(False)
    bench.run(500)


def _gap(bench):
    bench.plug()
    bench.point.request_phases(1)
    bench.run(300)
    bench.car = "B"
    bench.run(1500)


def _asleep(recipe):
    def act(bench):
        bench.point.configure({"wake_recipe": recipe})
        bench.point.waker._idle_ms = 3600000
        bench.car = "B"
        bench.until(bench.point.waking, 60000)

    return act


def _ventilate(bench):
    bench.car = "D"
    bench.run(500 if bench.outputs.contactor else 2000)


def _second_fault(bench):
    """One fault is acknowledged, and while it waits to clear another comes."""
    _weld(bench)
    bench.run(1000)
    bench.welded = False
    bench.point.acknowledge()
    bench.run(5000)
    bench.sensor_sound = False
    bench.inputs.residual_tripped = True
    bench.run(100)
    bench.sensor_sound = True
    bench.inputs.residual_tripped = False
    bench.run(31000)


def _clicking(bench):
    bench.point.trial.begin()
    bench.point.trial.click()
    bench.run(300)


def _leaky(bench):
    """The contactor of L2 and L3 carries current unasked."""
    bench.point.faults.report(faults.PHASE_WELDED, 1)


# What needs two rare things at once: state, state after it, how to get there.
BY_HAND = (
    ("C1-stopping", "F", (_stopping, _supply)),
    ("C1-stopping", "D1", (_stopping, _ventilate)),
    ("A1", "fault", (_empty, _supply)),
    ("B1", "barred", (_refused, _weld)),
    ("B1", "D1", (_refused, _ventilate)),
    ("B1", "wake", (_refused, lambda bench: bench.point.wake())),
    ("fault", "barred", (_faulty, _weld)),
    ("D1", "fault", (_ventilate, _supply)),
    ("D1", "barred", (_ventilate, _weld)),
    ("gap", "fault", (_gap, _supply)),
    ("gap", "barred", (_gap, _weld)),
    ("wake", "fault", (_asleep("1 gap 20"), _supply)),
    ("wake", "barred", (_asleep("1 gap 20"), _weld)),
    ("wake-F", "fault", (_asleep("1 F 20"), _supply)),
    ("wake-F", "barred", (_asleep("1 F 20"), _weld)),
    ("barred", "fault", (_second_fault,)),
    ("click", "fault", (_clicking, _supply)),
    ("click", "barred", (_clicking, _leaky)),
    ("click", "D1", (_clicking, _ventilate)),
)


@pytest.mark.parametrize("was, then, path", BY_HAND, ids=lambda value: str(value)[:12])
def test_two_rare_things_at_once(was, then, path):
    bench = Bench(FULL, {"phase_switching": True})
    bench.run(3000)
    for act in path[:-1]:
        act(bench)
        assert bench.name() == was
    told, put = [], bench.point.events.put
    bench.point.events.put = lambda kind, value: (told.append((kind, value)), put(kind, value))
    path[-1](bench)
    bench.run(500)
    names = [was] + [states.NAMES[value] for kind, value in told if kind == events.STATE]
    assert f"{was} {then}" in " ".join(names), names


def test_how_many_states_there_are(explored, capsys):
    states_seen = sum(explorer.states for explorer in explored.values())
    steps = sum(explorer.transitions for explorer in explored.values())
    with capsys.disabled():
        print(f"\ncharge point: {states_seen} states visited, {steps} steps judged")
    assert states_seen > 100_000
