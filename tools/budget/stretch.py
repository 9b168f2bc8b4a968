"""`make stretch`: how long each task holds the loop at the most, in instructions.

The whole firmware of build/image runs on the simulated board on the 32-bit MicroPython, under
callgrind, with every option on, 25 devices, a charging car, and peers that ask for everything.
What lies between two yields of a task is counted; docs/budget.md tells what the table means.
"""

import argparse
import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import defaultdict
from pathlib import Path

import counted
import factor

HERE = Path(__file__).resolve().parent
BIN = counted.ROOT / ".tools" / "bin"
_PATIENCE_S = 300
_HEAP = "16m"
_TOPIC = "cfos_mqtt"
_LONG = "x" * 3000
_MESSAGES = (
    ("ctl", '{"E1":{"cur":10000}}'),
    ("ctl", '{"E1":{"cur":16000}}'),
    ("ctl", '{"E1":{"cur":'),
    ("ctl", json.dumps({"E1": {"name": _LONG}})),
    ("set/M3", '{"power_w":1234,"current":[1,2,3]}'),
    ("set/M3", '{"power_w":1235,"current":[1,2,3]}'),
    ("api/cmd=get_dev_info", ""),
    ("api/cmd=get_params", ""),
    ("api/cmd=get_dev_info&id=7", ""),
    ("api/cmd=set_cm_vars&name=x&val=1", ""),
    ("api/cmd=nothing", ""),
)


class Peers:
    """A broker, a listener to everything, and a client of the HTTP door."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.broker_port, self.http_port = _free_port(), _free_port()
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"listener {self.broker_port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
        )
        self._broker = self._listener = None

    def start(self):
        """Start the broker and the listener."""
        self._broker = self._run("mosquitto", "-c", self._config)
        _wait_for(self.broker_port)
        self._listener = self._run("mosquitto_sub", "-p", self.broker_port, "-t", "#")

    def stop(self):
        """End both."""
        for process in (self._listener, self._broker):
            if process is not None:
                process.kill()
                process.wait()
        self._broker = self._listener = None

    def _run(self, name, *arguments):
        command = [str(BIN / name), *map(str, arguments)]
        quiet = subprocess.DEVNULL
        return subprocess.Popen(command, stdout=quiet, stderr=quiet)

    def publish(self):
        """Send all kinds of messages, one after the other, three times."""
        for topic, payload in _MESSAGES * 3:
            arguments = ("-p", self.broker_port, "-q", 1, "-t", f"{_TOPIC}/{topic}", "-m", payload)
            self._run("mosquitto_pub", *arguments).wait(_PATIENCE_S)
            time.sleep(0.5)

    def get(self, query: str, body: str | None = None) -> bytes:
        """Ask the HTTP door; the answer, whatever its code."""
        url = f"http://127.0.0.1:{self.http_port}/cnf?{query}"
        data = None if body is None else body.encode()
        try:
            with urllib.request.urlopen(url, data, _PATIENCE_S) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            return error.read()

    def harmless(self) -> list[str]:
        """Commands that write nothing and need no parameter, as `help` tells."""
        found = []
        for name in json.loads(self.get("cmd=help")):
            told = json.loads(self.get(f"cmd=help&name={name}"))
            needed = [line for line in told.get("parameters", ()) if "?" not in line]
            if not told.get("writes") and not needed:
                found.append(name)
        return found

    def do(self, phase: str):
        """What the peers have to do in a phase of the story."""
        if phase == "MQTT":
            self.publish()
        elif phase == "HTTP":
            for _ in range(5):
                json.loads(self.get("cmd=get_dev_info"))
        elif phase == "commands":
            for name in self.harmless():
                self.get(f"cmd={name}")
        elif phase == "settings":
            self.get("cmd=set_params", '{"title": "Garage", "desc": "counted"}')
        elif phase == "broker away":
            self.stop()
            time.sleep(5)
            self.start()
        (self.folder / phase).touch()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(port: int):
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise counted.CountError("the broker does not answer")


def measure(image: Path, folder: Path) -> dict[str, list[tuple[int, str]]]:
    """For each task its longest stretch of each phase, longest first, less what marks cost."""
    peers = Peers(folder)
    peers.start()
    ports = (peers.broker_port, peers.http_port)
    flash = folder / "flash.bin"
    sim = counted.ROOT / "tools" / "sim"
    try:
        counted.plain(HERE / "slices.py", (sim, image, flash, "commission", *ports, folder))
        arguments = (sim, image, flash, "run", *ports, folder)
        run = counted.Counted(HERE / "slices.py", arguments, folder, _HEAP)
        try:
            labels = list(_labels(run, peers))
        except BaseException:
            run.kill()
            raise
        counts = run.counts()
    finally:
        peers.stop()
    return _longest(labels, counts)


def _labels(run, peers):
    for line in run.output:
        if line.startswith("phase "):
            peers.do(line[6:].strip())
        elif line.startswith("slice "):
            yield tuple(line[6:].rstrip("\n").split("|", 1))
        elif "-v" in sys.argv:
            print(line, end="")


def _longest(labels, counts) -> dict[str, list[tuple[int, str]]]:
    if len(labels) != len(counts):
        raise counted.CountError(f"{len(labels)} stretches, {len(counts)} counts")
    both = list(zip(labels, counts, strict=True))
    marks = min(count for (_, phase), count in both if phase == "marks")
    longest = defaultdict(dict)
    for (task, phase), count in both:
        if phase != "marks":
            longest[task][phase] = max(longest[task].get(phase, 0), count - marks)
    return {
        task: sorted(((count, phase) for phase, count in phases.items()), reverse=True)
        for task, phases in longest.items()
    }


def table(stretches, scale) -> str:
    """One line for each task, the longest first."""
    lines = [f"{'task':<14}{'instructions':>14}  {'ESP32':>24}  in phase (and the next longest)"]
    for task, phases in sorted(stretches.items(), key=lambda row: -row[1][0][0]):
        count, phase = phases[0]
        least, usual, most = scale.ms(count)
        others = ", ".join(f"{name} {number:,}" for number, name in phases[1:4])
        time_told = f"{usual:.1f} ms ({least:.1f} to {most:.1f})"
        lines.append(f"{task:<14}{count:>14,}  {time_told:>24}  {phase} ({others})")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make stretch", description=__doc__)
    parser.add_argument("--image", type=Path, default=counted.ROOT / "build" / "image")
    parser.add_argument("-v", action="store_true", help="show what the firmware logs")
    parser.add_argument("--json", type=Path, help="write the numbers here as well")
    options = parser.parse_args()
    missing = counted.possible()
    if missing:
        print(f"stretch: {missing}", file=sys.stderr)
        return 1
    try:
        scale = factor.measure()
        with tempfile.TemporaryDirectory() as folder:
            stretches = measure(options.image.resolve(), Path(folder))
    except counted.CountError as error:
        print(f"stretch: {error}", file=sys.stderr)
        return 1
    for name, (instructions, nanoseconds) in scale.programs.items():
        print(f"{name:<14}{instructions:>14,.0f}  {nanoseconds:>6.1f} ns each on an ESP32")
    print(table(stretches, scale))
    if options.json:
        options.json.write_text(json.dumps(stretches, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
