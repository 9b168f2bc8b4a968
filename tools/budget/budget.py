"""Measures the RAM that an image holds, on the MicroPython with the ESP32's object sizes."""

import re
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HERE = Path(__file__).resolve().parent
MICROPYTHON = ROOT / ".tools" / "bin" / "micropython32"


class BudgetError(Exception):
    """The measurement failed; the text is what the interpreter said."""


def measure(image: Path, seconds: int) -> dict:
    """Bytes for each module and for their names, and `freed` when a booted firmware is let go.

    `seconds` of virtual time lie between the start and the measurement.
    """
    with tempfile.TemporaryDirectory() as folder:
        flash = Path(folder) / "flash.bin"
        sim = ROOT / "tools" / "sim"
        _micropython(HERE / "boot.py", sim, image, flash, "commission")
        booted = _micropython(HERE / "boot.py", sim, image, flash, seconds)
    modules = re.findall(r"^module (\S+)$", booted, re.M)
    return {**weigh(image, modules), "freed": int(re.search(r"^freed (\d+)$", booted, re.M)[1])}


def weigh(image: Path, modules) -> dict:
    """Load modules of the image in this order: bytes for each, and for their names together."""
    loaded = _micropython(HERE / "load.py", image, *modules)
    before, after = (int(size) for size in re.findall(r"n_total_bytes=(\d+)", loaded))
    weights = re.findall(r"^weight (\S+) (-?\d+)$", loaded, re.M)
    return {"modules": {name: int(size) for name, size in weights}, "names": after - before}


def _micropython(script: Path, *arguments) -> str:
    answer = subprocess.run(
        [str(MICROPYTHON), "-X", "heapsize=16m", str(script), *map(str, arguments)],
        cwd=HERE,
        env={"MICROPYPATH": ".frozen", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if answer.returncode:
        raise BudgetError(answer.stdout + answer.stderr)
    return answer.stdout
