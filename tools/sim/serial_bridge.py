"""`make board`: a simulated chip behind a pseudo-terminal, for the tools that talk to real ones.

The chip is a MicroPython process with pipes; this bridge carries its bytes to the terminal and
back, at the moments at which a USB cable would, and passes orders on: `state`, `car`, `nocar`,
`power`, `reset`, `cut N lost`, and its own for the cable: `unplug`, `plug`, `garble N` to spoil
the N-th character that comes over from now on.
"""

import argparse
import contextlib
import os
import pty
import select
import shutil
import subprocess
import sys
import termios
import time
import tty
from pathlib import Path

from launch import ROOT, tool

KEPT = ROOT / "build" / "board"
_PIECE = 65536
_DEAF_S = 0.5


class Bridge:
    """A chip kept in `folder`, reachable at `port` while `carry()` runs."""

    def __init__(self, folder: Path, options: list[str]):
        folder.mkdir(parents=True, exist_ok=True)
        self._master, self._slave = pty.openpty()
        # The slave stays open here: the last close would put its settings back.
        tty.setraw(self._slave, termios.TCSANOW)
        os.set_blocking(self._master, False)
        self.port = os.ttyname(self._slave)
        self.plugged = True
        self._garble_in = 0
        self._backlog = b""
        self._waiting_since = 0.0
        orders, self._orders = os.pipe()
        self._answers, answers = os.pipe()
        heard, self._said = os.pipe()
        for number in (orders, heard):
            os.set_blocking(number, False)
        self.process = subprocess.Popen(
            [
                tool("micropython"),
                *("-X", "heapsize=64m", str(ROOT / "tools/sim/serial_board.py")),
                *(str(ROOT), str(folder.resolve()), str(orders), str(answers), *options),
            ],
            stdin=heard,
            stdout=subprocess.PIPE,
            pass_fds=(orders, answers),
            start_new_session=True,
        )
        for number in (orders, answers, heard):
            os.close(number)

    def carry(self, commands: int | None):
        """Carry bytes until the chip's process or the lines of orders at `commands` end."""
        printed = self.process.stdout.fileno()
        while True:
            readers = [self._master, printed, self._answers]
            readers += [commands] if commands is not None else []
            writers = [self._master] if self._backlog else []
            ready, writable, _ = select.select(readers, writers, [], 0.1)
            if self._master in ready:
                self._to_chip()
            if printed in ready and not self._from_chip(os.read(printed, _PIECE)):
                return
            if self._answers in ready:
                os.write(1, os.read(self._answers, _PIECE))
            if commands in ready and not self._order(os.read(commands, _PIECE)):
                return
            self._send(bool(writable))

    def _to_chip(self):
        data = os.read(self._master, _PIECE)
        if 0 < self._garble_in <= len(data):
            at = self._garble_in - 1
            data = data[:at] + (b"B" if data[at] == ord("A") else b"A") + data[at + 1 :]
        self._garble_in -= len(data)
        if self.plugged:
            with contextlib.suppress(BrokenPipeError):
                os.write(self._said, data)

    def _from_chip(self, data: bytes) -> bool:
        """Lines end as MicroPython ends them on a serial port."""
        if self.plugged:
            whole = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            if not self._backlog:
                self._waiting_since = time.monotonic()
            self._backlog += whole
        return bool(data)

    def _send(self, writable: bool):
        """What nobody has read for a while is lost, as on a line that nobody listens to."""
        if not self._backlog:
            return
        with contextlib.suppress(BlockingIOError):
            self._backlog = self._backlog[os.write(self._master, self._backlog) :]
            self._waiting_since = time.monotonic()
        if time.monotonic() - self._waiting_since > _DEAF_S:
            self._backlog = b""

    def _order(self, data: bytes) -> bool:
        for line in data.decode().splitlines():
            if line in ("plug", "unplug"):
                self.plugged = line == "plug"
                self._backlog = b""
                os.write(1, b"{}\n")
            elif line.startswith("garble "):
                self._garble_in = int(line.split()[1])
                os.write(1, b"{}\n")
            elif line.strip():
                os.write(self._orders, line.encode() + b"\n")
        return bool(data)

    def stop(self):
        """Switch the chip off; what is on its flash is kept."""
        os.close(self._said)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(prog="make board", description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=KEPT)
    parser.add_argument("--fresh", action="store_true", help="a chip as it comes from the shop")
    parser.add_argument("options", nargs="*", help="speed=5 psram=0 version=1.24.1 machine=...")
    given = parser.parse_args()
    if given.fresh:
        shutil.rmtree(given.folder, ignore_errors=True)
    bridge = Bridge(given.folder, given.options)
    print(f"PORT={bridge.port}", flush=True)
    if sys.stdin.isatty():
        print("Orders: state, car, nocar, power, reset, unplug, plug. Ctrl-D switches it off.")
    try:
        bridge.carry(0)
    except KeyboardInterrupt:
        pass
    finally:
        bridge.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
