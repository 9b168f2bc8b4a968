"""Writes docs/faults.md from the fault table of the charge point; `--check` only compares.

python3 tools/docs/fault_table.py [--check]
"""

import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(_ROOT), str(_ROOT / "tests" / "cpython")]

from firmware import led  # noqa: E402
from firmware.charge import faults  # noqa: E402

TARGET = _ROOT / "docs" / "faults.md"
_LED_FAULT = 16
_LONG_MS = 400  # what is lit for longer is a long flash
_STEP_MS = 10

_UNITS = {"dC": "tenths of a degree Celsius"}
_CLEARS = {
    "gone": "by itself",
    "unplug": "when the car is unplugged",
    "reset": "by the command `clear_faults`, after somebody has looked",
}

# Name of the fault: what the number beside it means, and what the user can do.
_ADVICE = {
    "late": (
        "time since the step before",
        "Nothing; when it comes back, keep the log and the status: they tell how long each task"
        " ran.",
    ),
    "supply": (
        "",
        "Have the supply of the controller checked. No board of `firmware/boards/` has the"
        " input for this.",
    ),
    "emergency_stop": (
        "",
        "Find out why it was pressed; release it and unplug the car. A broken wire reads the"
        " same.",
    ),
    "residual_current": (
        "",
        "Unplug, and try another car or cable. If it comes back, call an electrician.",
    ),
    "residual_test": (
        "time that the sensor took without answering, or without becoming quiet again",
        "Do not charge. Call an electrician: the protection from direct current does not work.",
    ),
    "welded": (
        "time since it was told to open",
        "The socket or plug may be live. Switch the box off at its breaker, call an electrician.",
    ),
    "not_closed": (
        "time since it was told to close",
        "If it comes back, have the coil and the mirror contact checked.",
    ),
    "dropped": (
        "always 0",
        "If it comes back, have the coil's supply and the mirror contact checked.",
    ),
    "phase_welded": (
        "current on L2 or L3; or, found by the mirror contact, the ms since it was told to open",
        "Switch the box off at its breaker, call an electrician.",
    ),
    "phase_not_closed": (
        "time since it was told to close; 0 if it opened by itself",
        "If it comes back, have the coil and the mirror contact checked.",
    ),
    "current_while_open": (
        "power on the meter",
        "The plug may be live. Switch the box off at its breaker; check that nothing else is"
        " connected behind the meter; call an electrician.",
    ),
    "diode": (
        "negative half of the pilot",
        "Unplug and plug in again. If only one car does it, its input is broken; if all do, the"
        " box or the cable.",
    ),
    "pilot_short": (
        "positive half of the pilot",
        "Unplug; look for water, dirt or a bent pin in the connector and at the car.",
    ),
    "pilot_driver": (
        "positive half of the pilot",
        "Have the pilot circuit of the box checked.",
    ),
    "pilot_unknown": (
        "time without enough samples",
        "If it comes back, have the pilot circuit of the box checked.",
    ),
    "over_current": (
        "largest current of a phase",
        "Have the car checked. Also check that the meter counts this car only.",
    ),
    "missing_phase": (
        "current on L1",
        "Check the breakers and the order of the phases at box and meter.",
    ),
    "over_temperature": (
        "temperature inside",
        "Let it cool down to 62 degrees; shade and air help. If it comes back, have the terminals"
        " checked.",
    ),
    "sensor": (
        "temperature in tenths of a degree if there is one, else 0; a frozen reading is not"
        " noticed",
        "Have the wiring of the temperature sensor and of the safety inputs checked.",
    ),
    "proximity": (
        "resistance, 999999 for open",
        "Use another cable, or plug this one in firmly.",
    ),
    "lock": (
        "tries",
        "Unplug, look for what is in the way of the bolt, plug in firmly.",
    ),
}

_HEAD = """# The faults

<!-- Written by tools/docs/fault_table.py from firmware/charge/faults.py and firmware/led.py. -->

Every fault opens the contactor at once and stands for at least 30 s after its cause was last seen.
The status lists those that stand with what was measured, the log names each when it comes and when
it clears, and the light flashes the code of the first: long flashes for its tens, short ones for
its ones, then a pause. What the box looks at, and what it cannot see, is in
[safety-case.md](safety-case.md).

What clears a fault:

- *by itself*: 30 s after its cause was last seen, as often in one plug-in as the last column says.
  After that the car has to be unplugged.
- *when the car is unplugged*: and the cause is gone.
- *by the command `clear_faults`*: somebody has looked after it, and its cause is gone; the
  command is in [api/reference.md](api/reference.md). Until then the pilot stays at -12 V, which
  tells every car that the box is out of order. It also lets go of faults that wait for the plug.

Neither a restart of the controller nor a loss of power clears what waits for the plug or for a
person: it stands again at once, until it clears by the same rule. What clears by itself is
forgotten, and found again if its cause is still there. After a restart within the 30 s that follow
`clear_faults`, the command has to be given again.
"""


def flashes(code: int) -> str:
    """What the light shows for a fault, read off firmware/led.py."""
    lengths = []
    lit_ms = 0
    for at in range(0, _round_ms(code), _STEP_MS):
        if led.lit(_LED_FAULT + code, at):
            lit_ms += _STEP_MS
        elif lit_ms:
            lengths.append(lit_ms > _LONG_MS)
            lit_ms = 0
    parts = [(lengths.count(True), "long"), (lengths.count(False), "short")]
    return " ".join(f"{count} {kind}" for count, kind in parts if count)


def _round_ms(code: int) -> int:
    """One round of flashes: until the pattern repeats after a pause of more than a second."""
    dark_ms = 0
    for at in range(0, 20_000, _STEP_MS):
        dark_ms = 0 if led.lit(_LED_FAULT + code, at) else dark_ms + _STEP_MS
        if dark_ms > 1000:
            return at
    raise ValueError(f"the light never pauses for fault {code}")


def _measured(unit: str, meaning: str) -> str:
    if not meaning:
        return "-"
    if unit in ("-", "tries"):
        return meaning
    return f"{_UNITS.get(unit, unit)}: {meaning}"


def _often(clears: str, times: str) -> str:
    if clears != "gone":
        return ""
    return "any number" if times == "-" else times


def _rows():
    for code, name, unit, clears, times, cause in faults.table():
        meaning, advice = _ADVICE[name]
        yield (
            str(code),
            flashes(code),
            f"`{name}`",
            cause,
            _measured(unit, meaning),
            _CLEARS[clears],
            _often(clears, times),
            advice,
        )


def text() -> str:
    """The whole document."""
    titles = ("code", "light", "name", "cause", "measured", "clears", "times", "what to do")
    lines = [_HEAD]
    lines.append("| " + " | ".join(titles) + " |")
    lines.append("|" + "---|" * len(titles))
    lines += ["| " + " | ".join(row) + " |" for row in _rows()]
    return "\n".join(lines) + "\n"


def main() -> int:
    if "--check" in sys.argv:
        current = TARGET.read_text() if TARGET.exists() else ""
        if current != text():
            print(f"{TARGET} is out of date: run tools/docs/fault_table.py")
            return 1
        return 0
    TARGET.write_text(text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
