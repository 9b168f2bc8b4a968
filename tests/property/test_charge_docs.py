"""The state diagram in the docs says what the tables say."""

import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


def test_the_state_diagram_is_current():
    result = subprocess.run(
        [sys.executable, _ROOT / "tools/docs/state_machine.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
