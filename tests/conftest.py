"""Lets pytest run tests/unit and tests/sim on MicroPython: one item per test and interpreter.

Files in those folders are never imported here: their tests are found in the syntax tree, and one
MicroPython process per file and interpreter runs them (tests/README.md).
"""

import ast
import os
import sys
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from micropython_process import TestProcess  # noqa: E402

INTERPRETERS = {
    "mp": "micropython",
    "mp32": "micropython32",
    "esp32like": "micropython-esp32like",
    "frozen": "micropython-frozen",
}
ON_MICROPYTHON = ("unit", "sim")
SECONDS_PER_TEST = 90.0  # of the host: only to end what hangs, also on a busy machine

# What has to pass takes the same examples each time, so that a change is judged by itself; who
# runs the tests otherwise looks for new ones.
if os.environ.get("HYPOTHESIS_PROFILE") == "ci":
    hypothesis.settings.register_profile("ci", derandomize=True)
    hypothesis.settings.load_profile("ci")


def pytest_addoption(parser):
    group = parser.getgroup("micropython")
    group.addoption(
        "--variants",
        default=os.environ.get("MICROPYTHON_VARIANTS", ""),
        help="interpreters for tests/unit and tests/sim, such as mp,mp32,esp32like "
        "(default: mp and mp32, as far as set-up could provide them)",
    )
    group.addoption(
        "--seconds-per-test",
        type=float,
        default=SECONDS_PER_TEST,
        help="a MicroPython test that takes longer is stopped and fails",
    )


def pytest_configure(config):
    config.micropython_variants = _variants(config.getoption("--variants"))


def _variants(wanted: str) -> dict[str, Path]:
    names = [name for name in wanted.replace(",", " ").split() if name]
    if "frozen" in names:  # it holds the firmware itself, and that may have changed
        _freeze()
    found = {name: _interpreter(name) for name in names or ("mp", "mp32")}
    missing = [name for name, path in found.items() if not path.exists()]
    if missing and (names or "mp" in missing):
        raise pytest.UsageError(
            f"no interpreter for {', '.join(missing)}: run `make setup`"
            + (" and `make micropython-esp32like`" if "esp32like" in missing else "")
        )
    return {name: path for name, path in found.items() if name not in missing}


def _freeze():
    sys.path.append(str(ROOT / "tools" / "setup"))
    import frozen
    from workspace import SetupError, locked

    try:
        with locked():
            frozen.install()
    except SetupError as error:
        raise pytest.UsageError(str(error)) from error


def _interpreter(name: str) -> Path:
    if name not in INTERPRETERS:
        raise pytest.UsageError(f"unknown variant {name!r}: choose from {', '.join(INTERPRETERS)}")
    return ROOT / ".tools" / "bin" / INTERPRETERS[name]


def pytest_report_header(config):
    variants = config.micropython_variants
    lines = [f"micropython: {', '.join(variants)}"]
    if "mp32" not in variants and not config.getoption("--variants"):
        lines.append("micropython: WITHOUT the 32-bit interpreter, which this machine cannot run")
    return lines


def pytest_pycollect_makemodule(module_path, parent):
    """Take the files that belong to MicroPython; leave the others to pytest."""
    parts = module_path.parts
    for index in range(len(parts) - 1):
        if parts[index] == "tests" and parts[index + 1] in ON_MICROPYTHON:
            return MicroPythonFile.from_parent(parent, path=module_path)
    return None


class MicroPythonFile(pytest.File):
    """A file of tests, and the processes that run them."""

    def collect(self):
        names = _test_names(self.path)
        self.processes = {}
        for name in names:
            for variant in self.config.micropython_variants:
                yield MicroPythonTest.from_parent(
                    self,
                    name=f"{name}[{variant}]",
                    function=name,
                    variant=variant,
                    line=names[name],
                )

    def result(self, function: str, variant: str):
        if variant not in self.processes:
            self.processes[variant] = TestProcess(
                self.config.micropython_variants[variant],
                self.path,
                self._chosen(variant),
                self.config.getoption("--seconds-per-test"),
            )
        return self.processes[variant].result(function)

    def _chosen(self, variant: str) -> list[str]:
        return [
            item.function_name
            for item in self.session.items
            if item.parent is self and item.variant == variant
        ]

    def teardown(self):
        for process in self.processes.values():
            process.close()
        self.processes.clear()


class MicroPythonTest(pytest.Item):
    """One test function on one interpreter."""

    function = None  # other items of pytest have one, and tests may look for their own among them

    def __init__(self, *, function: str, variant: str, line: int, **options):
        super().__init__(**options)
        self.function_name = function
        self.variant = variant
        self.line = line
        self.add_marker(variant)

    def runtest(self):
        result = self.parent.result(self.function_name, self.variant)
        if result.output:
            self.add_report_section("call", f"output on {self.variant}", result.output)
        if result.outcome == "skipped":
            pytest.skip(result.detail)
        if result.outcome != "passed":
            raise MicroPythonFailure(_readable(result.detail))

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, MicroPythonFailure):
            return f"on {self.variant}:\n{excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self):
        return self.path, self.line - 1, self.name


class MicroPythonFailure(Exception):
    """A test failed on MicroPython; carries the traceback from there."""


def _readable(detail: str) -> str:
    """A traceback with paths from the checkout's root and without the runner's own frames."""
    lines = [line.replace(f"{ROOT}/", "") for line in detail.splitlines()]
    return "\n".join(line for line in lines if "tests/micropython/runner.py" not in line)


def _test_names(path: Path) -> dict[str, int]:
    """Names and lines of the test functions, in order; refuses a file that would test nothing."""
    try:
        tree = ast.parse(path.read_text(), str(path))
    except SyntaxError as error:
        raise MicroPythonFile.CollectError(f"{path}:{error.lineno}: {error.msg}") from None
    names: dict[str, int] = {}
    for node in tree.body:
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if not node.name.startswith("test_"):
            continue
        if node.name in names:
            raise MicroPythonFile.CollectError(
                f"{path}:{node.lineno}: {node.name} hides the test of line {names[node.name]}"
            )
        names[node.name] = node.lineno
    if not names:
        raise MicroPythonFile.CollectError(f"{path}: no test_ function in this file")
    return names
