"""One MicroPython process that runs the tests of one file and reports them line by line."""

import json
import os
import selectors
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNNER = ROOT / "tests" / "micropython" / "runner.py"
MARK = b"@@ "


@dataclass
class Result:
    """What became of one test: passed, failed or skipped; why; and what it printed."""

    outcome: str
    detail: str = ""
    output: str = ""


class TestProcess:
    """Gives the result of each test as soon as the process has reported it."""

    __test__ = False

    def __init__(self, interpreter: Path, test_file: Path, tests: list[str], seconds: float):
        self._seconds = seconds
        self._results: dict[str, Result] = {}
        self._running = ""
        self._over = ""
        self._output: list[str] = []
        self._pending = b""
        self._process = subprocess.Popen(
            _command(interpreter, test_file, tests),
            cwd=ROOT,
            env={**os.environ, "MICROPYPATH": ".frozen", "MICROPYINSPECT": ""},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._process.stdout, selectors.EVENT_READ)
        self._deadline = time.monotonic() + seconds

    def result(self, test: str) -> Result:
        """Wait for the result of `test`; a dead process fails all that it still owes."""
        while test not in self._results and not self._over:
            self._read()
        return self._results.get(test) or Result("failed", f"Not run: {self._over}")

    def close(self):
        """End the process, whatever it is doing, and everything that it started."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        self._process.wait()
        self._selector.close()
        self._process.stdout.close()

    def _read(self):
        left = self._deadline - time.monotonic()
        if left <= 0 or not self._selector.select(left):
            if time.monotonic() >= self._deadline:
                self._end(f"no answer within {self._seconds:g} s, so the process was stopped")
            return
        data = os.read(self._process.stdout.fileno(), 65536)
        self._pending += data
        lines = self._pending.split(b"\n")
        self._pending = lines.pop()
        for line in lines:
            self._line(line)
        if not data:
            self._ended()

    def _line(self, line: bytes):
        before, mark, report = line.partition(MARK)
        values = _decoded(report) if mark else None
        if values is None:
            self._output.append(line.decode(errors="replace"))
            return
        if before:
            self._output.append(before.decode(errors="replace"))
        self._report(values)

    def _report(self, values: dict):
        if "start" in values:
            self._running = values["start"]
            self._deadline = time.monotonic() + self._seconds
        elif "test" in values:
            result = Result(values["outcome"], values["detail"], self._printed())
            self._results[values["test"]] = result
            self._running = ""
        elif "broken" in values:
            self._over = "the file could not be imported\n" + values["broken"]

    def _ended(self):
        if self._pending:
            self._output.append(self._pending.decode(errors="replace"))
        status = self._process.wait()
        if status < 0:
            self._end(f"the process died of signal {-status} ({signal.Signals(-status).name})")
        else:
            self._end(f"the process ended with status {status}")

    def _end(self, reason: str):
        self.close()
        if self._over:
            return
        if self._running:
            printed = self._printed()
            self._results[self._running] = Result("failed", reason, printed)
            reason += f" in {self._running}"
        elif self._output:
            reason += "\n" + self._printed()
        self._over = reason

    def _printed(self) -> str:
        printed = "\n".join(self._output)
        self._output.clear()
        return printed


def _command(interpreter: Path, test_file: Path, tests: list[str]) -> list[str]:
    base = test_file.parent
    while base.parent.name != "tests":
        base = base.parent
    folders = [base, ROOT / "tests" / "micropython"]
    if base.name == "sim":
        folders.append(ROOT / "tools" / "sim")
    module = ".".join(test_file.relative_to(base.parent.parent).with_suffix("").parts)
    if base.parent.parent != ROOT:  # a harness test's own tree of tests
        folders.append(base.parent.parent)
    heap = os.environ.get("MICROPYTHON_HEAP", "16m")
    path = ":".join(str(folder) for folder in folders)
    return [
        str(interpreter),
        "-X",
        f"heapsize={heap}",
        str(RUNNER),
        str(ROOT),
        module,
        path,
        *tests,
    ]


def _decoded(report: bytes):
    try:
        values = json.loads(report)
    except ValueError:
        return None
    return values if isinstance(values, dict) else None
