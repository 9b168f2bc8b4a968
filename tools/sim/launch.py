"""Starts what `make run` needs around the simulator: a private broker and the terminal's keys.

Runs under CPython, because MicroPython can neither start processes nor set up a terminal. Keys,
the terminal's size and the end go to the simulator's standard input; it asks for the broker by
lines on its control pipe.
"""

import argparse
import contextlib
import fcntl
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

try:
    import termios
    import tty
except ImportError:  # no terminal control here: keys need a return after them
    termios = tty = None

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / ".tools" / "bin"
KEPT = ROOT / "build/sim"
PORT = KEPT / "port"
_HEAP = "heapsize=8m"
_PATIENCE_S = 5.0


def tool(name: str) -> str:
    """The path of one of the set-up's tools, or of the machine's own."""
    chosen = os.environ.get(name.upper())
    if chosen:
        return chosen
    ours = BIN / name
    found = str(ours) if ours.exists() else shutil.which(name)
    if not found and name == "mosquitto":
        found = shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if not found:
        sys.exit(f"{name} is missing: run `make setup`")
    return found


def free_port() -> int:
    """The port of the last time if nobody has taken it, so that printed lines stay true."""
    PORT.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError, ValueError), socket.socket() as probe:
        port = int(PORT.read_text())
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        return port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    PORT.write_text(str(port))
    return port


class Broker:
    """A Mosquitto of our own on 127.0.0.1, gone with us."""

    def __init__(self, port: int, folder: Path):
        self.port = port
        self._process = None
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_dest none\n"
        )

    def start(self):
        if self._process is None:
            self._process = subprocess.Popen(
                [tool("mosquitto"), "-c", str(self._config)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            self._wait()

    def _wait(self):
        """Until it answers, so that the simulator's first connection finds it."""
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.02)
                sys.exit(f"mosquitto ended at once: is port {self.port} in use?")

    def stop(self):
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def obey(self, requests: str):
        """Lines `broker start` and `broker stop`, in their order."""
        for line in requests.split("\n"):
            if line == "broker start":
                self.start()
            elif line == "broker stop":
                self.stop()


class TimeServer:
    """Tells whoever asks on 127.0.0.1 what time it is here (SNTP, RFC 4330)."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def answer(self):
        packet, sender = self.socket.recvfrom(512)
        now = time.time_ns()
        stamp = struct.pack(
            ">II", now // 10**9 + 2208988800 & 0xFFFFFFFF, (now % 10**9 << 32) // 10**9
        )
        head = b"\x24\x02\x06\xec" + bytes(8) + b"HOST" + stamp
        if len(packet) >= 48:
            self.socket.sendto(head + packet[40:48] + stamp + stamp, sender)


class Keys:
    """The terminal's keys one by one, unechoed, until `restore`. Idle without a terminal."""

    def __init__(self):
        self.terminal = sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()
        self._before = None
        if self.terminal and termios:
            self._before = termios.tcgetattr(0)
            tty.setcbreak(0)

    def obey(self, requests: str):
        """Lines `keys raw`, after which Ctrl-C is a key like others, and `keys panel`."""
        for line in requests.split("\n"):
            if self._before is not None and line in ("keys raw", "keys panel"):
                mode = termios.tcgetattr(0)
                raw = line == "keys raw"
                mode[3] = mode[3] & ~termios.ISIG if raw else mode[3] | termios.ISIG
                termios.tcsetattr(0, termios.TCSADRAIN, mode)

    def restore(self):
        if self._before is not None:
            termios.tcsetattr(0, termios.TCSADRAIN, self._before)
        if self.terminal:
            sys.stdout.write("\x1b[?25h\x1b[?1049l")
            sys.stdout.flush()


def size_report() -> bytes:
    """The terminal's size as a terminal itself reports it: ESC [ 8 ; lines ; columns t."""
    columns, lines = shutil.get_terminal_size()
    return f"\x1b[8;{lines};{columns}t".encode()


class Simulator:
    """The MicroPython process with its input and control pipes.

    With a screen the panel has the terminal, and what the firmware prints goes to a file.
    """

    def __init__(self, arguments: list[str], screen: bool, folder: Path):
        self.control, theirs = os.pipe()
        arguments = [f"--control={theirs}", *arguments]
        handed = [theirs]
        output = None
        if screen:
            handed.append(os.dup(1))
            arguments.append(f"--screen={handed[1]}")
            output = (folder / "console.log").open("wb")
        self.process = subprocess.Popen(
            [tool("micropython"), "-X", _HEAP, "tools/sim/run.py", "--inside", *arguments],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            pass_fds=handed,
            cwd=ROOT,
            start_new_session=True,
        )
        for descriptor in handed:
            os.close(descriptor)
        if output:
            output.close()
        self.input = self.process.stdin.fileno()

    def send(self, data: bytes):
        with contextlib.suppress(BrokenPipeError):
            os.write(self.input, data)

    def end(self):
        """Ask it to quit, and insist when it does not."""
        self.send(b"q")
        try:
            self.process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Interrupted(Exception):
    """Ctrl-C, or somebody wants us gone."""


def _interrupt(number, frame):
    raise Interrupted


def _watched(simulator: Simulator, run) -> list:
    """What may bring something: the simulator, whoever asks for the time, the terminal."""
    watched = [simulator.control]
    if run.clock:
        watched.append(run.clock.socket)
    if run.keys and run.keys.terminal:
        watched.append(0)
        simulator.send(size_report())
        signal.signal(signal.SIGWINCH, lambda number, frame: simulator.send(size_report()))
    return watched


def serve(simulator: Simulator, run) -> int:
    """Carry keys in and requests out until the simulator ends; `run` has keys, broker, clock."""
    watched = _watched(simulator, run)
    while True:
        for ready in select.select(watched, [], [])[0]:
            if run.clock and ready is run.clock.socket:
                run.clock.answer()
                continue
            data = os.read(ready, 1024)
            if ready == 0:
                simulator.send(data or b"q")
            elif not data:  # the simulator has closed its end: it is gone
                return simulator.process.wait()
            elif run.broker:
                run.broker.obey(data.decode())
                run.keys.obey(data.decode())
            if not data:
                watched.remove(0)


def parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="run.py", description="Run the firmware on the simulated board."
    )
    parser.add_argument("--speed", help="1 is real time, 60 a minute per second")
    parser.add_argument("--scenario", help="play this file in virtual time and judge it")
    parser.add_argument(
        "--port", type=int, help="port of the private broker (default: a free one)"
    )
    parser.add_argument("--fresh", action="store_true", help="start with an empty flash")
    parser.add_argument("--console", action="store_true", help="begin at the box's console")
    parser.add_argument("--car", help="a file name of tools/sim/cars without its ending")
    return parser.parse_args(arguments)


