"""`make budget`: the RAM that the standard firmware holds on a controller, and where it goes.

The image itself is booted on the simulated board and left alone for a minute of virtual time, on
the 32-bit MicroPython, whose objects have the ESP32's sizes. What is then given back when the
firmware is let go, plus the names that its modules brought, is what it holds.
"""

import argparse
import sys
from collections import defaultdict
from pathlib import Path

import budget

SECONDS = 60
LARGEST_RAM = 70 * 1024


def table(measured: dict, every: bool) -> str:
    """Bytes by room, or by module, and what comes on top of the modules."""
    rows = defaultdict(int)
    for name, size in measured["modules"].items():
        rows[name if every else _room(name)] += size
    lines = [
        f"{name:<40}{size:>8}" for name, size in sorted(rows.items(), key=lambda row: -row[1])
    ]
    code = sum(measured["modules"].values())
    held = measured["freed"] + measured["names"]
    lines += [
        f"{'modules, names included':<40}{code:>8}",
        f"{'objects, buffers, tasks':<40}{held - code:>8}",
        f"{'held in all':<40}{held:>8}   budget {LARGEST_RAM}",
    ]
    return "\n".join(lines)


def _room(name: str) -> str:
    parts = name.split(".")
    return ".".join(parts[:2]) if len(parts) > 2 else parts[0]


def main() -> int:
    parser = argparse.ArgumentParser(prog="make budget", description=__doc__)
    parser.add_argument("--image", type=Path, default=budget.ROOT / "build" / "image")
    parser.add_argument("--modules", action="store_true", help="one line for each module")
    options = parser.parse_args()
    if not budget.MICROPYTHON.exists():
        print("budget: this machine cannot run the 32-bit MicroPython", file=sys.stderr)
        return 1
    try:
        measured = budget.measure(options.image.resolve(), SECONDS)
    except budget.BudgetError as error:
        print(f"budget: {error}", file=sys.stderr)
        return 1
    print(table(measured, options.modules))
    held = measured["freed"] + measured["names"]
    if held > LARGEST_RAM:
        print(f"budget: {held - LARGEST_RAM} bytes above the budget", file=sys.stderr)
        return 1
    return 0


sys.exit(main())
