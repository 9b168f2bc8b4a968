"""The real firmware, built, deployed with the real mpremote, charging, stopped and updated."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from simulated_board import PYTHON, ROOT, SimulatedBoard, deployed, tool

sys.path.insert(0, str(ROOT / "tools" / "deploy"))

from line import Line


@pytest.fixture
def built(tmp_path):
    subprocess.run(
        [PYTHON, str(ROOT / "tools/image"), "--output", str(tmp_path / "image")],
        check=True,
        capture_output=True,
    )
    return tmp_path / "wallbox.img"


def wait(board, contactor: bool):
    end = time.monotonic() + 60
    while board.order("state")["contactor"] != contactor:
        assert time.monotonic() < end, f"the contactor is not {contactor}"
        time.sleep(0.1)


def test_the_firmware_is_deployed_charges_and_is_not_stopped_by_accident(built, tmp_path):
    with SimulatedBoard(tmp_path / "chip", "speed=2") as board:
        done = deployed(board, built, "--board", "sim")
        version = json.loads(built.read_bytes()[:256])["version"]
        assert f"It runs version {version}" in done.text, done
        board.order("car")
        wait(board, True)
        boots = board.order("state")["boots"]
        logs = tool("logs", board, "--once")
        assert logs.worked and "info: charge: state C2" in logs.text, logs
        refused = tool("backup", board)
        assert "a car is charging" in refused.text, refused
        state = board.order("state")
        assert state["contactor"] and state["boots"] == boots, "nothing has happened to the car"
        board.mpremote("resume", "exec", "print('at the prompt')")
        wait(board, False)  # the coil is off when the prompt is given
        board.reset()
        wait(board, True)
        kept = tmp_path / "kept.tar.gz"
        assert tool("backup", board, "--force", "--file", str(kept)).worked
        wait(board, True)
        done = deployed(board, built, "--force")
        assert "Nothing to do" in done.text, done
        wait(board, True)


def energy(board) -> int:
    """What the charge point has counted, as its console tells."""
    with Line(board.port) as line:
        return line.ask('cmd("get_dev_info")')["devices"][0]["total_energy"]


def test_energy_moves_to_another_controller(built, tmp_path):
    with SimulatedBoard(tmp_path / "old", "speed=4") as board:
        deployed(board, built, "--board", "sim")
        with Line(board.port) as line:
            line.ask('meter("dts353", 101)')
        board.order("car")
        wait(board, True)
        time.sleep(8)
        board.order("nocar")
        wait(board, False)
        time.sleep(3)
        counted = energy(board)
        assert counted > 10
        assert tool("backup", board, "--file", str(tmp_path / "kept")).worked
    with SimulatedBoard(tmp_path / "new", "speed=4") as board:
        assert tool("restore", board, "--file", str(tmp_path / "kept")).worked
        deployed(board, built)
        assert energy(board) == counted
