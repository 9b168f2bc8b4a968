"""`make budget`: the RAM that the standard firmware holds on a controller, and where it goes.

The image itself is booted on the simulated board and left alone for a minute of virtual time, on a
MicroPython with the ESP32's configuration, in each of the three forms in which an image reaches a
controller: loaded from files, mapped in flash, and frozen. What is then given back when the
firmware is let go, plus the names that its modules brought, is what it holds.
"""

import argparse
import sys
from collections import defaultdict
from pathlib import Path

import budget

SECONDS = 60
# What each form may hold: the one for the smallest controllers its budget, the others as much as
# today.
LARGEST = {"frozen": 70 * 1024, "mapped": 126 * 1024, "files": 238 * 1024}
LARGEST_PEAK = 90 * 1024


def table(found: dict, every: bool) -> str:
    """Bytes by room, or by module, and what comes on top of the modules, a column a form."""
    rows = defaultdict(lambda: [0] * len(found))
    for column, measured in enumerate(found.values()):
        for name, size in measured["modules"].items():
            rows[name if every else _room(name)][column] += size
    ordered = sorted(rows.items(), key=lambda row: -row[1][0])
    code = [sum(measured["modules"].values()) for measured in found.values()]
    held = [measured["held"] for measured in found.values()]
    ordered += [
        ("modules, names included", code),
        ("objects, buffers, tasks", [all_ - part for all_, part in zip(held, code)]),
        ("held in all", held),
        ("at most while starting", [measured["peak"] for measured in found.values()]),
    ]
    lines = [f"{'':<40}" + "".join(f"{form:>10}" for form in found)]
    lines += [f"{name:<40}" + "".join(f"{size:>10}" for size in sizes) for name, sizes in ordered]
    return "\n".join(lines)


def _room(name: str) -> str:
    parts = name.split(".")
    return ".".join(parts[:2]) if len(parts) > 2 else parts[0]


def judged(found: dict):
    """Yield what is above its budget."""
    for form, measured in found.items():
        over = measured["held"] - LARGEST[form]
        if over > 0:
            yield f"{form}: {over} bytes above {LARGEST[form]}"
    over = found["frozen"]["peak"] - LARGEST_PEAK if "frozen" in found else 0
    if over > 0:
        yield f"frozen, while starting: {over} bytes above {LARGEST_PEAK}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make budget", description=__doc__)
    parser.add_argument("--image", type=Path, default=budget.ROOT / "build" / "image")
    parser.add_argument("--modules", action="store_true", help="one line for each module")
    parser.add_argument("--form", action="append", choices=budget.FORMS, help="only this form")
    parser.add_argument(
        "--everything", action="store_true", help="with HTTP, TLS and ten devices; no budget"
    )
    options = parser.parse_args()
    what = "everything" if options.everything else "standard"
    try:
        found = {
            form: budget.measure(options.image.resolve(), form, SECONDS, what)
            for form in options.form or budget.FORMS
        }
    except budget.BudgetError as error:
        print(f"budget: {error}", file=sys.stderr)
        return 1
    print(table(found, options.modules))
    if "frozen" in found and not options.everything:
        print(f"budget for frozen: {LARGEST['frozen']}, {LARGEST_PEAK} while starting")
    wrong = [] if options.everything else list(judged(found))
    for text in wrong:
        print(f"budget: {text}", file=sys.stderr)
    return 1 if wrong else 0


sys.exit(main())
