"""What a scenario file says: one step per line, its times and quantities as integers."""

_UNITS = {
    "ms": ("ms", 1),
    "s": ("ms", 1000),
    "min": ("ms", 60_000),
    "h": ("ms", 3_600_000),
    "d": ("ms", 86_400_000),
    "mA": ("mA", 1),
    "A": ("mA", 1000),
    "mV": ("mV", 1),
    "V": ("mV", 1000),
    "W": ("W", 1),
    "kW": ("W", 1000),
    "Wh": ("Wh", 1),
    "kWh": ("Wh", 1000),
    "ohm": ("ohm", 1),
    "C": ("dC", 10),
    "%": ("permille", 10),
    "": ("", 1),
}
_OPERATORS = ("<=", ">=", "<", ">", "=")
_STRAIGHT = (
    "given plug unplug car fault clear hold limit mqtt power reset meter broker note phases wake"
    " interfere allow speed"
).split()


class ScenarioError(Exception):
    """A line that makes no sense: (line number, its text, what is wrong with it)."""

    def __init__(self, number: int, text: str, problem: str):
        super().__init__(f"line {number}: {problem}: {text}")
        self.number = number
        self.problem = problem


class Step:
    """One line: `verb` and its `words`, when it starts (`at`, ms, or None: after the last one)."""

    def __init__(self, number: int, text: str, verb: str, words: list):
        self.number = number
        self.text = text
        self.verb = verb
        self.words = words
        self.at = None
        self.condition = None
        self.duration = None  # ms; of `run`, and the patience of `wait` and `expect`
        self.holds = False  # `expect … for T`: true all the time, instead of once in it

    def text_of_action(self) -> str:
        """The action without its time."""
        return " ".join([self.verb] + self.words)


class Condition:
    """`subject operator value`; without an operator the subject must be what the word says."""

    def __init__(self, subject: str, operator: str, value, unit: str, negated: bool):
        self.subject = subject
        self.operator = operator
        self.value = value
        self.unit = unit
        self.negated = negated

    def met(self, actual) -> bool:
        """Whether `actual` (int, str, bool, a list of names, or None: unknown) satisfies it."""
        return self._holds(actual) != self.negated

    def _holds(self, actual) -> bool:
        if isinstance(actual, list):
            return self.value in actual if self.value != "any" else bool(actual)
        if actual is None or isinstance(self.value, str):
            return actual == self.value
        return _compare(self.operator, actual, self.value)


def _compare(operator: str, actual, value) -> bool:
    if operator == "<":
        return actual < value
    if operator == ">":
        return actual > value
    if operator == "<=":
        return actual <= value
    if operator == ">=":
        return actual >= value
    return actual == value


def quantity(word: str) -> tuple:
    """`16A` is (16000, "mA"), `8h` (28800000, "ms"), `1.5%` (15, "permille"), `7` (7, "").

    ValueError when it is not a number with a known unit.
    """
    digits = len(word)
    while digits and word[digits - 1] not in "0123456789.":
        digits -= 1
    unit = _UNITS.get(word[digits:])
    if not digits or unit is None:
        raise ValueError(word)
    return round(float(word[:digits]) * unit[1]), unit[0]


def duration(word: str) -> int:
    """Milliseconds of a word such as `50ms` or `8h`; ValueError for anything else."""
    value, unit = quantity(word)
    if unit != "ms":
        raise ValueError(word)
    return value


def condition(words: list) -> Condition:
    """`contactor open`, `current > 5A`, `no fault`, `fault not …`; ValueError when unreadable."""
    words = list(words)
    negated = words[0] in ("no", "not")
    if negated:
        words = words[1:]
    if words[0] in ("fault", "event") and len(words) == 1:
        words.append("any")
    if len(words) < 2:
        raise ValueError(" ".join(words))
    for i, word in enumerate(words):
        if word in _OPERATORS:
            value, unit = quantity(words[i + 1])
            return Condition(" ".join(words[:i]), word, value, unit, negated)
    try:
        value, unit = quantity(words[-1])
    except ValueError:
        value, unit = words[-1], ""
    return Condition(" ".join(words[:-1]), "=", value, unit, negated)


def parse(text: str) -> list:
    """The steps of a scenario, `repeat … end` written out; ScenarioError names the bad line."""
    blocks = [[]]
    counts = []
    number = 0
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.split("#", 1)[0].strip()
        if not line:
            continue
        words = line.split()
        if words[0] == "repeat":
            counts.append(_count(number, line, words))
            blocks.append([])
        elif words == ["end"]:
            if not counts:
                raise ScenarioError(number, line, "end without repeat")
            block = blocks.pop()
            blocks[-1].extend(block * counts.pop())
        else:
            blocks[-1].append(_step(number, line, words))
    if counts:
        raise ScenarioError(number, "", "repeat without end")
    return blocks[0]


def _count(number, line, words) -> int:
    if len(words) < 2 or not words[1].isdigit():
        raise ScenarioError(number, line, "repeat needs a number")
    return int(words[1])


def _step(number: int, line: str, words: list) -> Step:
    try:
        at = None
        if words[0] == "at":
            at = duration(words[1])
            words = words[2:]
        step = _readers(words)(Step(number, line, words[0], words[1:]))
        step.at = at
        return step
    except (ValueError, IndexError):
        raise ScenarioError(number, line, "cannot be read")


def _readers(words):
    if words[0] == "run":
        return _run
    if words[0] in ("wait", "expect"):
        return _expect
    if words[0] in _STRAIGHT:
        return _straight
    raise ValueError(words[0])


def _straight(step):
    return step


def _run(step):
    step.duration = duration(step.words[0])
    return step


def _expect(step):
    words = step.words
    if step.verb == "wait":
        if words[0] != "until":
            raise ValueError(words[0])
        words = words[1:]
    if len(words) > 2 and words[-2] in ("within", "for"):
        step.duration = duration(words[-1])
        step.holds = words[-2] == "for"
        words = words[:-2]
    if step.verb == "wait" and (step.duration is None or step.holds):
        raise ValueError("wait without within")
    step.condition = condition(words)
    return step
