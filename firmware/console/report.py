"""What a self-test found: one line per thing, with a verdict, to be printed and kept."""

PASS = "pass"
FAIL = "FAIL"
NOT_FITTED = "not fitted"
SKIPPED = "skipped"
_VERDICTS = (PASS, FAIL, SKIPPED, NOT_FITTED)


class Report:
    """Lines of (verdict, what, measured or why)."""

    def __init__(self):
        self.lines = []

    def add(self, verdict: str, what: str, text: str = "") -> str:
        """Take a line; it comes back as it is printed."""
        self.lines.append((verdict, what, text))
        return f"{verdict:<11}{what:<22}{text}\n"

    def judge(self, good: bool, what: str, text: str) -> str:
        """A line that passes or fails."""
        return self.add(PASS if good else FAIL, what, text)

    def within(self, what: str, value: int, bounds: tuple) -> str:
        """A line for a value in thousandths of a volt."""
        low, high = bounds
        text = f"{value / 1000:.2f} V, {low / 1000:.2f} to {high / 1000:.2f} V expected"
        return self.judge(low <= value <= high, what, text)

    def count(self, verdict: str) -> int:
        """How many lines have this verdict."""
        return sum(1 for line in self.lines if line[0] == verdict)

    def summary(self) -> str:
        """How many of each, and what failed once more."""
        counts = [f"{self.count(verdict)} {verdict}" for verdict in _VERDICTS]
        failed = [f"  {what}: {text}\n" for verdict, what, text in self.lines if verdict == FAIL]
        return "Result: " + ", ".join(counts) + "\n" + "".join(failed)
