"""`make day`: days of a household in virtual time, with the firmware in a heap of a given size.

The frozen firmware shares its interpreter's heap with the simulated board. That is made and warmed
up before; then all memory is taken but for one piece of the size that is asked for, in which the
firmware starts, and in which the garbage of both lies. Fails when a task failed, when the box was
reset, and when more is in use after the last day than after the second.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import budget

_WHOLE = 5 << 18  # bytes for the simulated board, the used blocks of its flash, and what is taken
_GROWTH = 512  # bytes, from the end of day 2 on: what waits to be sent differs
_DAY = 24 * 60  # minutes


def run(program: Path, image: Path, *numbers: int) -> dict:
    """The story of tools/budget/day.py: hours, minutes of a day, bytes for the firmware."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = [budget.ROOT / "tools" / "sim", image, Path(folder) / "flash.bin", "frozen"]
        _told(program, "boot.py", *arguments, "standard")
        return json.loads(_told(program, "day.py", *arguments, *numbers))


def _told(program: Path, script: str, *arguments) -> str:
    """Run a script and show what it says of the hours; its last line."""
    words = [program, "-X", f"heapsize={_WHOLE}", budget.HERE / script, *arguments]
    with subprocess.Popen(
        [str(word) for word in words],
        cwd=budget.HERE,
        env={"MICROPYPATH": ".frozen", "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        lines = []
        for line in process.stdout:
            lines = [*lines[-30:], line]
            if line.startswith("after "):
                print(line, end="", flush=True)
    if process.returncode:
        raise budget.BudgetError("".join(lines))
    return lines[-1] if lines else ""


def judged(found: dict, minutes: int):
    """Yield what went wrong."""
    live = found["live"]
    restarts = {name: count for name, count in found["restarts"].items() if count}
    if restarts:
        yield f"failed tasks {restarts}"
    if len(found["deaths"]) > 1:  # the last one is the end of the simulation
        yield f"resets {found['deaths'][:-1]}"
    marks = -(-minutes // 60)  # of a day
    days = live[marks - 1 :: marks]
    if len(days) > 2 and days[-1] > days[1] + _GROWTH:
        yield f"{days[-1] - days[1]} bytes more after day {len(days)} than after day 2"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make day", description=__doc__)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument(
        "--day", type=int, default=_DAY, help="minutes of a day: 12 for a month in six hours"
    )
    parser.add_argument("--heap", type=int, default=100, help="KiB for the firmware")
    parser.add_argument("--image", type=Path, default=budget.ROOT / "build" / "image")
    options = parser.parse_args()
    try:
        program = budget.interpreter("frozen")
        numbers = options.hours, options.day, options.heap * 1024
        found = run(program, options.image.resolve(), *numbers)
    except budget.BudgetError as error:
        print(f"day: {error}", file=sys.stderr)
        return 1
    print("messages", found["topics"])
    wrong = list(judged(found, options.day))
    for text in wrong:
        print(f"day: {text}", file=sys.stderr)
    return 1 if wrong else 0


sys.exit(main())
