"""The harness must tell passed, failed, skipped, crashed, hung and empty tests apart."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

OUTCOMES = """
import micropython
from skip import Skip

def test_passes():
    assert True

def test_fails():
    print("printed before the failure")
    wanted = 3
    assert wanted == 4, "three is not four"

def test_is_skipped():
    raise Skip("not on a Sunday")

def test_raises_what_exception_does_not_catch():
    raise KeyboardInterrupt

async def test_coroutine_fails():
    assert False, "inside the coroutine"

async def test_coroutine_passes():
    import asyncio
    await asyncio.sleep_ms(1)

def test_leaves_the_heap_locked():
    micropython.heap_lock()

def test_after_all_of_them():
    print('@@ {"test": 1')
    print('partly', end='')
"""
CRASHES = """
import os
def test_before_the_crash(): pass
def test_crashes(): os.system("kill -SEGV $PPID")
def test_after_the_crash(): pass
"""
EXITS = """
import os
def test_leaves_early(): os.system("kill -TERM $PPID")
"""
HANGS = """
def test_before_the_hang(): pass
def test_hangs():
    print("about to hang")
    while True: pass
def test_after_the_hang(): pass
"""
CANNOT_IMPORT = """
import no_such_module
def test_never_runs(): pass
"""
EMPTY = "def helper(): pass\n"
DOUBLE = "def test_twice(): pass\n\n\ndef test_twice(): pass\n"
SYNTAX = "def test_broken(:\n"
USES_32_BIT = """
import sys
def test_word_size():
    assert sys.maxsize == 2147483647, sys.maxsize
"""


class Run:
    """What one run of pytest over some files said."""

    def __init__(self, folder: Path, files: dict, *options):
        for name, text in files.items():
            path = folder / "tests" / "unit" / "room" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    mp:\n    mp32:\n")
        answer = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-v",
                "-p",
                "conftest",
                "-p",
                "no:cacheprovider",
                "--seconds-per-test=1.5",
                *options,
                str(folder),
            ],
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT / "tests"),
                "MICROPYTHON_VARIANTS": "mp",
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.status = answer.returncode
        self.output = answer.stdout + answer.stderr
        found = re.findall(r"::(test_\w+\[\w+\]) (PASSED|FAILED|SKIPPED)", self.output)
        self.outcomes = dict(found)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    files = {
        "test_outcomes.py": OUTCOMES,
        "test_crashes.py": CRASHES,
        "test_exits.py": EXITS,
        "test_hangs.py": HANGS,
        "test_broken.py": CANNOT_IMPORT,
    }
    return Run(tmp_path_factory.mktemp("first"), files, "-rs")


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    files = {"test_empty.py": EMPTY, "test_double.py": DOUBLE, "test_syntax.py": SYNTAX}
    return Run(tmp_path_factory.mktemp("refused"), files)


@pytest.mark.parametrize(
    ("test", "outcome"),
    [
        ("test_passes", "PASSED"),
        ("test_fails", "FAILED"),
        ("test_is_skipped", "SKIPPED"),
        ("test_raises_what_exception_does_not_catch", "FAILED"),
        ("test_coroutine_fails", "FAILED"),
        ("test_coroutine_passes", "PASSED"),
        ("test_leaves_the_heap_locked", "FAILED"),
        ("test_after_all_of_them", "PASSED"),
        ("test_before_the_crash", "PASSED"),
        ("test_crashes", "FAILED"),
        ("test_after_the_crash", "FAILED"),
        ("test_leaves_early", "FAILED"),
        ("test_before_the_hang", "PASSED"),
        ("test_hangs", "FAILED"),
        ("test_after_the_hang", "FAILED"),
        ("test_never_runs", "FAILED"),
    ],
)
def test_every_outcome_is_told_apart(first, test, outcome):
    assert first.outcomes[f"{test}[mp]"] == outcome
    assert first.status == 1


@pytest.mark.parametrize(
    "text",
    [
        "three is not four",
        'test_outcomes.py", line 11, in test_fails',
        "printed before the failure",
        "not on a Sunday",
        "left the heap locked",
        "the process died of signal 11 (SIGSEGV)",
        "Not run: the process died of signal 11 (SIGSEGV) in test_crashes",
        "the process died of signal 15 (SIGTERM)",
        "no answer within 1.5 s",
        "in test_hangs",
        "about to hang",
        "no module named 'no_such_module'",
    ],
)
def test_the_reason_is_shown(first, text):
    assert text in first.output


@pytest.mark.parametrize(
    "reason", ["no test_ function", "hides the test of line 1", "syntax.py:1:"]
)
def test_a_file_that_would_test_nothing_is_an_error(refused, reason):
    assert refused.status == 2
    assert reason in refused.output


def test_only_the_chosen_tests_run(tmp_path):
    run = Run(tmp_path, {"test_hangs.py": HANGS}, "-k", "before")
    assert run.outcomes == {"test_before_the_hang[mp]": "PASSED"}
    assert run.status == 0


def test_variants_are_different_interpreters(tmp_path):
    if not (ROOT / ".tools" / "bin" / "micropython32").exists():
        pytest.skip("this machine has no 32-bit interpreter")
    run = Run(tmp_path, {"test_size.py": USES_32_BIT}, "--variants=mp,mp32")
    assert run.outcomes == {"test_word_size[mp]": "FAILED", "test_word_size[mp32]": "PASSED"}


def test_a_variant_that_does_not_exist_is_refused(tmp_path):
    run = Run(tmp_path, {"test_size.py": USES_32_BIT}, "--variants=mp,mp64")
    assert run.status == 4
    assert "unknown variant 'mp64'" in run.output
