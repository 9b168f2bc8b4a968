"""The surroundings in which every reachable state of the charge point is visited."""

from typing import NamedTuple

from firmware.charge import states
from firmware.charge.signals import Refused
from tests.property.charge_explorer import Explorer, Scaled
from tests.unit.charge.bench import PLAIN

MOST_STATES = 120_000
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


SURROUNDINGS = {
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


class Explored(NamedTuple):
    """What came of one exploration."""

    states: int
    transitions: int
    closings: int
    complete: bool
    visited_rows: set


def explore(name: str) -> Explored:
    """Visit every state that can be reached in one of the surroundings; AssertionError with the
    way to it when one of them breaks a rule.
    """
    profile, options, alphabet, tune = SURROUNDINGS[name]
    with Scaled():
        explorer = Explorer(profile, options, alphabet, tune)
        explorer.run(MOST_STATES)
    return Explored(*(getattr(explorer, field) for field in Explored._fields))
