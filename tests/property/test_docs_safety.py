"""The safety case names tests, stories and files that exist, and the page of faults is current."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_CASE = _ROOT / "docs" / "safety-case.md"
_STORIES = _ROOT / "tools" / "sim" / "scenarios" / "stories"
_TEST = re.compile(r"(tests/[\w/.-]+\.py)::(\w+)")
_STORY = re.compile(r"stor(?:y|ies) ((?:`\w+`(?:, | and )?)+)")
_FILE = re.compile(r"`((?:firmware|tools|tests|docs)/[\w/.-]+|boot\.py|main\.py)`")


def _tests_in(path: Path) -> set:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.parse(path.read_text()).body if isinstance(node, functions)}


def missing(text: str) -> list:
    """What a text names that is not there: tests, stories, files."""
    lost = []
    for file, name in _TEST.findall(text):
        path = _ROOT / file
        if not (name.startswith("test_") and path.is_file() and name in _tests_in(path)):
            lost.append(f"{file}::{name}")
    for names in _STORY.findall(text):
        for story in re.findall(r"`(\w+)`", names):
            if not (_STORIES / f"{story}.scenario").is_file():
                lost.append(story)
    lost += [file for file in _FILE.findall(text) if not (_ROOT / file).exists()]
    return lost


def test_everything_that_the_safety_case_names_exists():
    assert missing(_CASE.read_text()) == []


def test_the_safety_case_shows_every_hazard_by_a_test_or_says_that_nothing_does():
    text = _CASE.read_text()
    hazards = re.split(r"^### ", text.split("\n## Hazards\n")[1].split("\n## ")[0], flags=re.M)[1:]
    assert len(hazards) >= 15
    for hazard in hazards:
        title = hazard.splitlines()[0]
        for part in ("**Hardware:**", "**Firmware:**", "**Shown by:**", "**Left over:**"):
            assert part in hazard, (title, part)
        shown = hazard.split("**Shown by:**")[1].split("**Left over:**")[0]
        assert _TEST.search(shown) or "no test" in shown, title


@pytest.mark.parametrize(
    "text",
    [
        "`tests/unit/charge/test_faults.py::test_that_nobody_wrote`",
        "`tests/unit/charge/test_nothing.py::test_the_table_is_sound`",
        "`tests/unit/charge/test_faults.py::_supply`",
        "the stories `fault_weld` and `fault_nobody_wrote`",
        "the story `fault_nobody_wrote`",
        "`firmware/charge/magic.py`",
    ],
)
def test_what_does_not_exist_is_found(text):
    assert len(missing(text)) == 1


def test_the_page_of_faults_is_current():
    tool = _ROOT / "tools" / "docs" / "fault_table.py"
    result = subprocess.run(
        [sys.executable, tool, "--check"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