def forwarded(options: argparse.Namespace, port: int | None) -> list[str]:
    """The options as the simulator takes them."""
    arguments = [f"--speed={options.speed}"] if options.speed else []
    if options.car:
        arguments.append(f"--car={options.car}")
    if options.scenario:
        arguments.append(f"--scenario={Path(options.scenario).resolve()}")
    arguments += [f"--{name}" for name in ("fresh", "console") if getattr(options, name)]
    if port:
        arguments.append(f"--port={port}")
    return arguments


def claimed(own: Path):
    """(folder for flash and console, lock): build/sim, or `own` while another run has that."""
    KEPT.mkdir(parents=True, exist_ok=True)
    lock = (KEPT / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        print("Another run has the kept flash: this one starts with an empty one of its own.")
        return own, lock
    return KEPT, lock


class Run:
    """Everything one run has opened; `end` closes it, whatever of it there is."""

    def __init__(self):
        self.broker = self.keys = self.simulator = self.lock = self.clock = None

    def start(self, options: argparse.Namespace, folder: Path):
        if not options.scenario:
            self.broker = Broker(options.port or free_port(), folder)
            self.broker.start()
            self.keys = Keys()
            self.clock = TimeServer()
        kept, self.lock = claimed(folder)
        arguments = forwarded(options, self.broker.port if self.broker else None)
        arguments.append(f"--folder={kept}")
        if self.clock:
            arguments.append(f"--time={self.clock.port}")
        self.simulator = Simulator(arguments, bool(self.keys and self.keys.terminal), kept)

    def end(self):
        if self.simulator:
            self.simulator.end()
        if self.keys:
            self.keys.restore()
        if self.broker:
            self.broker.stop()
        if self.lock:
            self.lock.close()


def main() -> int:
    options = parsed(sys.argv[1:])
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        signal.signal(number, _interrupt)
    run = Run()
    with tempfile.TemporaryDirectory(prefix="wallbox-") as folder:
        try:
            run.start(options, Path(folder))
            return serve(run.simulator, run)
        except Interrupted:
            return 130 if options.scenario else 0
        finally:
            for number in numbers:
                signal.signal(number, signal.SIG_IGN)
            run.end()


if __name__ == "__main__":
    sys.exit(main())
