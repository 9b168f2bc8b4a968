"""A pilot step in a steady state costs at most 300 bytecodes, whichever chore is due.

Counted as CPython executes them, without those that MicroPython does not have; its compiler makes
nearly the same ones from such code (a load per name or attribute, one per operation and jump).
"""

import dis
import re
import subprocess
import sys
from pathlib import Path

from tests.unit.charge.bench import FULL, PLAIN, Bench

_ROOT = Path(__file__).resolve().parents[2]
_MOST = 300
_MOST_WORDS = 11  # VM_MAX_STATE_ON_STACK of MicroPython's py/objfun.c
# Functions with larger frames that no step calls.
_APART = {
    "__init__",
    "change",
    "apply",
    "_check",
    "table",
    "status",
    "parse",
    "kept",
    "restore",
    "names",
    "<module>",
    "<listcomp>",
}
_NOT_OURS = {"RESUME", "PRECALL", "CACHE", "NOP", "EXTENDED_ARG", "PUSH_NULL", "SWAP", "COPY"}


class _Counter:
    def __init__(self):
        self.count = 0
        self._names = {}

    def __call__(self, frame, event, _):
        if event == "call":
            frame.f_trace_opcodes = True
            frame.f_trace_lines = False
        elif event == "opcode":
            self.count += self._name(frame) not in _NOT_OURS
        return self

    def _name(self, frame) -> str:
        code = frame.f_code
        if code not in self._names:
            self._names[code] = {step.offset: step.opname for step in dis.get_instructions(code)}
        return self._names[code].get(frame.f_lasti, "CACHE")

    def cost(self, function) -> int:
        self.count = 0
        sys.settrace(self)
        try:
            function()
        finally:
            sys.settrace(None)
        return self.count


def _round(bench) -> list:
    """The cost of ten steps in a row: each chore once."""
    counter = _Counter()
    costs = []
    for _ in range(10):
        bench.inputs.now = (bench.inputs.now + 10) & 0x3FFFFFFF
        bench._wire()
        bench._move(10)
        costs.append(counter.cost(bench.point.step))
    return costs


def test_a_step_in_a_steady_state_costs_at_most_300_bytecodes(capsys):
    told = []
    for profile in (PLAIN, FULL):
        bench = Bench(profile)
        for level in ("A", "B", "C"):
            bench.car = level
            bench.run(20000)
            measured = bench.point.measured
            measured.known, measured.energy_wh = level == "C", 1000
            costs = _round(bench)
            told.append(f"{bench.name()} {sum(costs) // 10}/{max(costs)}")
            assert max(costs) <= _MOST, (bench.name(), costs)
        bench.point.faults.report(2, 0)
        bench.run(10000)
        assert max(_round(bench)) <= _MOST
    with capsys.disabled():
        print(f"\nbytecodes per pilot step, mean/worst: {', '.join(told)}")


def _frames(file: Path) -> list:
    """(function, words of its frame) as the 32-bit MicroPython compiles the file."""
    interpreter = _ROOT / ".tools" / "bin" / "micropython32"
    if not interpreter.exists():
        interpreter = interpreter.with_name("micropython")
    dump = subprocess.run(
        [interpreter, "-v", "-v", file],
        capture_output=True,
        text=True,
        errors="replace",
        cwd=_ROOT,
        env={"MICROPYPATH": f"{_ROOT}:.frozen"},
        check=False,
    ).stdout
    pattern = rf"File {re.escape(str(file))}, code block '([^']*)'.*?N_STATE (\d+)"
    return [(name, int(words)) for name, words in re.findall(pattern, dump, re.DOTALL)]


def test_no_frame_of_a_step_is_taken_from_the_heap():
    """A frame of more than 11 words is: slow on a full heap, and it may start a collection."""
    files = sorted((_ROOT / "firmware" / "charge").glob("*.py")) + [_ROOT / "firmware/ticks.py"]
    seen = 0
    for file in files:
        for name, words in _frames(file):
            seen += 1
            assert words <= _MOST_WORDS or name in _APART, f"{file.name}: {name} takes {words}"
    assert seen > 150, "the interpreter's dump could not be read"
