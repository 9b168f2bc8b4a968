"""`make day`: hours of a household in virtual time, with the firmware in a heap of a given size.

The frozen firmware shares its interpreter's heap with the simulated board. What that holds before
the start, and what it grows by, is added to the heap that is asked for.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import budget

_SIMULATOR = 32 * 1024  # it grows by as much in its first minute
_TABLES = 64 / 65.5  # of a heap are left when the collector has taken its tables


def run(program: Path, image: Path, hours: int, heap: int) -> dict:
    """The story of tools/budget/day.py in a heap of so many bytes; what it tells."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = [budget.ROOT / "tools" / "sim", image, Path(folder) / "flash.bin", "frozen"]
        for script, last, size in (("boot.py", "standard", 1 << 24), ("day.py", hours, heap)):
            answer = subprocess.run(
                [program, "-X", f"heapsize={size}", budget.HERE / script, *arguments, str(last)],
                cwd=budget.HERE,
                env={"MICROPYPATH": ".frozen", "PATH": "/usr/bin:/bin"},
                capture_output=True,
                text=True,
                check=False,
            )
            if answer.returncode:
                raise budget.BudgetError(answer.stdout[-1000:] + answer.stderr[-1000:])
    return json.loads(answer.stdout.splitlines()[-1])


def main() -> int:
    parser = argparse.ArgumentParser(prog="make day", description=__doc__)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--heap", type=int, default=170, help="KiB for the firmware")
    parser.add_argument("--image", type=Path, default=budget.ROOT / "build" / "image")
    options = parser.parse_args()
    try:
        program = budget.interpreter("frozen")
        image = options.image.resolve()
        before = run(program, image, 0, 1 << 24)["before"]
        heap = int((before + _SIMULATOR) / _TABLES) + options.heap * 1024
        found = run(program, image, options.hours, heap)
    except budget.BudgetError as error:
        print(f"day: {error}", file=sys.stderr)
        return 1
    restarts = {name: count for name, count in found["restarts"].items() if count}
    live = [size - before - _SIMULATOR for size in found["live"]]
    print(f"{options.hours} hours in {options.heap} KiB: live bytes after each hour, about")
    print(" ".join(str(size) for size in live))
    print("messages", found["topics"])
    if restarts or len(found["deaths"]) > 1:
        print(f"day: failed tasks {restarts}, resets {found['deaths'][:-1]}", file=sys.stderr)
        return 1
    return 0


sys.exit(main())
