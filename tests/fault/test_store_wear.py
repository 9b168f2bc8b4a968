"""The worst client wears the flash for twenty years at least; `make wear` runs the whole year."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def test_a_day_of_the_worst_client_projects_to_twenty_years():
    run = subprocess.run(
        [
            ROOT / ".tools/bin/micropython",
            *("-X", "heapsize=64m"),
            ROOT / "tools/bench/flash_year.py",
            "1",
        ],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    print(run.stdout)
    assert run.returncode == 0, run.stdout + run.stderr
    ways = dict(re.findall(r"^\| (this firmware|naive)[^|]*\|.*\| ([\d.]+) \|$", run.stdout, re.M))
    assert float(ways["this firmware"]) > 20, run.stdout
    assert float(ways["naive"]) < 1, run.stdout
