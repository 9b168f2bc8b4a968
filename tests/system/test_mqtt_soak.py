"""Weeks of a moody broker in virtual time, across the wrap of the ticks; SOAK_DAYS of them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from brokers import ROOT, tool

DAYS = int(os.environ.get("SOAK_DAYS", "2"))


@pytest.mark.parametrize("interpreter", ["micropython", "micropython32"])
def test_always_back_and_no_growth(interpreter):
    done = subprocess.run(
        [tool(interpreter), "-X", "heapsize=1m", "tests/system/mqtt_soak.py", str(DAYS), "1"],
        env={**os.environ, "MICROPYPATH": f"{ROOT}:{ROOT}/tests/unit:.frozen"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60 + 30 * DAYS,
    )
    assert not done.returncode, done.stdout + done.stderr
    status = json.loads(done.stdout)
    print(status)
    assert status["connections"] > 10 * DAYS and status["failures"] > 10 * DAYS
    assert status["received"] > 1000 * DAYS and status["published"] > 5000 * DAYS
    assert status["longest_ms"] < 75_000  # after the broker is well: the longest wait is 60 s
    assert status["grown"] < 500
