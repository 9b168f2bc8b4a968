"""Starts tests/system/meter_box.py and reads what it prints."""

import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BOX = ROOT / "tests" / "system" / "meter_box.py"


def run_box(seconds: float, *arguments: str, interpreter: str = "micropython32") -> list[dict]:
    """What the box printed, line by line."""
    command = [ROOT / ".tools/bin" / interpreter, "-X", "heapsize=1m", BOX]
    kind, host, port, *rest = arguments
    done = subprocess.run(
        [*command, kind, host, port, str(seconds), *rest],
        cwd=ROOT,
        env={**os.environ, "MICROPYPATH": f"{ROOT}:.frozen"},
        capture_output=True,
        text=True,
        timeout=seconds + 30,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line[2:]) for line in done.stdout.splitlines() if line.startswith("@@")]


def never_wrong(lines: list[dict], index: int = 0, power: int = 5060):
    """The values of a meter are right or stale in every line."""
    for line in lines:
        meter = line["meters"][index]
        assert meter["stale"] or meter["power_w"] == power, line
