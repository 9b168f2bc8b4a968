"""Measures the RAM that an image holds, on the MicroPython with the ESP32's configuration.

An image reaches a controller in one of three forms, and costs RAM accordingly:

files    bytecode is loaded into RAM: any stock MicroPython, and then PSRAM is needed
mapped   bytecode is executed where it lies in flash: an own MicroPython with a ROM file system
frozen   bytecode is part of an own MicroPython, with all its names and constants
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HERE = Path(__file__).resolve().parent
FORMS = ("files", "mapped", "frozen")
_RUNS = 3
_MOST_RUNS = 12
_APART = 1024
_BIN = ROOT / ".tools" / "bin"


class BudgetError(Exception):
    """The measurement failed; the text is what the interpreter said."""


def interpreter(form: str) -> Path:
    """The program that runs this form; builds it first where that is needed."""
    sys.path.append(str(ROOT / "tools" / "setup"))
    import esp32like
    import frozen
    from workspace import SetupError, locked

    try:
        with locked():
            (frozen if form == "frozen" else esp32like).install()
    except SetupError as error:
        raise BudgetError(str(error)) from error
    return _BIN / ("micropython-frozen" if form == "frozen" else "micropython-esp32like")


def measure(image: Path, form: str, seconds: int, what: str = "standard") -> dict:
    """What a booted firmware holds, in bytes, and the weights of its modules.

    `what` is "standard" or "everything", the configuration. `seconds` of virtual time lie between
    the start and the measurement. `held` is given back when the firmware is let go, and `names`
    are what its modules have called things; `peak` was held at most until then, names included.
    """
    program = interpreter(form)
    with tempfile.TemporaryDirectory() as folder:
        # Each module that is loaded from a file keeps that file's path: one of the same length
        # wherever the checkout lies.
        near = Path(folder) / "image"
        near.symlink_to(image)
        place = {"files": near, "mapped": image.with_name("wallbox.img"), "frozen": form}[form]
        arguments = (ROOT / "tools" / "sim", image, Path(folder) / "flash.bin", place)
        _micropython(program, HERE / "boot.py", *arguments, what)
        runs = _agreeing(lambda more: _booted(program, *arguments, seconds + more), program, place)
        # The simulator's share: what it holds for a chip on which nothing runs.
        (Path(folder) / "nothing").mkdir()
        arguments = (arguments[0], Path(folder) / "nothing", *arguments[2:])
        share = _booted(program, *arguments, seconds)["running"]
        found = max(runs, key=lambda one: one["running"])
        weights = _weigh(program, place, found["modules"])
    names = weights.pop("")
    return {
        "modules": weights,
        "names": names,
        "held": found["running"] - share + names,
        "peak": max(run["peak"] for run in runs) - share + names,
    }


def _agreeing(run, program: Path, place) -> list:
    """Some runs that say nearly the same.

    Where the image lies in RAM, to be mapped, a word of it may look like an address and keep
    everything from being given back: then it is less than the modules alone.
    """
    runs = []
    least = 0
    for more in range(_MOST_RUNS):
        found = run(more)
        if not runs:
            weights = _weigh(program, place, found["modules"])
            least = sum(weights.values()) // 2
        runs.append(found)
        largest = max(found["running"] for found in runs)
        agreeing = [found for found in runs if found["running"] > max(least, largest - _APART)]
        if len(agreeing) == _RUNS:
            return agreeing
    raise BudgetError(f"no {_RUNS} of {_MOST_RUNS} runs agree to {_APART} bytes")


def _booted(program: Path, *arguments) -> dict:
    return json.loads(_micropython(program, HERE / "boot.py", *arguments).splitlines()[-1])


def _weigh(program: Path, place, modules) -> dict:
    """Load modules in this order: bytes for each, and under "" for their names together."""
    loaded = _micropython(program, HERE / "load.py", place, *modules)
    # The letters of names stay in flash where that is mapped.
    letters = 1 if str(place).endswith(".img") else 0
    before, after = (
        int(size) - letters * int(text)
        for text, size in re.findall(r"n_str_data_bytes=(\d+), n_total_bytes=(\d+)", loaded)
    )
    weights = re.findall(r"^weight (\S+) (-?\d+)$", loaded, re.M)
    return {"": after - before, **{name: int(size) for name, size in weights}}


def _micropython(program: Path, script: Path, *arguments) -> str:
    answer = subprocess.run(
        [str(program), "-X", "heapsize=16m", str(script), *map(str, arguments)],
        cwd=HERE,
        env={"MICROPYPATH": ".frozen", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if answer.returncode:
        raise BudgetError(answer.stdout + answer.stderr)
    return answer.stdout
