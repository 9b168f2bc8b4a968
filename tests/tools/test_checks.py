"""Each check must find what it is there for; each case plants something in a small checkout."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools" / "check"))

import checks

GOOD = '"""A."""\n\nimport machine\n\npin = machine.Pin(1, machine.Pin.OUT)\npin.value(1)\n'

MISSPELT = "rec" + "ieve"

PLANTED = [
    ("format", "x = {  'a':1 }\n", "board.py"),
    ("lint", "x = 1\n\nimport os\n", "board.py:5:1: E402"),
    ("lint", "try:\n    x = 1\nexcept:\n    x = 2\n", "E722"),
    ("lint", "try:\n    x = 1\nexcept Exception:\n    x = 2\n", "BLE001"),
    ("rules between the rooms", "x = 1  # FIXME\n", "unfinished"),
    ("mpy-cross", "x = {**{}}\n", "SyntaxError"),
    ("mpy-cross", "def f(a, /):\n    pass\n", "SyntaxError"),
    ("types", "import time\n\ntime.monotonic()\n", "monotonic"),
    ("types", "import machine\n\nmachine.Pin(1).set_high()\n", "set_high"),
    ("types", "import no_such_module\n", "no_such_module"),
    ("types", "def f(a):\n    pass\n\n\nf(1, 2)\n", "Expected 1 positional argument"),
    ("spelling", f"# {MISSPELT}\n", "==> receive"),
]


@pytest.fixture(autouse=True)
def programs(monkeypatch):
    monkeypatch.setattr(checks, "VENV", ROOT / ".tools" / "venv" / "bin")


def checkout(folder: Path, text: str) -> Path:
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / ".tools").symlink_to(ROOT / ".tools")
    (folder / "firmware").mkdir()
    for name in ("boot.py", "main.py"):
        (folder / name).write_text('"""A."""\n')
    (folder / "firmware" / "board.py").write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    subprocess.run(["git", "add", "firmware", "boot.py", "main.py"], cwd=folder, check=True)
    return folder


@pytest.mark.parametrize("name", checks.CHECKS)
def test_good_code_passes(tmp_path, name):
    assert checks.CHECKS[name](checkout(tmp_path, GOOD)) == ""


@pytest.mark.parametrize(("name", "text", "complaint"), PLANTED)
def test_what_is_planted_is_found(tmp_path, name, text, complaint):
    assert complaint in checks.CHECKS[name](checkout(tmp_path, '"""A."""\n\n' + text))


def test_pure_rooms_may_not_touch_the_hardware(tmp_path):
    root = checkout(tmp_path, GOOD)
    (root / "firmware" / "codec.py").write_text('"""A."""\n\nimport machine\n')
    assert "TID251" in checks.CHECKS["lint"](root)
