"""`make mutation`: does the test suite notice when firmware/charge is spoilt?

python3 tools/mutation/mutate.py [--sample N] [--seed S] [--jobs J] [--module NAME] [--report]

Each mutant runs in a process of its own, under CPython: the module's own unit tests first, then
all others of the room, then random lives. The first failure kills it; what takes more than a
minute counts as killed. --report writes docs/mutation.md.
"""

import argparse
import importlib.util
import multiprocessing
import os
import random
import signal
import sys
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "cpython"), str(ROOT / "tools" / "mutation")]

from judged import JUDGED  # noqa: E402
from mutants import mutants  # noqa: E402

_ROOM = ROOT / "firmware" / "charge"
_TESTS = ROOT / "tests" / "unit" / "charge"
_SECONDS = 90
_LIVES = 300
# What only MicroPython can judge, and what belongs to no behaviour.
_SKIPPED = {"test_a_single_allocation_would_be_noticed"}


class _Spoilt:
    """Finds the spoilt module before the real one is found."""

    def __init__(self, name: str, tree):
        self._name = f"firmware.charge.{name}"
        self._tree = tree

    def find_spec(self, name, path=None, target=None):
        if name != self._name:
            return None
        return importlib.util.spec_from_loader(name, self)

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        exec(compile(self._tree, self._name, "exec"), module.__dict__)


def _test_files(name: str) -> list:
    own = {"pilot": ["test_pilot", "test_duty"], "point": ["test_charging", "test_cars"]}
    first = own.get(name, [f"test_{name}"])
    files = sorted(_TESTS.glob("test_*.py"), key=lambda file: file.stat().st_size)
    return sorted(files, key=lambda file: file.stem not in first)


def _run_tests(name: str):
    """Raises whatever the first failing test raises."""
    for file in _test_files(name):
        module = importlib.import_module(f"tests.unit.charge.{file.stem}")
        for test, function in list(vars(module).items()):
            if test.startswith("test_") and test not in _SKIPPED:
                function()
    from tests.property.charge_script import Stage, play

    stage = Stage()
    chance = random.Random(1)
    for _ in range(_LIVES):
        play(stage, chance.randbytes(33))


def _judge(job) -> tuple:
    """(module, line, what, how it died or None) of one mutant, in a child of its own."""
    name, source, mutant = job
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        signal.alarm(_SECONDS)
        sys.meta_path.insert(0, _Spoilt(name, mutant.tree(source)))
        how = ""
        try:
            _run_tests(name)
        except BaseException as error:  # noqa: BLE001  (whatever it dies of)
            frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
            tests = [frame for frame in frames if frame.startswith("test_")]
            how = tests[0] if tests else type(error).__name__
        os.write(writer, how.encode()[:200])
        os._exit(0 if how else 1)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        how = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        how = "took too long"
    return name, mutant.line, mutant.what, how or None


def _jobs(only: str | None) -> list:
    found = []
    for file in sorted(_ROOM.glob("*.py")):
        if only in (None, file.stem):
            source = file.read_text()
            found += [(file.stem, source, mutant) for mutant in mutants(source)]
    return found


def _report(results: list, total: int, seed: int):
    survivors = [result for result in results if not result[3]]
    killed = len(results) - len(survivors)
    share = 100 * killed / len(results)
    judged = sum(1 for name, _, what, _ in survivors if (name, what) in JUDGED)
    lines = [
        "# Mutation of firmware/charge",
        "",
        "`make mutation` spoils the safety core in one place at a time (comparisons, numbers,",
        "operators, branches that never run, statements and table entries left out) and counts",
        "how often the suite notices.",
        "",
        f"Mutants possible: {total}. Run: {len(results)} (seed {seed}). Killed: {killed}, "
        f"{share:.1f} %. Survived: {len(survivors)}, of these {judged} judged to do no harm; "
        f"without them **{100 * killed / (len(results) - judged):.1f} %** are killed.",
        "",
        "## Survivors and what they mean",
        "",
        "| where | change | judgement |",
        "| --- | --- | --- |",
    ]
    for name, line, what, _ in sorted(survivors):
        change = what.replace("|", "\\|")
        why = JUDGED.get((name, what), "not judged yet")
        lines.append(f"| {name}.py:{line} | `{change}` | {why} |")
    (ROOT / "docs" / "mutation.md").write_text("\n".join(lines) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=0, help="only so many, chosen at random")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--module")
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--trust", action="store_true", help="do not try the suite unspoilt first")
    options = parser.parse_args()
    if not options.trust:
        _run_tests("point")
    for name in [name for name in sys.modules if name.startswith(("firmware.", "tests."))]:
        del sys.modules[name]
    jobs = _jobs(options.module)
    total = len(jobs)
    if options.sample:
        jobs = random.Random(options.seed).sample(jobs, min(options.sample, total))
    results = []
    with multiprocessing.Pool(options.jobs) as pool:
        for result in pool.imap_unordered(_judge, jobs):
            results.append(result)
            if len(results) % 20 == 0:
                print(f"{len(results)} of {len(jobs)}", flush=True)
            if not result[3]:
                print(f"survived: {result[0]}.py:{result[1]}: {result[2]}", flush=True)
    killed = sum(1 for result in results if result[3])
    print(f"{killed} of {len(results)} mutants killed ({100 * killed / len(results):.1f} %)")
    if options.report:
        _report(results, total, options.seed)
    return 0 if killed >= 0.9 * len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
