"""The checks, each a function of the checkout that returns what it complains about."""

import json
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import firmware_rules

VENV = Path(sys.executable).parent

# An attribute that starts as None gets its value later; objects of these classes get theirs from
# a table. Annotating each of them would tell a reader nothing new. The stubs know neither
# write(buffer, offset, length) nor verify_mode, which MicroPython has.
_GUESSED = re.compile(
    r"None|LiteralString|No overloads|for class .(Settings|Fitted|Options|tuple)\b"
    r"|Expected 1 positional argument.*\.write\(|.verify_mode. for class .SSLContext"
)


def _run(root: Path, *words):
    return subprocess.run(
        [str(VENV / words[0]), *words[1:]], cwd=root, capture_output=True, text=True, check=False
    )


def _output(root: Path, *words) -> str:
    return _run(root, *words).stdout


def _program(root: Path, *words) -> str:
    """What the program complains about; nothing when it is content."""
    answer = _run(root, *words)
    return (answer.stdout + answer.stderr).strip() if answer.returncode else ""


def formatted(root: Path) -> str:
    return _program(root, "ruff", "format", "--check", ".")


def linted(root: Path) -> str:
    return _program(root, "ruff", "check", "--quiet", "--output-format=concise", ".")


def typed(root: Path) -> str:
    """What the type checker finds, except where it only guesses."""
    report = json.loads(_output(root, "basedpyright", "--outputjson"))
    lines = []
    for found in report["generalDiagnostics"]:
        message = found["message"].partition("\n")[0]
        path = Path(found["file"])
        line = found["range"]["start"]["line"]
        said = f"{message}: {path.read_text().splitlines()[line].strip()}"
        if found["severity"] == "error" and not _GUESSED.search(found["message"] + said):
            lines.append(f"{path.relative_to(root)}:{line + 1}: {message}")
    return "\n".join(lines)


def spelled(root: Path) -> str:
    files = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    present = [name for name in files if name and (root / name).is_file()]
    return _program(root, "codespell", *present)


def firmware_rules_kept(root: Path) -> str:
    return "\n".join(map(str, firmware_rules.check(root)))


def compiled_by_mpy_cross(root: Path) -> str:
    """MicroPython's own compiler is the judge of what is valid for MicroPython."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as pool:

        def compiled(path: Path) -> str:
            name = path.relative_to(root).as_posix()
            output = f"{folder}/{name.replace('/', '.')}"
            return _program(root, "mpy-cross", "-o", output, "-s", name, str(path))

        return "\n".join(filter(None, pool.map(compiled, firmware_rules.firmware_files(root))))


CHECKS = {
    "format": formatted,
    "lint": linted,
    "rules between the rooms": firmware_rules_kept,
    "mpy-cross": compiled_by_mpy_cross,
    "types": typed,
    "spelling": spelled,
}
