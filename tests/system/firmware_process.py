"""The whole firmware on the simulated board, in a process of its own."""

import json
import queue
import subprocess
import threading

from brokers import ROOT, free_port, tool


def document(broker: str, port: int, **mqtt) -> dict:
    """A configuration with one HTTP-input meter, one HTTP-input charge point and a user."""
    return {
        "version": 1,
        "mqtt": {"broker": broker, **mqtt},
        "network": {
            "wifi_ssid": "sim",
            "http": True,
            "http_port": port,
            "time_server": "",
        },
        "devices": [
            {"dev_id": "E1", "dev_type": "evse_powerbrain", "attach": "M2"},
            {"dev_id": "M2", "dev_type": "meter_dts353", "id": 101},
            {"dev_id": "M3", "dev_type": "meter_ajax", "role": 3},
            {"dev_id": "E2", "dev_type": "evse_ajax"},
        ],
    }


class Firmware:
    """`settings` is a configuration, None for the one that is on `flash`."""

    def __init__(self, flash, broker: str, settings=None, speed: int = 1):
        self.lines = []
        self.port = settings["network"]["http_port"] if settings else free_port()
        self._answers = queue.Queue()
        self.process = subprocess.Popen(
            [tool("micropython"), "-X", "heapsize=8m", "tests/system/firmware_box.py"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()
        self._write({"flash": str(flash), "broker": broker, "document": settings, "speed": speed})
        assert self._answer() == "ready", self.lines

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)
            if line.startswith("@@ "):
                self._answers.put(line[3:].strip())

    def _write(self, value):
        self.process.stdin.write(json.dumps(value) + "\n")
        self.process.stdin.flush()

    def _answer(self):
        try:
            return self._answers.get(timeout=20)
        except queue.Empty:
            raise AssertionError("no answer:\n" + "".join(self.lines[-40:])) from None

    def tell(self, *words):
        """One line for the box; the value of its answer."""
        self._write(words)
        return json.loads(self._answer())

    def kill(self):
        """Power off: nothing is said; the flash is as it was at this moment."""
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.process.wait()
