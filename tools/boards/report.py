"""What a table of firmware/boards/ means: problems, warnings, and voltages at its inputs."""

import importlib
import itertools
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "firmware" / "boards"

sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "cpython")]

from firmware import wiring_rules  # noqa: E402
from firmware.sampler import as_points  # noqa: E402

_LEVELS_MV = (12000, 9000, 6000, 3000, 0, -12000)
_CABLES_OHM = (1500, 680, 220, 100)
_EXACT_MV = (150, 2450)
_STRAPS = {
    0: "low at reset starts the loader; a pull-up is there",
    2: "must be low or open when the loader is wanted",
    5: "has a pull-up at reset",
    12: "high at reset selects 1.8 V for the flash: the chip does not start",
    15: "has a pull-up at reset",
}
_NO_PULL = "has no pull-up in the chip: without one on the board a broken wire is not seen"


def names() -> list[str]:
    """The boards that there are."""
    return sorted(path.stem for path in FOLDER.glob("*.py"))


def table(name: str) -> dict:
    """The table of one board; ImportError when there is none."""
    return importlib.import_module(f"firmware.boards.{name}").BOARD


def problems(name: str) -> list[str]:
    """Why this board is refused: what the firmware says at its start, and a wrong name."""
    board = table(name)
    found = wiring_rules.problems(board)
    if board.get("name") != name:
        found.append(f"name: {board.get('name')!r}, but the file is called {name}.py")
    return found


def warnings(board: dict) -> list[str]:
    """What works, and wants a second look at the circuit."""
    found = []
    for key, kind, pin in wiring_rules.pins(board, []):
        if pin in _STRAPS:
            found.append(f"{key}: GPIO {pin} is read at reset: {_STRAPS[pin]}")
        elif pin == 14 and key in ("contactor", "phase_contactor"):
            found.append(f"{key}: GPIO 14 has a pull-up at reset, and this is a coil")
        elif pin >= 34 and kind == "pull":
            found.append(f"{key}: GPIO {pin} {_NO_PULL}")
        elif pin in (16, 17) and board.get("psram") is None:
            found.append(f"{key}: GPIO {pin} belongs to the PSRAM, where there is one")
    low, high = _EXACT_MV
    for level_mv, adc_mv in pilot(board):
        if not low <= adc_mv <= high:
            found.append(
                f"pilot_scale: {level_mv / 1000:+.0f} V is {adc_mv} mV at the converter, "
                f"outside the {low} to {high} mV where it is exact"
            )
    return found + _missing(board)


def _missing(board: dict) -> list[str]:
    lines = {
        "contactor_mirror": "a welded contactor is not seen",
        "residual_trip": "direct residual currents are not seen: the installation needs an RCD "
        "of type B, or a 6 mA detector that opens the circuit by itself",
        "temperature_adc": "the current is not lowered when the box gets hot",
        "pilot_disconnect": "sleeping cars are woken by -12 V only, and phases are not switched",
    }
    return [f"{key}: none, so {what}" for key, what in lines.items() if board.get(key) is None]


def pilot(board: dict) -> list[tuple[int, int]]:
    """(connector mV, converter mV) for each level of the pilot."""
    points = as_points(board["pilot_scale"])
    return [(mv, _inverse(points, mv)) for mv in _LEVELS_MV]


def _inverse(points, mv: int) -> int:
    pairs = list(itertools.pairwise(points))
    low, high = next((pair for pair in pairs if mv <= pair[1][1]), pairs[-1])
    return round(low[0] + (mv - low[1]) * (high[0] - low[0]) / (high[1] - low[1]))


def proximity(board: dict) -> list[tuple[int, int]]:
    """(coding resistor, converter mV); empty without the input."""
    if not board.get("proximity_pullup"):
        return []
    pullup_ohm, supply_mv = board["proximity_pullup"]
    return [(ohm, supply_mv * ohm // (ohm + pullup_ohm)) for ohm in _CABLES_OHM]


def divider(to_pilot: float, to_supply: float, to_ground: float, supply_mv: float = 3300):
    """(factor, offset in mV) of three resistors in ohm, exact: round them for pilot_scale."""
    conductance = 1 / to_pilot + 1 / to_supply + 1 / to_ground
    return to_pilot * conductance, supply_mv / to_supply / conductance
