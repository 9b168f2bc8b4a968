"""What no general linter knows about this firmware: imports between rooms, blocking calls, files.

Each rule is a function from a parsed file to findings; RULES lists them, and nothing is imported.
"""

import ast
import io
import re
import tokenize
from dataclasses import dataclass, field
from pathlib import Path

import rooms

_LONGEST_FUNCTION = 40
_LONGEST_MODULE = 300

# Files that may be longer than a module should be, each with its reason.
LONG_MODULES: dict[str, str] = {
    "boot.py": "one file, because nothing else can be found before it has run",
}

# The only files that may make a call that blocks the whole virtual machine, each with its reason.
BLOCKING_ALLOWED = {
    "getaddrinfo": {
        "firmware/link/stream.py": "for literal addresses only, which it does not look up",
        "firmware/link/http.py": "for the literal address on which it listens",
        "firmware/link/query.py": "for the literal address of the name server",
        "firmware/link/sntp.py": "for the literal address of the time server",
        "firmware/link/portal.py": "for the literal address on which it answers names",
    },
    "sleep_ms": {"main.py": "after the loop has ended, before the reset"},
    "sleep_us": {"firmware/board.py": "shorter than a millisecond, where the hardware needs it"},
}
_BLOCKING = ("getaddrinfo", "sleep", "sleep_ms", "sleep_us", "lightsleep", "deepsleep")
_FLASH_CALLS = ("remove", "rename", "mkdir", "rmdir", "unlink", "sync", "mkfs", "mount", "umount")
_DECORATORS = (
    "property",
    "staticmethod",
    "micropython.native",
    "micropython.viper",
    "native",
    "viper",
)
_UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


@dataclass
class Source:
    """One parsed file; `path` counts from the root of the repository."""

    path: str
    text: str
    tree: ast.Module = field(init=False)
    room: str = field(init=False)

    def __post_init__(self):
        self.tree = ast.parse(self.text, self.path)
        self.room = rooms.room_of(self.path)


@dataclass(frozen=True, order=True)
class Finding:
    """What is wrong where."""

    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


def firmware_files(root: Path) -> list[Path]:
    """Every source file that goes onto the board."""
    return [root / "boot.py", root / "main.py", *sorted((root / "firmware").rglob("*.py"))]


def check(root: Path) -> list[Finding]:
    """All findings in the firmware below `root`, in order."""
    findings = []
    for path in firmware_files(root):
        name = path.relative_to(root).as_posix()
        if path.name == "__init__.py":
            findings.append(Finding(name, 1, "the firmware's folders are namespace packages"))
        else:
            findings += check_text(name, path.read_text())
    return sorted(findings)


def check_text(path: str, text: str) -> list[Finding]:
    """All findings in one file."""
    try:
        source = Source(path, text)
    except SyntaxError as error:
        return [Finding(path, error.lineno or 1, error.msg)]
    return sorted(Finding(path, line, message) for rule in RULES for line, message in rule(source))


def imports(source: Source):
    """Rooms import only what their row of the table allows."""
    allowed_rooms, allowed_modules = rooms.ALLOWED[source.room]
    for line, module in _imported(source.tree):
        if module.split(".")[0] != "firmware":
            if module not in allowed_modules:
                yield line, f"room {source.room!r} may not import {module}"
            continue
        target = rooms.room_of(module.replace(".", "/") + ".py")
        if target not in allowed_rooms:
            yield line, f"room {source.room!r} may not import from {target!r} ({module})"


def _imported(tree):
    """Line and full name of every imported module; `from firmware import log` is firmware.log."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node.lineno, name.name
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            if base in _PACKAGES:
                for name in node.names:
                    yield node.lineno, f"{base}.{name.name}"
            else:
                yield node.lineno, base


_PACKAGES = ("firmware", *(f"firmware.{room}" for room in (*rooms.ALLOWED, "boards")))


def blocking_calls(source: Source):
    """Nothing may hold the loop: no name look-up, no sleeping, no socket that waits."""
    for call, name in _calls(source.tree):
        method = name.split(".")[-1]
        if method in _BLOCKING and not name.startswith("asyncio."):
            if _is_awaitable(source, name) or source.path in BLOCKING_ALLOWED.get(method, ()):
                continue
            yield call.lineno, f"{method}() blocks the loop"
        elif method == "settimeout" and not _is_constant(call, 0):
            yield call.lineno, "settimeout() makes the socket wait; setblocking(False) does not"
        elif method == "setblocking" and not _is_constant(call, False):
            yield call.lineno, "a blocking socket holds the loop"


def _is_awaitable(source: Source, name: str) -> bool:
    """True for `sleep_ms` where it was imported from asyncio."""
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "asyncio"
        and any((alias.asname or alias.name) == name for alias in node.names)
        for node in ast.walk(source.tree)
    )


def files(source: Source):
    """Only the store and the slots write to flash, and pure rooms do not even read."""
    if source.room in rooms.WRITERS:
        return
    for call, name in _calls(source.tree):
        if name == "open" and source.room in rooms.PURE:
            yield call.lineno, "a pure room opens no files"
        elif name == "open" and not _only_reads(call):
            yield call.lineno, "only store/ and slots/ open files for writing"
        elif name.split(".")[0] in ("os", "vfs") and name.split(".")[-1] in _FLASH_CALLS:
            yield call.lineno, f"only store/ and slots/ change the file system ({name})"


def _only_reads(call) -> bool:
    modes = call.args[1:2] + [word.value for word in call.keywords if word.arg == "mode"]
    return all(isinstance(mode, ast.Constant) and mode.value in ("r", "rb") for mode in modes)


def sizes(source: Source):
    """Functions and modules stay short enough to be read at once."""
    lines = source.text.count("\n")
    if lines > _LONGEST_MODULE and source.path not in LONG_MODULES:
        yield 1, f"{lines} lines; a module has at most {_LONGEST_MODULE}"
    for node in ast.walk(source.tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = node.end_lineno - node.lineno + 1 - _docstring_lines(node)
            if length > _LONGEST_FUNCTION:
                yield node.lineno, f"{node.name} has {length} lines, more than {_LONGEST_FUNCTION}"


def _docstring_lines(node) -> int:
    if ast.get_docstring(node) is None:
        return 0
    return node.body[0].end_lineno - node.body[0].lineno + 1


def shapes(source: Source):
    """No global state, no inheritance but of exceptions, no decorator that wraps."""
    if not ast.get_docstring(source.tree):
        yield 1, "the module does not say in a docstring which question it answers"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Global):
            yield node.lineno, "globals do not change"
        elif isinstance(node, ast.ClassDef):
            yield from _bases(node)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from _decorators(node)


def _bases(node):
    for base in map(ast.unparse, node.bases):
        if not base.endswith(("Exception", "Error")):
            yield node.lineno, f"{node.name} inherits from {base}"


def _decorators(node):
    for name in map(ast.unparse, node.decorator_list):
        if name not in _DECORATORS and not name.endswith(".setter"):
            yield node.lineno, f"the decorator {name} wraps {node.name}"


def unfinished(source: Source):
    """Work that is left to do belongs into an issue."""
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT and _UNFINISHED.search(token.string):
            yield token.start[0], f"unfinished: {token.string}"


def _calls(tree):
    """Every call with the dotted name of what is called, as far as it has one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
            yield node, ast.unparse(node.func)


def _is_constant(call, value) -> bool:
    return (
        len(call.args) == 1
        and isinstance(call.args[0], ast.Constant)
        and call.args[0].value in (value, int(value))
    )


RULES = (imports, blocking_calls, files, sizes, shapes, unfinished)
