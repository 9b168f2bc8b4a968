"""Instructions: a start takes a bounded number of them, and the counting can be trusted."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / folder) for folder in ("tools/budget", "tools/image", "tests/system")]

import counted
import factor
import image
import pieces
import starting
import stretch
from brokers import Mosquitto, free_port

# Instructions of the 32-bit MicroPython; what they mean in time stands in docs/budget.md.
MOST_TO_SAFE_OUTPUTS = 22_000_000
MOST_TO_FIRST_CYCLE = 290_000_000

# As long as a task should run, 10 ms; it may not grow.
MOST_OF_NINE_VALUES = 720_000

needs_counting = pytest.mark.skipif(counted.possible() is not None, reason=str(counted.possible()))

PROGRAM = """
import os
for times in (0, 1000, 2000):
    os.getenv("MARK")
    for _ in range(times):
        pass
    os.unsetenv("MARK")
"""


@needs_counting
def test_twice_the_work_is_twice_the_instructions(tmp_path):
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    none, once, twice = counted.Counted(script, (), tmp_path, "1m").counts()
    assert none < 20_000
    assert (twice - once) == pytest.approx(once - none, rel=0.05)


@needs_counting
def test_a_program_that_fails_is_no_count(tmp_path):
    script = tmp_path / "program.py"
    script.write_text("raise ValueError('no such thing')")
    with pytest.raises(counted.CountError, match="no such thing"):
        counted.Counted(script, (), tmp_path, "1m").counts()


@needs_counting
def test_the_factor_to_the_chip_spreads_no_wider_than_is_said():
    measured = factor.measure()
    assert 10 < measured.lowest < measured.middle < measured.highest < 30
    assert 13 < measured.middle < 17


@needs_counting
def test_a_start_takes_a_bounded_number_of_instructions(tmp_path):
    image.build(tmp_path / "image")
    safe, running = starting.measure(tmp_path / "image")
    print(f"to safe outputs {safe:,}, to the end of the first cycle {running:,} more")
    assert safe <= MOST_TO_SAFE_OUTPUTS
    assert running <= MOST_TO_FIRST_CYCLE


@needs_counting
def test_pieces_of_the_api_hold_the_loop_for_10_ms_at_most(tmp_path):
    image.build(tmp_path / "image")
    found = pieces.measure(tmp_path / "image")
    print(found)
    assert 400_000 < found.pop("set of nine values") <= MOST_OF_NINE_VALUES
    assert sorted(found) == [
        "chunk of dev_info",
        "cmd=get_dev_info",
        "ctl for one device",
        "look for what is due",
        "set of one value",
    ]
    for name, count in found.items():
        assert 100_000 < count <= pieces.TEN_MS, name


def test_the_bounds_are_those_of_the_documentation():
    text = (ROOT / "docs" / "budget.md").read_text()
    for bound in (MOST_TO_SAFE_OUTPUTS, MOST_TO_FIRST_CYCLE, MOST_OF_NINE_VALUES):
        assert f"{bound:,}" in text
    bounds = (ROOT / "tests" / "sim" / "test_firmware_boot.py").read_text()
    for name, words in (
        ("MOST_FILES", "files opened"),
        ("MOST_MODULES", "modules loaded"),
        ("MOST_FLASH_READS", "flash reads"),
    ):
        bound = next(line for line in bounds.splitlines() if line.startswith(name)).split()[-1]
        assert f"{words} | {bound}" in text, (words, bound)


def test_the_longest_stretch_of_each_task_and_phase_is_kept_without_the_marks():
    labels = [("app", "marks"), ("app", "marks"), ("mqtt", "a"), ("mqtt", "a"), ("mqtt", "b")]
    labels.append(("http", "a"))
    found = stretch._longest(labels, [1500, 1000, 5000, 9000, 7000, 3000])
    assert found == {"mqtt": [(8000, "a"), (6000, "b")], "http": [(2000, "a")]}
    scale = factor.Factor({}, 10, 15, 25)
    lines = stretch.table(found, scale).splitlines()
    assert lines[1].startswith("mqtt") and "0.1 ms (0.1 to 0.2)" in lines[1]
    assert lines[2].startswith("http")


def test_the_story_of_the_stretches_names_the_task_of_each(tmp_path):
    """The whole story without its peers' part and without counting: its hooks still fit."""
    image.build(tmp_path / "image")
    for phase in ("steady", "MQTT", "HTTP", "commands", "settings", "unplugged", "broker away"):
        (tmp_path / phase).touch()
    story = ROOT / "tools/budget/slices.py"
    with Mosquitto() as broker:
        arguments = (ROOT / "tools/sim", tmp_path / "image", tmp_path / "flash.bin")
        peers = (broker.port, free_port(), tmp_path)
        counted.plain(story, (*arguments, "commission", *peers))
        told = counted.plain(story, (*arguments, "run", *peers), "300m")
    tasks = {line.split("|")[0] for line in told.splitlines() if line.startswith("slice ")}
    assert tasks >= {"slice mqtt", "slice store", "slice publish", "slice chores"}, tasks


def test_counts_that_do_not_belong_to_the_marks_are_refused():
    with pytest.raises(counted.CountError):
        stretch._longest([("app", "marks")], [1, 2])
