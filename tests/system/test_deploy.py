"""Deploying over a serial line: mpremote against a simulated chip that boots its own files."""

import shutil
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from simulated_board import SimulatedBoard, copying, deployed, image, started, tool

TWO_TO_B = "b trial 1"


@pytest.fixture
def board(tmp_path):
    with SimulatedBoard(tmp_path / "chip") as started:
        yield started


@pytest.fixture
def first(tmp_path):
    return image(tmp_path / "one", "1.0.1")


@pytest.fixture
def second(tmp_path):
    return image(tmp_path / "two", "1.0.2")


def test_an_empty_chip_is_told_its_board_and_runs(board, first):
    refused = tool("deploy", board, "--image", str(first))
    assert not refused.worked and "BOARD=" in refused.text and "sim" in refused.text, refused
    unknown = tool("deploy", board, "--image", str(first), "--board", "toaster")
    assert not unknown.worked and "knows no board toaster, only sim" in unknown.text, unknown
    assert board.look("os.listdir('/')") == "['host']"
    done = deployed(board, first, "--board", "sim")
    assert "into slot a" in done.text and "It runs version 1.0.1" in done.text, done
    assert board.file("/data/slots/choice") == "a good 0"
    assert board.file("/data/board") == "sim"


def test_deploying_again_changes_nothing(board, first):
    deployed(board, first, "--board", "sim")
    before = board.order("state")["operations"]
    done = deployed(board, first)
    assert "Nothing to do" in done.text and "Copying" not in done.text, done
    assert board.order("state")["operations"] == before


def test_a_new_version_goes_into_the_other_slot_on_trial(board, first, second):
    deployed(board, first, "--board", "sim")
    done = deployed(board, second)
    assert "into slot b" in done.text and "on trial" in done.text, done
    assert "It runs version 1.0.2" in done.text, done
    assert "boot.py" not in done.text and "main.py" not in done.text, done
    assert board.file("/data/slots/choice") == TWO_TO_B


def test_looking_at_a_version_on_trial_does_not_use_up_its_starts(board, first, second):
    deployed(board, first, "--board", "sim")
    deployed(board, second)
    for _ in range(5):
        deployed(board, second)
    assert board.file("/data/slots/choice") == TWO_TO_B


def test_a_version_on_trial_gives_way_and_the_good_one_stays(board, first, second, tmp_path):
    deployed(board, first, "--board", "sim")
    deployed(board, second)
    done = deployed(board, image(tmp_path / "three", "1.0.3"))
    assert "gives way" in done.text and "into slot b" in done.text, done
    assert "It runs version 1.0.3" in done.text, done
    assert board.file("/data/slots/choice") == TWO_TO_B


def test_only_what_has_changed_is_copied(board, first):
    deployed(board, first, "--board", "sim")
    main = first.parent / "image" / "main.py"
    main.write_text(main.read_text() + "# changed\n")
    done = deployed(board, first)
    assert "Copying main.py" in done.text and "slot" not in done.text, done
    assert board.file("/main.py") == main.read_text().strip()
    assert board.file("/data/slots/choice") == "a good 0"


def test_settings_and_counters_are_not_touched(board, first, second):
    deployed(board, first, "--board", "sim")
    write = "import os\nos.mkdir('/data/ledger')\nfor n in ('config.0.json', 'ledger/0'):\n"
    board.mpremote("exec", write + " f = open('/data/' + n, 'w')\n f.write(n * 50)\n f.close()")
    board.reset()
    deployed(board, second)
    assert board.file("/data/config.0.json") == "config.0.json" * 50
    assert board.file("/data/ledger/0") == "ledger/0" * 50


