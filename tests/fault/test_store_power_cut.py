"""The power fails at every flash operation of every write path; nothing that counts is lost."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

# Write path, and the least number of cuts that it must have offered.
PATHS = {
    "config_save": 300,
    "ledger_append": 150,
    "ledger_compaction": 300,
    "transaction_begin": 30,
    "transaction_end": 150,
    "migration": 30,
    "restore": 150,
    "first_boot": 1000,
}


def cuts(interpreter: str, *words: str) -> int:
    """Run the path on MicroPython; the number of cuts tried."""
    program = ROOT / ".tools/bin" / interpreter
    run = subprocess.run(
        [program, "-X", "heapsize=192m", ROOT / "tests/fault/store_cuts.py", *words],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    found = re.search(r"cuts (\d+) operations (\d+)", run.stdout)
    assert found, run.stdout
    print(f"{' '.join(words)}: {found.group(1)} cuts, {found.group(2)} flash operations")
    return int(found.group(1))


@pytest.mark.parametrize("path", PATHS)
def test_a_power_cut_at_any_flash_operation_loses_nothing(path):
    assert cuts("micropython", path) >= PATHS[path]


@pytest.mark.parametrize(
    ("path", "every"),
    [("ledger_compaction", "97"), ("transaction_end", "5"), ("first_boot", "397")],
)
def test_a_second_cut_while_the_first_is_repaired_loses_nothing(path, every):
    assert cuts("micropython", path, every) >= 50


def test_the_same_holds_with_the_object_sizes_of_the_esp32():
    assert cuts("micropython32", "config_save") >= 300
