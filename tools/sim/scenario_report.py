"""Runs one scenario in virtual time and says how it went: for people, or as JSON for tests."""

import builtins
import json

from panel import span
from scenario import duration
from scenario_play import Player
from scenario_setup import change, commission, initial_document, remove

_PERIOD = 1 << 30  # of ticks_ms()
_LONGEST_MS = 40 * 86_400_000
_LAST_LINES = 40
_STARTED_MS = 20_000


class Run:
    """A scenario on a bench; `play()`, then `passed`, `lines()` or `json()`."""

    def __init__(self, bench, steps: list, interference: str | None = None):
        self.failures = []
        self.log = []
        self._bench = bench
        self._steps = steps
        self._interference = interference
        self._player = None
        self._took_ms = 0

    @property
    def passed(self) -> bool:
        return not self.failures and not self._bench.monitor.violations

    def play(self):
        """Commission, boot, play, judge."""
        bench = self._bench
        printing = builtins.print
        builtins.print = self._hear
        try:
            self._prepare()
            bench.chip.run(self._story(), limit_ms=_LONGEST_MS)
        except (ValueError, OSError) as error:
            self.failures.append(str(error))
        finally:
            builtins.print = printing
        bench.monitor.finish(bench.now())
        if bench.chip.uncaught is not None:
            self.failures.append(f"the firmware ended with {bench.chip.uncaught!r}")
        self._took_ms = bench.now()

    def _prepare(self):
        """What must be so before the firmware boots: `given` lines, and a broker that stalls."""
        bench = self._bench
        broker = ""
        if self._interference == "broker":
            from scenario_interference import stalled_broker

            self._ear, port = stalled_broker()
            broker = f"mqtt://127.0.0.1:{port}"
        document = initial_document(broker)
        for step in self._steps:
            if step.verb == "given":
                self._given(step, document)
        commission(bench.world, document, broker)

    def _given(self, step, document: dict):
        what = step.words[0]
        if what == "setting":
            change(document, step.words[1], step.words[2])
        elif what == "without":
            remove(document, step.words[1])
        elif what == "cable":
            self._bench.act("fault", step.words)
        elif what == "wrap":
            self._bench.chip.ticks_at_boot = _PERIOD - duration(step.words[1])
        elif what != "needs":
            raise ValueError(f"line {step.number}: cannot be read: {step.text}")

    def _story(self):
        """Wait for the firmware, then play."""
        bench = self._bench
        began = bench.now()
        yield lambda: bench.app is not None or bench.now() - began > _STARTED_MS
        if bench.app is None:
            self.failures.append("the firmware did not start")
            return
        if self._interference:
            bench.act("interfere", [self._interference])
        self._player = Player(self._steps, bench)
        while True:
            pause = self._player.advance()
            if pause is None:
                break
            yield pause
        for number, text, found in self._player.failures:
            self.failures.append(f"line {number}: {text}: {found}")

    def _hear(self, *words, **_):
        """What the firmware prints, with the world's time."""
        now = self._bench.now()
        said = " ".join(str(word) for word in words)
        self.log.append(f"{span(now)}.{now % 1000:03} {said}")
        if len(self.log) > 2 * _LAST_LINES:
            del self.log[:_LAST_LINES]

    def lines(self, name: str) -> list:
        """The report for people."""
        lines = []
        if not self.passed:
            lines += ["the last that was said:"] + self.log[-_LAST_LINES:] + [""]
        reactions = self._player.reactions if self._player else []
        if reactions:
            lines.append(f"{'event':<36}{'expected':<32}{'took':>8}{'allowed':>10}")
            for reaction in reactions:
                took = "never" if reaction.took is None else f"{reaction.took} ms"
                lines.append(
                    f"{reaction.event[:35]:<36}{reaction.expected[7:38]:<32}{took:>8}"
                    f"{reaction.allowed:>7} ms"
                )
            lines.append("")
        for cause, worst in sorted(self._bench.monitor.worst().items()):
            lines.append(f"worst time from {cause} to an open contactor coil: {worst} ms")
        for failure in self.failures:
            lines.append(f"FAILED {failure}")
        for at, text in self._bench.monitor.violations:
            lines.append(f"VIOLATED at {span(at)}.{at % 1000:03}: {text}")
        verdict = "PASSED" if self.passed else "FAILED"
        lines.append(f"{verdict} {name}: {span(self._took_ms)} of simulated time")
        return lines

    def json(self) -> list:
        """One line for a program."""
        reactions = []
        if self._player:
            for reaction in self._player.reactions:
                reactions.append(
                    [reaction.event, reaction.expected, reaction.took, reaction.allowed]
                )
        result = {
            "passed": self.passed,
            "failures": self.failures,
            "violations": [f"{at} ms: {text}" for at, text in self._bench.monitor.violations],
            "reactions": reactions,
            "worst": self._bench.monitor.worst(),
            "simulated_ms": self._took_ms,
        }
        log = [] if self.passed else self.log[-_LAST_LINES:]
        return log + ["@@ " + json.dumps(result)]
