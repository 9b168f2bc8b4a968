"""What `make budget` measures does not depend on where the checkout lies."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / folder) for folder in ("tools/budget", "tools/image")]

import budget
import image

KIT = ROOT / ".tools" / "esp32like-kit"
SECONDS = 20
# Names of the simulator's folder that move what is loaded after it in the heap.
LETTERS = range(1, 17)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """What a run of the frozen firmware tells, by the letters in the name of the folder."""
    if not KIT.is_dir():
        pytest.skip("needs `make micropython-frozen`")
    program = budget.interpreter("frozen")
    built = tmp_path_factory.mktemp("image") / "image"
    image.build(built)
    found = {}
    for letters in LETTERS:
        folder = tmp_path_factory.mktemp("budget") / ("s" * letters)
        folder.symlink_to(ROOT / "tools" / "sim")
        where = (folder, built, folder.parent / "flash.bin", "frozen")
        budget._micropython(program, budget.HERE / "boot.py", *where, "standard")
        found[letters] = budget._booted(program, *where, SECONDS)
    return found


def test_all_of_the_firmware_is_given_back_wherever_the_simulator_lies(measured):
    running = [found["running"] for found in measured.values()]
    assert min(running) > 50_000, running
    assert max(running) - min(running) <= 1024, running


def test_what_was_held_at_most_is_not_less(measured):
    for found in measured.values():
        assert found["running"] <= found["peak"]
        assert "firmware.app" in found["modules"]
