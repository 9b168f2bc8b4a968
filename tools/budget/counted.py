"""Runs a program on the 32-bit MicroPython under callgrind and counts instructions between marks.

The program marks a beginning with `os.getenv("MARK")` and an end with `os.unsetenv("MARK")`:
callgrind knows the C library's functions of these names, sets its counter to zero before the one
and writes it down before the other.
"""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
MICROPYTHON = ROOT / ".tools" / "bin" / "micropython32"
_SECONDS = 900
_TOTAL = re.compile(rb"^totals: (\d+)$", re.M)
# Padding that valgrind 3.19 cannot read, and what does as little in as many bytes.
_PADDING = (
    (b"\x2e\x8d\xb4\x26\0\0\0\0", b"\x90\x8d\xb4\x26\0\0\0\0"),
    (b"\x2e\x8d\x74\x26\0", b"\x90\x8d\x74\x26\0"),
)


class CountError(Exception):
    """Nothing was counted; the text says why."""


def possible() -> str | None:
    """None when instructions can be counted here, otherwise what is missing."""
    if not shutil.which("valgrind"):
        return "valgrind is not installed"
    if not MICROPYTHON.exists():
        return "this machine cannot run the 32-bit MicroPython"
    return None


def plain(script: Path, arguments, heap: str = "64m") -> str:
    """What a program prints on the same interpreter, uncounted; CountError when it fails."""
    done = subprocess.run(
        [str(MICROPYTHON), "-X", f"heapsize={heap}", str(script), *map(str, arguments)],
        env={"MICROPYPATH": ".frozen", "PATH": os.environ["PATH"]},
        cwd=script.parent,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode:
        raise CountError(done.stdout[-2000:] + done.stderr[-2000:])
    return done.stdout


class Counted:
    """A counted run in `folder`; `output` are the lines of the program, as they come."""

    def __init__(self, script: Path, arguments, folder: Path, heap="300m", program=MICROPYTHON):
        self._folder = folder
        command = [
            *("valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/counts"),
            *("--zero-before=getenv", "--dump-before=unsetenv"),
            *_interpreter(folder / "interpreter", program),
            *("-X", f"heapsize={heap}", str(script), *map(str, arguments)),
        ]
        self._errors = (folder / "errors").open("w+")
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env={"MICROPYPATH": ".frozen", "PATH": os.environ["PATH"]},
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self.output = self._process.stdout

    def counts(self) -> list[int]:
        """Wait for the end; the counts between the marks in their order."""
        try:
            code = self._process.wait(_SECONDS)
        finally:
            self._process.kill()
        if code:
            self._errors.seek(0)
            raise CountError(self._errors.read()[-4000:])
        files = [path for path in self._folder.glob("counts.*") if path.suffix[1:].isdigit()]
        files.sort(key=lambda path: int(path.suffix[1:]))
        return [sum(map(int, _TOTAL.findall(path.read_bytes()))) for path in files]

    def kill(self):
        """End it at once."""
        self._process.kill()
        self._process.wait()


def _interpreter(folder: Path, program: Path) -> list[str]:
    """The command behind the start script, in a copy that valgrind can read."""
    words = [str(program)]
    if program.read_bytes().startswith(b"#!"):
        line = program.read_text().strip().splitlines()[-1]
        words = [word for word in shlex.split(line)[1:] if word != "$@"]
    folder.mkdir(exist_ok=True)
    copied = []
    for word in words:
        path = Path(word)
        if path.is_dir():
            for library in path.glob("*.so*"):
                _copy(library, folder / library.name)
            copied.append(str(folder))
        elif path.is_file():
            copied.append(str(_copy(path, folder / path.name)))
        else:
            copied.append(word)
    return copied


def _copy(source: Path, target: Path) -> Path:
    data = source.read_bytes()
    for unreadable, readable in _PADDING:
        data = data.replace(unreadable, readable)
    target.write_bytes(data)
    target.chmod(0o755)
    return target
