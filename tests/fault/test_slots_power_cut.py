"""The power fails at every flash operation of an update; a whole version is started every time."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

# Path, and the least number of cuts that it must have offered in files and in the partition.
PATHS = {"update": (250, 100), "trial": (60, 60), "rollback": (30, 30)}


@pytest.mark.parametrize("interpreter", ["micropython", "micropython32"])
@pytest.mark.parametrize("form", ["files", "partition"])
@pytest.mark.parametrize("path", PATHS)
def test_a_power_cut_at_any_flash_operation_leaves_a_whole_version(path, form, interpreter):
    program = ROOT / ".tools/bin" / interpreter
    run = subprocess.run(
        [program, "-X", "heapsize=192m", ROOT / "tests/fault/slots_cuts.py", path, form],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    found = re.search(r"cuts (\d+) operations (\d+)", run.stdout)
    assert found, run.stdout
    assert int(found[1]) >= PATHS[path][form == "partition"]
