"""`make pieces`: instructions of what the API does without yielding, one thing at a time.

Where `make stretch` counts the whole firmware with its peers, the sockets of the simulator
included, this counts the firmware's own part of the requests that come often, and every piece of
get_dev_info with 25 devices. docs/budget.md tells what the numbers mean.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import budget
import counted
import factor

HERE = Path(__file__).resolve().parent
# No task may run longer than 10 ms without yielding: so many instructions at the middle factor.
TEN_MS = 685_000


def measure(image: Path, form: str = "files") -> dict[str, int]:
    """The most instructions of each piece, less what the marks cost; `form` as in budget.py."""
    program = counted.MICROPYTHON
    if form == "frozen":
        program = budget.interpreter(form)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        arguments = [counted.ROOT / "tools" / "sim", image, folder / "flash.bin", HERE]
        arguments.append("frozen" if form == "frozen" else image)
        run = counted.Counted(HERE / "pieces_run.py", arguments, folder, "200m", program)
        told = run.output.read().splitlines()
        counts = iter(run.counts())
    passes = []
    for line in told:
        if line == "pass":
            passes.append([])
        elif line.startswith("piece "):
            passes[-1].append((line[6:], next(counts, None)))
    if None not in (count for found in passes for _, count in found):
        return _most(passes)
    raise counted.CountError("fewer counts than pieces")


def _most(passes: list) -> dict[str, int]:
    # Looking for room in the simulator's large heap is counted, too, now here and now there: the
    # least of equal runs is free of it.
    most: dict[str, int] = {}
    for runs in zip(*passes, strict=True):
        name = runs[0][0]
        most[name] = max(most.get(name, 0), min(count for _, count in runs))
    marks = most.pop("marks")
    return {name: count - marks for name, count in most.items()}


def main() -> int:
    parser = argparse.ArgumentParser(prog="make pieces", description=__doc__)
    parser.add_argument("--form", choices=("files", "frozen"), default="files")
    parser.add_argument("--image", type=Path, default=counted.ROOT / "build" / "image")
    options = parser.parse_args()
    missing = counted.possible()
    if missing:
        print(f"pieces: {missing}", file=sys.stderr)
        return 1
    try:
        scale = factor.measure()
        found = measure(options.image.resolve(), options.form)
    except (counted.CountError, budget.BudgetError) as error:
        print(f"pieces: {error}", file=sys.stderr)
        return 1
    print(f"{'at most':<24}{'instructions':>14}{'ms on an ESP32':>24}")
    for piece, count in found.items():
        least, usual, most = scale.ms(count)
        told = f"{usual:.1f} ({least:.1f} to {most:.1f})"
        print(f"{piece:<24}{count:>14,}{told:>24}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