def test_a_power_cut_at_any_moment_leaves_a_version_that_runs(tmp_path, first, second):
    with SimulatedBoard(tmp_path / "chip") as board:
        deployed(board, first, "--board", "sim")
        before = board.order("state")["operations"]
    shutil.copytree(tmp_path / "chip", tmp_path / "whole")
    with SimulatedBoard(tmp_path / "whole") as board:
        before = board.order("state")["operations"]
        deployed(board, second)
        total = board.order("state")["operations"] - before
    for at, kind in ((0, "lost"), (total // 2, "torn"), (total - 9, "torn"), (total - 5, "lost")):
        shutil.copytree(tmp_path / "chip", tmp_path / str(at))
        with SimulatedBoard(tmp_path / str(at)) as board:
            board.order(f"cut {at} {kind}")
            done = tool("deploy", board, "--image", str(second))
            choice = board.file("/data/slots/choice")
            assert choice == "a good 0" or (at > total // 2 and choice.startswith("b trial")), done
            again = deployed(board, second)
            assert "It runs" in again.text or "Nothing to do" in again.text, again


@pytest.mark.parametrize("seconds", [0.0, 0.5, 1.0])
def test_a_cable_that_is_pulled_leaves_the_old_version(tmp_path, first, seconds):
    second = image(tmp_path / "two", "1.0.2", size=300_000)
    with SimulatedBoard(tmp_path / "chip") as board:
        deployed(board, first, "--board", "sim")
        process = copying(started("deploy", board, "--image", str(second)))
        time.sleep(seconds)
        board.pull()
        said = process.communicate(timeout=60)[0]
        assert process.returncode == 1 and "Traceback" not in said, said
    with SimulatedBoard(tmp_path / "chip") as board:
        assert board.file("/data/slots/choice") == "a good 0"
        assert "It runs version 1.0.2" in deployed(board, second).text


def test_a_board_that_is_left_alone_at_the_prompt_starts_again(board, first, tmp_path):
    second = image(tmp_path / "two", "1.0.2", size=300_000)
    deployed(board, first, "--board", "sim")
    process = copying(started("deploy", board, "--image", str(second)))
    boots = board.order("state")["boots"]
    board.order("unplug")
    said = process.communicate(timeout=100)[0]
    assert "fallen silent" in said, said
    end = time.monotonic() + 60
    while board.order("state")["boots"] == boots and time.monotonic() < end:
        time.sleep(0.2)
    assert board.order("state")["deaths"][-1][1] == 3, "the watchdog's reset"
    board.order("plug")
    assert board.file("/data/slots/choice") == "a good 0"


def test_a_bit_that_flips_on_the_way_is_found(board, first, second):
    deployed(board, first, "--board", "sim")
    board.order("garble 30000")
    done = tool("deploy", board, "--image", str(second))
    assert not done.worked, done
    assert "does not hold what was sent" in done.text, done
    assert board.file("/data/slots/choice") == "a good 0"


def test_a_bit_that_flips_in_the_slot_is_found(board, first, second):
    deployed(board, first, "--board", "sim")
    deployed(board, second)
    flip = "f = open('/data/slots/b.img', 'r+b')\nf.seek(9000)\nc = f.read(1)[0]\nf.seek(9000)\n"
    flip += "f.write(bytes((c ^ 4,)))\nf.close()\n"
    choose = "f = open('/data/slots/choice', 'w')\nf.write('a good 0')\nf.close()\n"
    board.mpremote("exec", flip + choose)
    board.reset()
    done = deployed(board, second)
    assert "Copying version 1.0.2" in done.text and "It runs version 1.0.2" in done.text, done


def test_a_slot_that_holds_the_image_already_is_not_written_again(board, first, second):
    deployed(board, first, "--board", "sim")
    deployed(board, second)
    choose = "f = open('/data/slots/choice', 'w')\nf.write('a good 0')\nf.close()\n"
    board.mpremote("exec", choose)
    board.reset()
    done = deployed(board, second)
    assert "holds version 1.0.2 already" in done.text, done


def test_a_charging_car_is_not_cut_off(board, first, second):
    deployed(board, first, "--board", "sim")
    board.mpremote("exec", "f = open('/data/state', 'w')\nf.write('3')\nf.close()")
    board.reset()
    for command, more in (("deploy", ["--image", str(second)]), ("backup", [])):
        done = tool(command, board, *more)
        assert not done.worked and "a car is charging" in done.text, done
        assert "FORCE=1" in done.text, done
    assert "It runs version 1.0.2" in deployed(board, second, "--force").text


def test_a_board_that_does_not_answer_is_not_stopped(board, first):
    deployed(board, first, "--board", "sim")
    board.mpremote("exec", "f = open('/data/silent', 'w')\nf.write('1')\nf.close()")
    board.reset()
    boots = board.order("state")["boots"]
    done = tool("deploy", board, "--image", str(first))
    assert not done.worked and "nobody knows whether a car is charging" in done.text, done
    assert board.order("state")["boots"] == boots


def test_a_full_flash_is_said_before_anything_is_written(board, first, tmp_path):
    deployed(board, first, "--board", "sim")
    fill = "f = open('/fill', 'w')\nfor _ in range(395):\n f.write('x' * 4096)\nf.close()"
    board.mpremote("exec", fill)
    board.reset()
    large = image(tmp_path / "large", "1.0.9", size=300_000)
    done = tool("deploy", board, "--image", str(large))
    assert not done.worked and "flash of the board is full" in done.text, done
    assert board.file("/data/slots/choice") == "a good 0"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["version=1.24.1"], "MicroPython 1.24.1 is too old, 1.25 or later"),
        (["machine=Generic ESP32S3 module with ESP32S3"], "this is an ESP32S3"),
        (["psram=0"], "no PSRAM"),
    ],
)
def test_a_chip_that_cannot_run_it_is_refused(tmp_path, first, options, said):
    with SimulatedBoard(tmp_path / "chip", *options) as board:
        done = tool("deploy", board, "--image", str(first), "--board", "sim")
        assert not done.worked and said in done.text, done
        assert board.look("os.listdir('/')") == "['host']"


