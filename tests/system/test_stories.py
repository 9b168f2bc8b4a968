"""Every story of tools/sim/scenarios/stories, undisturbed and disturbed; a table at the end."""

import errno
import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STORIES = sorted((ROOT / "tools/sim/scenarios/stories").glob("*.scenario"))
INTERFERENCES = ("", "flood", "broker", "meter", "collection", "burn", "erase")
TIMEOUT_S = 120


def play(path: Path, interference: str) -> dict:
    """Run one story in virtual time; its result as the simulator reports it."""
    command = [str(ROOT / ".tools/bin/micropython"), "-X", "heapsize=24m", "tools/sim/run.py"]
    command += ["--inside", f"--scenario={path}", "--json"]
    if interference:
        command.append(f"--interfere={interference}")
    done = _run(command)
    for line in reversed(done.stdout.splitlines()):
        if line.startswith("@@ "):
            result = json.loads(line[3:])
            result["output"] = done.stdout
            return result
    raise AssertionError(
        f"no result: the process ended with {done.returncode}\n{done.stdout}{done.stderr}"
    )


def _run(command: list, more: int = 2) -> subprocess.CompletedProcess:
    try:
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except OSError as error:
        # Seen twice in 1,600 starts on a virtual machine: the kernel refuses a good exec().
        if error.errno != errno.EFAULT or not more:
            raise
    return _run(command, more - 1)


@pytest.fixture(scope="module")
def results(request):
    """Futures of all selected stories, played in parallel; the table when all are done."""
    wanted = {}
    pool = ThreadPoolExecutor(os.cpu_count() or 1)
    for item in request.session.items:
        if item.function is test_story:
            parameters = item.callspec.params
            key = parameters["story"], parameters["interference"]
            wanted[key] = pool.submit(play, *key)
    request.config.pluginmanager.register(Summary(wanted))
    yield wanted
    pool.shutdown(cancel_futures=True)


class Summary:
    """Has pytest print the table at the end of its output."""

    def __init__(self, wanted):
        self._wanted = wanted

    def pytest_terminal_summary(self, terminalreporter):
        terminalreporter.section("stories")
        for line in table(self._wanted):
            terminalreporter.write_line(line)


def table(wanted: dict) -> list:
    """Worst time per event and expectation, by interference, of the stories that ended."""
    worst = {}
    for (_, interference), future in wanted.items():
        if future.done() and not future.cancelled() and future.exception() is None:
            for event, expected, took, allowed in future.result()["reactions"]:
                if expected.split()[1] in ("relay", "contactor"):
                    times = worst.setdefault((event, expected.split(" within")[0]), {})
                    took = allowed + 1 if took is None else took
                    times[interference] = max(times.get(interference, (0, 0)), (took, allowed))
    columns = [name for name in INTERFERENCES if any(name in times for times in worst.values())]
    lines = [
        "Reaction times in ms, from the event to the coil or the contacts, worst of all stories,",
        "and what was allowed: 50 ms, or 100 ms where the loop was held meanwhile, be it by the",
        "firmware's own collection of 14 ms (IEC 61851-1 Table A.6, sequence 8.1).",
        f"{'event':<32}{'expected':<18}" + "".join(f"{name or 'alone':>12}" for name in columns),
    ]
    for (event, expected), times in sorted(worst.items()):
        cells = [
            f"{times[name][0]}/{times[name][1]}" if name in times else "-" for name in columns
        ]
        lines.append(f"{event[:31]:<32}{expected[7:24]:<18}" + "".join(f"{c:>12}" for c in cells))
    return lines


def combinations():
    """Every story with every interference that leaves it what it needs."""
    for path in STORIES:
        text = path.read_text()
        for interference in INTERFERENCES:
            if not interference or f"given needs {interference}" not in text:
                name = interference or "alone"
                yield pytest.param(path, interference, id=f"{path.stem}-{name}")


@pytest.mark.parametrize(("story", "interference"), list(combinations()))
def test_story(story, interference, results):
    result = results[story, interference].result()
    told = "\n".join(result["failures"] + result["violations"])
    assert result["passed"], f"{told}\n\n{result['output'][-6000:]}"
