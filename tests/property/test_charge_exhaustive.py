"""Every reachable state of the charge point, in several surroundings, judged by the rules."""

import pytest

from firmware.charge import events, faults, states
from firmware.charge.signals import Refused
from tests.property.charge_explorer import Explorer, Scaled, unreached
from tests.unit.charge.bench import FULL, PLAIN, Bench

_MOST_STATES = 120_000
_ONE_IN_USE = 0b111


def _car(level, diode=True, known=True):
    def act(bench):
        bench.car, bench.diode, bench.known = level, diode, known

    return act


def _with(name, value, *levels):
    """One lever of the bench or of its inputs pulled, for each of the levels."""

    def acting(level):
        def act(bench):
            bench.car = level
            setattr(bench if hasattr(bench, name) else bench.inputs, name, value)

        return act

    return {f"{level} {name}={value}": acting(level) for level in levels}


def _limit(value_ma, *levels):
    def acting(level):
        def act(bench):
            bench.car = level
            bench.point.limits.set("controller", value_ma, 0, None, bench.inputs.now)

        return act

    return {f"{level} {value_ma}": acting(level) for level in levels}


def _ask(phases, level):
    def act(bench):
        bench.car = level
        bench.point.request_phases(phases)

    return act


def _wake(bench):
    try:
        bench.point.wake()
    except Refused:
        pass


def _mirror(level, welded, stuck):
    def act(bench):
        bench.car, bench.welded, bench.stuck_open = level, welded, stuck

    return act


def _acknowledge(bench):
    bench.point.acknowledge()


def _try(what, level):
    def act(bench):
        bench.car = level
        try:
            if what == "wake":
                bench.point.wake()
            elif what in ("cut", "swap"):
                bench.point.trial.cut(what == "swap")
            else:
                getattr(bench.point.trial, what)()
        except Refused:
            pass

    return act


def _late(level):
    def act(bench):
        bench.car = level
        return 100

    return act


_ABC = {level: _car(level) for level in "ABC"}
_AC = {level: _car(level) for level in "AC"}
_BC = {level: _car(level) for level in "BC"}
_TWO = dict(
    PLAIN, phase_contactor=True, phase_mirror=True, pilot_disconnect=True, max_current_ma=16000
)


def _short_phases(point):
    point.phases.gap_ms = 30
    point.phases.interval_ms = 30
    point.waker.steps = []


def _after_a_reset(point):
    """A car may be there that has charged on one phase."""
    _short_phases(point)
    point.phases.restore(_ONE_IN_USE)


def _one_wake(point):
    point.waker.most = 1


def _short_recipe(point):
    point.waker.steps = [
        [30, states.WAKE, 20],
        [20, states.WAKE_BY_F, 20],
    ]
    point.waker.most = 2


CAMPAIGNS = {
    "levels": (PLAIN, {"wake": False}, {level: _car(level) for level in "ABCD"}, None),
    "shorts": (PLAIN, {"wake": False}, {level: _car(level) for level in "BCEF"}, None),
    "doubts": (PLAIN, {"wake": False}, dict(_BC, lost=_car("C", False)), None),
    "silence": (PLAIN, {"wake": False}, dict(_BC, silent=_car("B", True, False)), None),
    "ventilated": (
        dict(PLAIN, ventilation=True),
        {"wake": False},
        {level: _car(level) for level in "ABCD"},
        None,
    ),
    "offers": (
        PLAIN,
        {"wake": False},
        dict(_limit(0, *"AC"), **_limit(10000, "B"), **_limit(32000, *"BC")),
        None,
    ),
    "supply": (
        PLAIN,
        {"wake": False},
        dict(_with("supply_ok", False, "C"), **_with("supply_ok", True, *"BC")),
        None,
    ),
    "late": (PLAIN, {"wake": False}, dict(_BC, late=_late("C")), None),
    "contactor": (
        PLAIN,
        {"wake": False},
        {
            "A sound": _mirror("A", False, False),
            "C sound": _mirror("C", False, False),
            "B welded": _mirror("B", True, False),
            "acknowledge": _acknowledge,
        },
        None,
    ),
    "stuck": (
        PLAIN,
        {"wake": False},
        {
            "B sound": _mirror("B", False, False),
            "C sound": _mirror("C", False, False),
            "C stuck": _mirror("C", False, True),
        },
        None,
    ),
    "unmirrored": (dict(PLAIN, contactor_mirror=False), {"wake": False}, _ABC, None),
    "phases": (
        _TWO,
        {"phase_switching": True, "wake": False},
        dict(_ABC, one=_ask(1, "C"), three=_ask(3, "B")),
        _short_phases,
    ),
    "reset": (
        _TWO,
        {"phase_switching": True, "wake": False},
        dict(_ABC, three=_ask(3, "C")),
        _after_a_reset,
    ),
    "trial": (
        PLAIN,
        {"wake": False},
        dict(
            _ABC,
            begin=_try("begin", "A"),
            click=_try("click", "A"),
            send=_try("send", "B"),
        ),
        None,
    ),
    "trial of the relay": (
        dict(PLAIN, pilot_disconnect=True),
        {"wake": False},
        dict(_AC, begin=_try("begin", "A"), cut=_try("cut", "A"), wake=_try("wake", "B")),
        _one_wake,
    ),
    "trial of L2/L3": (
        _TWO,
        {"wake": False},
        dict(_AC, begin=_try("begin", "A"), swap=_try("swap", "A"), click=_try("click", "A")),
        _short_phases,
    ),
    "trial that ends": (
        _TWO,
        {"wake": False},
        dict(_AC, begin=_try("begin", "A"), swap=_try("swap", "A"), end=_try("end", "A")),
        _short_phases,
    ),
    "trial of a weld": (
        _TWO,
        {"wake": False},
        {
            "begin": _try("begin", "A"),
            "swap": _try("swap", "A"),
            "welded": _with("phase_welded", True, "A")["A phase_welded=True"],
            "free": _with("phase_welded", False, "A")["A phase_welded=False"],
            "acknowledge": _acknowledge,
            "C": _car("C"),
        },
        _short_phases,
    ),
    "wake": (
        dict(PLAIN, pilot_disconnect=True),
        {},
        dict(_ABC, wake=_wake),
        _short_recipe,
    ),
}


def _explore(name):
    profile, options, alphabet, tune = CAMPAIGNS[name]
    with Scaled():
        explorer = Explorer(profile, options, alphabet, tune)
        explorer.run(_MOST_STATES)
    print(
        f"{name}: {explorer.states} states, {explorer.transitions} steps, "
        f"{explorer.closings} closings, {'complete' if explorer.complete else 'cut'}"
    )
    return explorer


def _explore_all():
    return {name: _explore(name) for name in CAMPAIGNS}


@pytest.fixture(scope="module")
def explored():
    return _explore_all()


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_every_reachable_state_is_safe(name, explored):
    explorer = explored[name]
    assert explorer.complete, f"more than {_MOST_STATES} states"
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