def test_a_chip_with_a_partition_for_the_firmware(tmp_path, first, second):
    options = ("psram=0", "romfs=1", "machine=Generic ESP32 module with ESP32")
    with SimulatedBoard(tmp_path / "chip", *options) as board:
        assert "into slot a" in deployed(board, first, "--board", "sim").text
        assert "into slot b" in deployed(board, second).text
        assert "Nothing to do" in deployed(board, second).text
        assert board.look("os.listdir('/data/slots')").count("img") == 0
        large = image(first.parent, "1.0.9", size=600_000)
        done = tool("deploy", board, "--image", str(large))
        assert not done.worked and "a slot of this chip 458752" in done.text, done


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"chip": "esp32s3"}, "the image is for an ESP32S3"),
        ({"mpy": 7}, "loads bytecode 6, and the image has 7"),
        ({"boards": ["devkit"]}, "knows no board sim, only devkit"),
        ({"config": 0}, "settings on the board are of version 1"),
        ({"sha256": "0" * 64}, "is damaged"),
    ],
)
def test_an_image_that_does_not_fit_the_board(board, first, tmp_path, change, said):
    deployed(board, first, "--board", "sim")
    text = 'x\\n{"version": 1}'
    board.mpremote("exec", f"f = open('/data/config.1.json', 'w')\nf.write('{text}')\nf.close()")
    board.reset()
    done = tool("deploy", board, "--image", str(image(tmp_path / "odd", "1.0.5", **change)))
    assert not done.worked and said in done.text, done
    assert "Nothing to do" in deployed(board, first).text


def test_another_board_is_not_chosen_by_accident(board, first, tmp_path):
    deployed(board, first, "--board", "sim")
    both = image(tmp_path / "both", "1.0.1", boards=["sim", "devkit"])
    done = tool("deploy", board, "--image", str(both), "--board", "devkit")
    assert not done.worked and "commissioned as sim" in done.text, done


def test_an_image_that_is_none(board, tmp_path):
    for name, data in (("none", None), ("text", b"hello"), ("json", b'{"a": 1}')):
        path = tmp_path / name
        if data:
            path.write_bytes(data)
        done = tool("deploy", board, "--image", str(path))
        assert not done.worked and "Traceback" not in done.text, done
        assert ("make image" if data is None else "is no image") in done.text, done


def test_a_firmware_that_fails_at_once_is_replaced(board, first, second):
    (first.parent / "image" / "main.py").write_text("1 / 0\n")
    done = tool("deploy", board, "--image", str(first), "--board", "sim")
    assert not done.worked and "ZeroDivisionError" in done.text, done
    assert "It runs version 1.0.2" in deployed(board, second).text
