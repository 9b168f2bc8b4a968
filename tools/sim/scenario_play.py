"""Plays a scenario against a bench: acts, waits, judges, and notes how long each reaction took."""

_TIMED_MS = 1000


class Reaction:
    """From an action to what was expected of it, in ms; `took` is None when it never came."""

    def __init__(self, event: str, expected: str, took, allowed: int):
        self.event = event
        self.expected = expected
        self.took = took
        self.allowed = allowed


class Player:
    """Steps through a parsed scenario whenever the bench's clock calls `advance`.

    The bench offers `now()` in ms, `act(verb, words)`, `value(subject)` and `longer_ms(since)`, by
    which times up to a second are longer when something has held the loop since then. It raises
    ValueError for what it does not know, which ends the run as a failure. A `wait` that fails ends
    it too; an `expect` that fails is noted, and the run goes on.
    """

    def __init__(self, steps: list, bench):
        self.failures = []  # (line number, text, what was found)
        self.reactions = []
        self.finished = False
        self.step = None
        self._bench = bench
        self._steps = steps
        self._event = "start"
        self._event_at = bench.now()
        self._play = self._run(bench.now())

    def advance(self):
        """Go on as far as possible; ms until the next call, or None when the scenario is over."""
        try:
            return next(self._play)
        except StopIteration:
            self.finished = True
        except ValueError as error:
            self._fail(str(error))
            self.finished = True
        return None

    def _run(self, began: int):
        bench = self._bench
        for step in self._steps:
            self.step = step
            if step.at is not None:
                yield from self._until(began + step.at)
            if step.verb == "run":
                yield from self._until(bench.now() + step.duration)
                self._happened("run", bench.now())
            elif step.condition is None:
                self._happened(step.text_of_action(), bench.now())
                bench.act(step.verb, step.words)
            else:
                met = yield from self._judge(step)
                if step.verb == "wait":
                    if not met:
                        return
                    self._happened(step.text, bench.now())

    def _until(self, end: int):
        while self._bench.now() < end:
            yield end - self._bench.now()

    def _happened(self, event: str, at: int):
        self._event = event
        self._event_at = at

    def _judge(self, step):
        if step.duration is None:
            return self._now_or_never(step)
        if step.holds:
            return (yield from self._lasting(step))
        return (yield from self._within(step))

    def _now_or_never(self, step):
        actual = self._bench.value(step.condition.subject)
        met = step.condition.met(actual)
        if not met:
            self._fail(f"found {actual}")
        return met

    def _lasting(self, step):
        bench = self._bench
        end = bench.now() + step.duration
        pause = _pause(step.duration)
        while True:
            if not self._now_or_never(step):
                return False
            if bench.now() >= end:
                return True
            yield min(pause, end - bench.now())

    def _within(self, step):
        bench = self._bench
        event_at = self._event_at
        pause = _pause(step.duration)
        while True:
            allowed = step.duration
            if allowed <= _TIMED_MS:
                allowed += bench.longer_ms(event_at)
            end = event_at + allowed
            actual = bench.value(step.condition.subject)
            took = bench.now() - self._event_at
            if step.condition.met(actual):
                if step.verb == "expect":
                    self._react(step, took, allowed)
                return True
            if bench.now() >= end:
                self._fail(f"found {actual} after {took} ms")
                if step.verb == "expect":
                    self._react(step, None, allowed)
                return False
            yield min(pause, end - bench.now())

    def _react(self, step, took, allowed):
        self.reactions.append(Reaction(self._event, step.text, took, allowed))

    def _fail(self, found: str):
        self.failures.append((self.step.number, self.step.text, found))


def _pause(duration: int) -> int:
    """How often to look, in ms: at each millisecond where reactions are timed."""
    if duration <= _TIMED_MS:
        return 1
    return 10 if duration <= 120_000 else 100
