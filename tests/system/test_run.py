"""`make run` as a newcomer sees it: the panel, its keys, the printed command lines, the end."""

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from brokers import Listener

ROOT = Path(__file__).resolve().parents[2]
LAUNCH = [sys.executable, str(ROOT / "tools/sim/launch.py"), "--fresh"]


class Screen:
    """The simulator on a pseudo-terminal of 100 by 30."""

    def __init__(self, *arguments):
        self.master, slave = pty.openpty()
        environment = dict(os.environ, COLUMNS="100", LINES="30", TERM="xterm")
        self.process = subprocess.Popen(
            [*LAUNCH, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=ROOT,
            env=environment,
            start_new_session=True,
            # Ctrl-C must reach it; nothing else runs in this process that a fork could disturb.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
        )
        os.close(slave)
        self.text = ""

    def read(self, seconds):
        """What has appeared, without colours; keeps the last screens only."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.master], [], [], left)[0]:
                with contextlib.suppress(OSError):
                    data = os.read(self.master, 65536).decode(errors="replace").replace("\r", "")
                    self.text = (self.text + re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", data))[-30000:]
        return self.text

    def until(self, pattern, seconds=20.0):
        """Wait until the newest screen matches; the match."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.read(0.2)
            newest = self.text[self.text.rfind("Wallbox on a simulated") :]
            if found := re.search(pattern, newest):
                return found
        raise AssertionError(f"{pattern!r} did not appear:\n{self.text[-4000:]}")

    def press(self, keys):
        os.write(self.master, keys.encode())

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
        os.close(self.master)


@pytest.fixture
def screen():
    shown = Screen()
    yield shown
    shown.close()


def shell(line, timeout=10):
    return subprocess.run(
        line, shell=True, cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False
    )


def ended(process, seconds=10):
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None


def test_the_panel_charges_a_car_and_the_printed_lines_change_what_it_draws(screen):
    screen.until(r"Contactor +closed", 40)
    screen.until(r"Current +1[56]\.\d", 40)
    screen.press("?")
    screen.until(r"-t cfos_mqtt/ctl -m '(\{.*?\})'")
    newest = screen.text[screen.text.rfind("Wallbox on a simulated") :]
    lines = re.findall(r"^(\.tools/bin/mosquitto_pub .*?)(?:   #.*)?$", newest, re.MULTILINE)
    assert len(lines) >= 5, newest
    port = re.search(r"-p (\d+)", lines[0])[1]
    for line in lines:
        # Listens first, so that the answer to the line is not missed.
        with Listener(int(port), ("cfos_mqtt/api_res",)) as heard:
            done = shell(line)
            assert done.returncode == 0, done.stderr
            if "/api/" in line:
                answer = heard.wait("cfos_mqtt/api_res").strip()
                assert answer, line
                assert "error" not in json.loads(answer) if answer[0] == "{" else True, answer
    screen.press("?")
    # cur 10000 by ctl, then the total halved: 10 A are below half of 63 A.
    screen.until(r"Current +(9\.\d|10\.0)", 30)
    screen.press("p")
    screen.until(r"Contactor +open", 5)
    screen.press("q")
    assert ended(screen.process) == 0


def test_the_broker_comes_back_and_nothing_is_disturbed(screen):
    screen.until(r"Current +1[56]\.\d", 60)
    screen.press("b")
    screen.until(r"Broker +STOPPED", 5)
    screen.read(4)
    screen.until(r"Contactor +closed", 1)
    screen.press("b")
    screen.until(r"Broker +running on port \d+ +connected", 15)
    found = screen.until(r"worst (\d+) ms, (\d+) ms with contactor closed")
    assert int(found[2]) <= 50


def test_ctrl_c_ends_all_processes(screen):
    screen.until(r"Broker +running on port (\d+)", 20)
    port = re.search(r"running on port (\d+)", screen.text)[1]
    screen.press("\x03")
    assert ended(screen.process) == 0
    assert shell(f".tools/bin/mosquitto_pub -p {port} -t x -n").returncode != 0


def test_without_a_terminal_it_prints_a_line_per_second_and_ends_on_a_signal():
    with subprocess.Popen(
        [*LAUNCH, "--speed", "10"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    ) as process:
        text = ""
        end = time.monotonic() + 30
        while time.monotonic() < end and "contactor closed" not in text:
            text += os.read(process.stdout.fileno(), 65536).decode()
        process.send_signal(signal.SIGINT)
        assert ended(process) == 0
        assert "contactor closed" in text, text
        assert "\x1b" not in text
        assert "mosquitto_pub" in text


def test_a_scenario_that_fails_says_where_and_ends_with_1(tmp_path):
    for text, code, said in (
        ("plug plain_16a_3p\nwait until relay on within 20s\n", 0, "PASSED"),
        ("plug plain_16a_3p\nexpect relay on within 10ms\n", 1, "line 2"),
        ("plug unicorn\n", 1, "unicorn"),
        ("jump\n", 1, "line 1"),
    ):
        path = tmp_path / "a.scenario"
        path.write_text(text)
        done = subprocess.run(
            [*LAUNCH, "--scenario", str(path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert said in done.stdout, done.stdout


def test_eight_hours_of_charging_and_the_energy_is_right():
    done = subprocess.run(
        [*LAUNCH, "--scenario", "tools/sim/scenarios/eight_hours.scenario"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def until_shown(screen, pattern, seconds=20.0):
    """Wait until something new matches, whatever is on the screen."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if re.search(pattern, screen.read(0.2)):
            return
    raise AssertionError(f"{pattern!r} did not appear:\n{screen.text[-3000:]}")


def test_a_key_leads_to_the_console_of_the_box_and_back(screen):
    screen.until(r"Contactor +closed", 40)
    screen.press("t")
    until_shown(screen, "wallbox> ")
    screen.press("statsu()\r")
    until_shown(screen, r"Did you mean status\(\)\?")
    screen.press("status()\r")
    until_shown(screen, r"Contactor   closed, 3 phases")
    screen.press("\x03")
    until_shown(screen, r"Once more stops the firmware")
    screen.press("\x1d")
    screen.text = ""
    screen.until(r"Contactor +closed", 10)
    screen.press("q")
    assert ended(screen.process) == 0


def test_the_console_can_be_there_from_the_start_and_ctrl_c_twice_stops_the_firmware():
    screen = Screen("--console")
    try:
        until_shown(screen, "wallbox> ", 40)
        screen.press("\x03")
        until_shown(screen, r"Once more stops the firmware")
        screen.press("\x03")
        until_shown(screen, r"the contactors are open")
        screen.press("\x1d")
        screen.until(r"Contactor +open", 10)
        screen.press("\x03")
        assert ended(screen.process) == 0
    finally:
        screen.close()
