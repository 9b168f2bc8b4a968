"""Real brokers for system tests: `with Mosquitto() as broker:` and its levers."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_S = 10.0


def tool(name: str) -> str:
    """Path of a program: the checkout's own first, then what the machine has."""
    own = ROOT / ".tools" / "bin" / name
    found = str(own) if own.exists() else shutil.which(name) or f"/usr/sbin/{name}"
    if not Path(found).exists():
        raise FileNotFoundError(f"{name}: run `make setup`")
    return found


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listening(port: int) -> bool:
    """Whether someone accepts connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Mosquitto:
    """One Mosquitto on a port of its own on 127.0.0.1, the same port after each start().

    `options` are further lines of its configuration; `listener` goes after the listener's line.
    Files named in them may be put into `folder` first: create the object, write, then start().
    """

    def __init__(self, options: str = "", listener: str = "", anonymous: bool = True):
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="mosquitto-"))
        self._options = options
        self._listener = listener
        self._anonymous = anonymous
        self._process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self):
        """Start it and wait until it accepts connections."""
        config = self.folder / "mosquitto.conf"
        user = "" if os.getuid() else "user root\n"
        config.write_text(
            f"{user}log_type all\n{self._options}\n"
            f"listener {self.port} 127.0.0.1\n"
            f"allow_anonymous {'true' if self._anonymous else 'false'}\n{self._listener}\n"
        )
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [tool("mosquitto"), "-c", str(config)], cwd=self.folder, stdout=log, stderr=log
            )
        until(lambda: listening(self.port), f"mosquitto on port {self.port}", self.log)

    def kill(self):
        """Take it away without a word to its clients; the sockets close."""
        if self._process:
            self.cont()
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self):
        """Freeze it: connections stay, nothing is read or answered."""
        self._process.send_signal(signal.SIGSTOP)

    def cont(self):
        """Let it go on after stop()."""
        self._process.send_signal(signal.SIGCONT)

    def stop_cont(self, seconds: float):
        """Freeze it for a while."""
        self.stop()
        time.sleep(seconds)
        self.cont()

    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def wait_for_subscriber(self, client_id: str = "box"):
        """Wait until that client's subscription has been granted."""
        until(lambda: f"Sending SUBACK to {client_id}" in self.log(), "subscription", self.log)

    def publish(self, topic: str, payload: str | bytes, *more: str):
        """Publish; `more` are further arguments of mosquitto_pub."""
        publish(self.port, topic, payload, *more)

    def listen(self, *topics: str, more: tuple[str, ...] = ()):
        """A subscriber process; see Listener."""
        return Listener(self.port, topics, more)


def publish(port: int, topic: str, payload: str | bytes, *more: str):
    """Publish with mosquitto_pub; `more` are further arguments such as "-q", "1", "-r"."""
    subprocess.run(
        [tool("mosquitto_pub"), "-h", "127.0.0.1", "-p", str(port), "-t", topic, "-s", *more],
        input=payload.encode() if isinstance(payload, str) else payload,
        check=True,
        timeout=PATIENCE_S,
    )


_PROBE = "probe"  # a broker keeps something here, which comes when a subscription is granted


class Listener:
    """mosquitto_sub in the background: `with broker.listen("#") as heard: heard.wait(...)`.

    Inside the `with` it has subscribed.
    """

    def __init__(self, port: int, topics: tuple[str, ...], more: tuple[str, ...] = ()):
        wanted = [part for topic in (*topics, _PROBE) for part in ("-t", topic)]
        publish(port, _PROBE, "kept", "-r")
        self._out = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [
                tool("mosquitto_sub"),
                "-h",
                "127.0.0.1",
                "-p",
                str(port),
                *wanted,
                "-F",
                "%t %r %q %p",
                *more,
            ],
            stdout=self._out,
        )

    def __enter__(self):
        try:
            until(self._all, "subscription")
        except AssertionError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._out.close()

    def _all(self) -> list[tuple[str, int, int, str]]:
        text = os.pread(self._out.fileno(), 1 << 26, 0).decode(errors="replace")
        lines = [line.split(" ", 3) for line in text.splitlines() if line.count(" ") >= 3]
        return [(line[0], int(line[1]), int(line[2]), line[3]) for line in lines]

    def messages(self) -> list[tuple[str, int, int, str]]:
        """What has arrived so far: (topic, retain, qos, payload)."""
        return [message for message in self._all() if message[0] != _PROBE]

    def payloads(self, topic: str) -> list[str]:
        return [message[3] for message in self.messages() if message[0] == topic]

    def wait(self, topic: str, payload: str | None = None, seconds: float = PATIENCE_S) -> str:
        """The first payload on `topic` (the given one, if any), waiting for it."""

        def arrived():
            return [text for text in self.payloads(topic) if payload is None or text == payload]

        until(arrived, f"{topic} {payload or ''}", lambda: str(self.messages()[-20:]), seconds)
        return arrived()[0]

    def wait_for(self, topic: str, payloads: list[str]):
        """Wait until exactly these payloads have come on `topic`."""
        until(lambda: self.payloads(topic) == payloads, topic, lambda: str(self.messages()[-20:]))


def until(condition, what: str, explain=lambda: "", seconds: float = PATIENCE_S):
    """Wait until condition() is true; fail with the explanation after `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"no {what} within {seconds:g} s\n{explain()}")
        time.sleep(0.02)
