"""The power fails at every flash operation of an update; a whole version is started every time."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

# Path, and the least number of cuts that it must have offered in files and in the partition.
PATHS = {"update": (250, 100), "trial": (60, 60), "rollback": (30, 30)}


# The same of a frozen firmware, with its two application partitions.
APPLICATION_PATHS = {"update": 140, "confirm": 20, "left": 30, "rollback": 50}

INTERPRETERS = ["micropython", "micropython32"]


def cuts(interpreter, program, *words):
    """How many cuts a program has made, all of which went well."""
    run = subprocess.run(
        [ROOT / ".tools/bin" / interpreter, "-X", "heapsize=192m", program, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    found = re.search(r"cuts (\d+) operations (\d+)", run.stdout)
    assert found, run.stdout
    return int(found[1])


@pytest.mark.parametrize("interpreter", INTERPRETERS)
@pytest.mark.parametrize("form", ["files", "partition"])
@pytest.mark.parametrize("path", PATHS)
def test_a_power_cut_at_any_flash_operation_leaves_a_whole_version(path, form, interpreter):
    count = cuts(interpreter, ROOT / "tests/fault/slots_cuts.py", path, form)
    assert count >= PATHS[path][form == "partition"]


@pytest.mark.parametrize("interpreter", INTERPRETERS)
@pytest.mark.parametrize("path", APPLICATION_PATHS)
def test_a_power_cut_at_any_operation_leaves_a_whole_application(path, interpreter):
    count = cuts(interpreter, ROOT / "tests/fault/application_cuts.py", path)
    assert count >= APPLICATION_PATHS[path]
