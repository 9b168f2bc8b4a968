"""Random lives with random power cuts on a real littlefs; what the model says is what is there."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize(
    ("interpreter", "seed"),
    [("micropython", 1), ("micropython", 2), ("micropython", 3), ("micropython32", 4)],
)
def test_a_random_life_with_power_cuts_loses_nothing(interpreter, seed):
    run = subprocess.run(
        [
            ROOT / ".tools/bin" / interpreter,
            *("-X", "heapsize=64m"),
            ROOT / "tests/fault/store_random.py",
            str(seed),
            "1500",
        ],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    print(run.stdout)
    words = run.stdout.split()
    assert int(words[1]) > 100 and int(words[3]) > 100, run.stdout
