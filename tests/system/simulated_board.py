"""A simulated board behind a pseudo-terminal, images to put on it, and the tools that do it."""

import hashlib
import json
import queue
import random
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

from mpremote.romfs import VfsRomWriter

ROOT = Path(__file__).resolve().parents[2]
PYTHON = sys.executable
MPREMOTE = Path(sys.executable).with_name("mpremote")

# Says what it is at its console, as the firmware does; all else of the firmware is left out.
APP = """
import json, machine, select, sys, time

def read(path, default):
    try:
        with open(path) as file:
            return json.load(file)
    except (OSError, ValueError):
        return default

def main():
    line = b""
    poll = select.poll()
    poll.register(sys.stdin, select.POLLIN)
    byte = bytearray(1)
    print("stand-in {version} runs")
    while True:
        time.sleep_ms(10)
        while poll.poll(0) and not read("/data/silent", False):
            sys.stdin.buffer.readinto(byte)
            line += byte
            if byte == b"\\r":
                answer(line)
                line = b""

def answer(line):
    state = read("/data/state", 1)
    if b"get_dev_info" in line:
        model = "Stand-in,sim,1,{version},x"
        print(json.dumps({{"devices": [{{"dev_id": "E1", "state": state, "model": model}}]}}))
    elif b"get_log" in line:
        print(json.dumps([[1, None, 2, "app", "stand-in started"]]))
"""
MAIN = """
from firmware.app import main
main()
"""


def romfs(files: dict[str, bytes]) -> bytes:
    """A ROM file system of these files, by path."""
    writer = VfsRomWriter()
    _fill(writer, files)
    return bytes(writer.finalise())


def _fill(writer, files: dict[str, bytes]):
    for name in sorted({path.partition("/")[0] for path in files}):
        if name in files:
            writer.mkfile(name, files[name])
            continue
        writer.opendir(name)
        below = {p[len(name) + 1 :]: d for p, d in files.items() if p.startswith(name + "/")}
        _fill(writer, below)
        writer.closedir()


def image(folder: Path, version: str, size: int = 30000, **header) -> Path:
    """A stand-in image of this version in `folder`, with boot.py and main.py beside it."""
    names = ("firmware/wiring.py", "firmware/boards/sim.py")
    files = {name: (ROOT / name).read_bytes() for name in names}
    files["firmware/app.py"] = APP.format(version=version).encode()
    files["noise"] = random.Random(version).randbytes(size)
    data = romfs(files)
    described = {
        "wallbox": 1,
        "version": version,
        "revision": "x",
        "chip": "esp32",
        "micropython": [1, 25],
        "mpy": 6,
        "config": 1,
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        **header,
    }
    (folder / "image").mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "boot.py", folder / "image" / "boot.py")
    (folder / "image" / "main.py").write_text(MAIN)
    target = folder / "wallbox.img"
    line = json.dumps(described, separators=(",", ":")).encode()
    target.write_bytes(line.ljust(255) + b"\n" + data)
    return target


class SimulatedBoard:
    """Runs while it is a context; `port` is where it answers. Flash is kept in `folder`."""

    def __init__(self, folder: Path, *options: str):
        self.folder = folder
        self._options = options
        self._answers: queue.Queue = queue.Queue()

    def __enter__(self):
        self.process = subprocess.Popen(
            [PYTHON, str(ROOT / "tools/sim/serial_bridge.py"), "--folder", str(self.folder)]
            + ["speed=10", *self._options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = self.process.stdout.readline().strip().removeprefix("PORT=")
        threading.Thread(target=self._read, daemon=True).start()
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.stdin.close()
        self.process.wait(20)

    def _read(self):
        for line in self.process.stdout:
            self._answers.put(line)

    def order(self, text: str) -> dict:
        """Have the bridge or the world do something; its state afterwards."""
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        return json.loads(self._answers.get(timeout=10))

    def reset(self):
        """Press the reset button; returns when the chip has started."""
        boots = self.order("reset")["boots"]
        while self.order("state")["boots"] == boots:
            time.sleep(0.05)

    def pull(self):
        """The cable is gone, and with it the power; returns when the chip has stopped."""
        self.process.kill()
        self.process.wait()
        for _ in range(100):
            running = subprocess.run(
                ["pgrep", "-f", str(self.folder)], capture_output=True, check=False
            )
            if not running.stdout:
                return
            time.sleep(0.1)
        raise AssertionError("the chip runs on without a line")

    def mpremote(self, *words: str) -> str:
        """What mpremote prints; it stops the firmware and leaves the prompt."""
        for _ in range(3):
            answer = subprocess.run(
                [str(MPREMOTE), "connect", self.port, *words],
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            # A Ctrl-C that comes while the chip starts is lost, as on a real one.
            if "could not enter raw repl" not in answer.stdout + answer.stderr:
                break
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return answer.stdout

    def look(self, expression: str):
        """An expression's value on the chip, which starts anew afterwards."""
        value = self.mpremote("resume", "exec", f"import os\nprint({expression})").strip()
        self.reset()
        return value

    def file(self, path: str) -> str:
        return self.look(f"open({path!r}).read()")


class Done:
    """How a tool has ended, and what it said."""

    def __init__(self, answer):
        self.worked = answer.returncode == 0
        self.text = answer.stdout + answer.stderr

    def __repr__(self):
        return self.text


def tool(command: str, board, *options: str, port: str = "") -> Done:
    """Run one of tools/deploy's commands, as the Makefile does."""
    words = [PYTHON, str(ROOT / "tools/deploy"), command, "--port", port or board.port, *options]
    answer = subprocess.run(
        words, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, check=False
    )
    return Done(answer)


def started(command: str, board, *options: str) -> subprocess.Popen:
    """The same, without waiting for its end."""
    words = [PYTHON, str(ROOT / "tools/deploy"), command, "--port", board.port, *options]
    return subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def copying(process) -> subprocess.Popen:
    """Wait until a deployment that was started has begun to copy the image."""
    for line in process.stdout:
        if line.startswith("Copying version"):
            return process
    raise AssertionError("it has not come to copying")


def deployed(board, path: Path, *options: str) -> Done:
    """Deploy an image, successfully."""
    done = tool("deploy", board, "--image", str(path), *options)
    assert done.worked, done
    return done


def versions(text: str) -> list[str]:
    return re.findall(r"version (\S+?)[,. ]", text)
