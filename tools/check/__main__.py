"""Every check that needs no run of the firmware: `make check`."""

import json
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import firmware_rules

ROOT = Path(__file__).resolve().parent.parent.parent
VENV = Path(sys.executable).parent

# An attribute that starts as None gets its value later; objects of these classes get theirs from
# a table. Annotating each of them would tell a reader nothing new.
_GUESSED = re.compile(
    r"None|LiteralString|No overloads|for class .(Settings|Fitted|Options|tuple)\b"
)


def _run(*words):
    return subprocess.run(
        [str(VENV / words[0]), *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )


def _output(*words) -> str:
    return _run(*words).stdout


def _program(*words) -> str:
    """What the program complains about; nothing when it is content."""
    answer = _run(*words)
    return (answer.stdout + answer.stderr).strip() if answer.returncode else ""


def _format() -> str:
    return _program("ruff", "format", "--check", ".")


def _lint() -> str:
    return _program("ruff", "check", "--quiet", "--output-format=concise", ".")


def _types() -> str:
    """What the type checker finds, except where it only guesses."""
    report = json.loads(_output("basedpyright", "--outputjson"))
    lines = []
    for found in report["generalDiagnostics"]:
        message = found["message"].partition("\n")[0]
        if found["severity"] == "error" and not _GUESSED.search(found["message"]):
            path = Path(found["file"]).relative_to(ROOT)
            lines.append(f"{path}:{found['range']['start']['line'] + 1}: {message}")
    return "\n".join(lines)


def _spelling() -> str:
    files = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    present = [name for name in files if name and (ROOT / name).is_file()]
    return _program("codespell", *present)


def _rules() -> str:
    return "\n".join(map(str, firmware_rules.check(ROOT)))


def _compiles() -> str:
    """MicroPython's own compiler is the judge of what is valid for MicroPython."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as pool:

        def compiled(path: Path) -> str:
            name = path.relative_to(ROOT).as_posix()
            output = f"{folder}/{name.replace('/', '.')}"
            return _program("mpy-cross", "-o", output, "-s", name, str(path))

        return "\n".join(filter(None, pool.map(compiled, firmware_rules.firmware_files(ROOT))))


CHECKS = {
    "format": _format,
    "lint": _lint,
    "rules between the rooms": _rules,
    "mpy-cross": _compiles,
    "types": _types,
    "spelling": _spelling,
}


def main(chosen) -> int:
    """Run the chosen checks, or all; every one runs, whatever the others say."""
    failed = []
    for name in chosen or CHECKS:
        started = time.monotonic()
        complaint = CHECKS[name]()
        verdict = "FAILED" if complaint else "ok"
        if complaint:
            failed.append(name)
            print(complaint)
        print(f"check: {name:<24} {verdict:<7} {time.monotonic() - started:5.1f} s", flush=True)
    return 1 if failed else 0


sys.exit(main(sys.argv[1:]))
