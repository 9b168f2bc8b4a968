"""Starts tests/system/mqtt_box.py and talks with it."""

import json
import os
import subprocess
import threading

from brokers import ROOT, tool, until

# A call that blocks waits for a peer for seconds or for ever; what a busy machine takes from a
# process is far less.
BLOCKED_US = 1_000_000


class BoxProcess:
    """One MqttClient in a MicroPython process: `with BoxProcess(url) as box: box.wait(...)`."""

    def __init__(self, url: str, subscribe=(), will=None, options=None, **settings):
        settings = {
            "url": url,
            "id": settings.pop("client_id", "box"),
            "subscribe": subscribe,
            "options": options or {},
            **settings,
        }
        if will:
            settings["will"] = will
        self.output: list[str] = []
        self._process = subprocess.Popen(
            [tool("micropython"), str(ROOT / "tests/system/mqtt_box.py")],
            env={**os.environ, "MICROPYPATH": f"{ROOT}:.frozen"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()
        self._write(settings)

    def _read(self):
        for line in self._process.stdout:
            self.output.append(line.rstrip("\n"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()

    def do(self, order: str, **values):
        """Give an order; see Box.obey in mqtt_box.py."""
        self._write({"do": order, **values})

    def _write(self, values: dict):
        self._process.stdin.write(json.dumps(values) + "\n")
        self._process.stdin.flush()

    def quit(self):
        """End it in order, with a good-bye to the broker."""
        self.do("quit")
        self.wait("gone")

    def events(self, event: str) -> list[dict]:
        lines = [json.loads(line[3:]) for line in list(self.output) if line.startswith("@@ ")]
        return [line for line in lines if line["event"] == event]

    def messages(self) -> list[tuple]:
        return [(m["topic"], m["payload"], m["qos"], m["retain"]) for m in self.events("message")]

    def wait(self, event: str, count: int = 1, seconds: float = 10.0) -> dict:
        """The `count`-th event of this kind, waiting for it."""
        until(
            lambda: len(self.events(event)) >= count,
            f"{event} number {count}",
            lambda: "\n".join(self.output[-30:]),
            seconds,
        )
        return self.events(event)[count - 1]

    def wait_for_text(self, text: str, seconds: float = 10.0):
        until(
            lambda: any(text in line for line in list(self.output)),
            repr(text),
            lambda: "\n".join(self.output[-30:]),
            seconds,
        )

    def status(self) -> dict:
        count = len(self.events("status"))
        self.do("status")
        return self.wait("status", count + 1)
