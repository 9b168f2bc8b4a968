"""Instructions of a start: to safe outputs, and to the end of the first pilot cycle."""

import re
import tempfile
from pathlib import Path

import counted

HERE = Path(__file__).resolve().parent


def measure(image: Path) -> tuple[int, int]:
    """(to safe outputs, from there to the end of the first cycle) on a flash used before.

    What the simulated flash's reads cost is taken off: on a chip they are not Python.
    """
    sim = counted.ROOT / "tools" / "sim"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        flash = folder / "flash.bin"
        for task in ("commission", "live"):
            counted.plain(HERE / "start.py", (sim, image, flash, task))
        run = counted.Counted(HERE / "start.py", (sim, image, flash, "count"), folder, "64m")
        told = run.output.read()
        counts = run.counts()
    reads = re.search(r"^reads (\d+) (\d+) (\d+)$", told, re.M)
    if len(counts) != 3 or not reads:
        raise counted.CountError(f"{len(counts)} counts instead of 3, {told[-500:]}")
    some, safe, running = map(int, reads.groups())
    each = counts[0] // some
    return counts[1] - safe * each, counts[2] - running * each
