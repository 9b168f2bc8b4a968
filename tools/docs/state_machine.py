"""Writes docs/state-machine.md from the tables of the charge point; `--check` only compares.

python3 tools/docs/state_machine.py [--check]
"""

import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(_ROOT), str(_ROOT / "tests" / "cpython")]

from firmware.charge import faults, states  # noqa: E402

TARGET = _ROOT / "docs" / "state-machine.md"
_PILOTS = {states.PLUS: "+12 V", states.PWM: "1 kHz", states.MINUS: "-12 V"}
_CODES = (
    "TRIPPED BARRED_BY CLEARED UNPLUGGED RELEASED ASKED VENTILATE OFFERED WITHDRAWN CHECKED"
    " SWITCH WAKE WAKE_BY_F CLICKED EXPIRED"
).split()
_EVENTS = {getattr(states, name): name.lower().replace("_", " ") for name in _CODES}
_MEANINGS = {
    "TRIPPED": "a fault stands",
    "BARRED_BY": "a fault stands that only a person may clear",
    "CLEARED": "no fault stands",
    "UNPLUGGED": "level A has settled",
    "RELEASED": "level B has settled",
    "ASKED": "level C has settled, or D where ventilation is fitted",
    "VENTILATE": "level D has settled and no ventilation is fitted",
    "OFFERED": "there is current to offer, 5 s after the last change of the pilot",
    "WITHDRAWN": "there is none: a limit below 6 A, disabled, or something else blocks",
    "CHECKED": "500 ms of asking without a break, diode proved, contactor proved open",
    "SWITCH": "the phases shall change, or an installer tries L2/L3 or the pilot's relay",
    "WAKE": "a gap in the pilot is due for a sleeping car",
    "WAKE_BY_F": "-12 V is due for a sleeping car",
    "CLICKED": "an installer tries the contactor, with nothing plugged in",
    "EXPIRED": "the time of the state is over",
}
_HEAD = """# The state machine of the charge point

<!-- Written by tools/docs/state_machine.py from firmware/charge/states.py and faults.py. -->

One step per pilot cycle computes at most one event and follows the table. The first of these that
the present state lists is taken; a pair that is not listed is refused. Outputs belong to states,
so no transition can forget to open the contactor.
"""
_FAULTS = """## Faults

Each opens the contactor at once and stands for at least 30 s after its cause was last seen.
`gone` clears alone, as often in one plug-in as the table says; after that, and for `unplug`, the
car has to be unplugged; `reset` wants somebody to look, and holds the pilot at -12 V until then.
"""


def _name(state: int) -> str:
    return states.NAMES[state]


def _identifier(state: int) -> str:
    return _name(state).replace("-", "_")


def _diagram() -> list:
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> start"]
    lines += [
        f'    state "{_name(state)}" as {_identifier(state)}'
        for state in range(len(states.OUTPUTS))
    ]
    for state, row in enumerate(states.TRANSITIONS):
        ways = {}
        for event, following in zip(*row):
            ways.setdefault(following, []).append(_EVENTS[event])
        for following, names in ways.items():
            arrow = f"{_identifier(state)} --> {_identifier(following)}"
            lines.append(f"    {arrow}: {', '.join(names)}")
    return lines + ["```"]


def _events() -> list:
    lines = ["| event | when |", "| --- | --- |"]
    return lines + [f"| {_EVENTS[getattr(states, k)]} | {v} |" for k, v in _MEANINGS.items()]


def _outputs() -> list:
    lines = [
        "| state | pilot | wire | contactor | shown outside | at most |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for state, (pilot, joined, closed, _, shown) in enumerate(states.OUTPUTS):
        cells = [_name(state), _PILOTS[pilot], "joined" if joined else "cut"]
        cells.append("**closed**" if closed else "open")
        cells.append("as before" if shown == "-" else shown)
        limit = states.TIMEOUTS.get(state)
        cells.append(f"{limit} ms" if limit else "")
        lines.append(f"| {' | '.join(cells)} |".replace("|  |", "| |"))
    return lines


def _transitions() -> list:
    lines = ["| state | event | next |", "| --- | --- | --- |"]
    for state, row in enumerate(states.TRANSITIONS):
        for event, following in sorted(zip(*row)):
            lines.append(f"| {_name(state)} | {_EVENTS[event]} | {_name(following)} |")
    return lines


def _fault_table() -> list:
    lines = [
        "| code | name | measured in | clears by | times | cause |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for code, name, unit, clears, times, text in faults.table():
        unit = "" if unit == "-" else unit
        times = {"-": "any", "0": ""}.get(times, times)
        cells = f"| {code} | `{name}` | {unit} | {clears} | {times} | {text} |"
        lines.append(cells.replace("|  |", "| |"))
    return lines


def text() -> str:
    """The whole document."""
    parts = [
        [_HEAD],
        _diagram(),
        ["", "## Events, in the order in which they are tried", ""],
        _events(),
        ["", "## States and their outputs", ""],
        _outputs(),
        ["", "## Transitions", ""],
        _transitions(),
        ["", _FAULTS],
        _fault_table(),
    ]
    return "\n".join(line for part in parts for line in part) + "\n"


def main() -> int:
    if "--check" in sys.argv:
        current = TARGET.read_text() if TARGET.exists() else ""
        if current != text():
            print(f"{TARGET} is out of date: run tools/docs/state_machine.py")
            return 1
        return 0
    TARGET.write_text(text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
