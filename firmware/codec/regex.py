"""Regular expressions in bounded time and memory, searched in slices.

Understood: . \\d \\s \\w \\D \\S \\W [..] [^..] (a|b) (?:) ? * + and their lazy forms, ^ $.
All the threads of a match step through the text together (K. Thompson, "Regular expression
search algorithm", 1968), so there is no backtracking: at most one step per character and
instruction.
"""

from micropython import const

_LONGEST = const(120)  # characters of an expression
_MOST = const(160)  # instructions
_DEEPEST = const(8)  # groups in groups
_BUDGET = const(60000)  # steps of one search

# Instructions are tuples: (what, argument, argument)
_CHAR = const(0)
_ANY = const(1)
_SET = const(2)  # (ranges, negated)
_SPLIT = const(3)  # go on here, or with less right there
_JUMP = const(4)
_BEGIN = const(5)
_END = const(6)
_OPEN = const(7)
_CLOSE = const(8)
_FOUND = const(9)

_CLASSES = {"d": "09", "w": "azAZ09__", "s": "  \t\r"}
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t"}


class RegexError(Exception):
    """An expression that is not understood, or a search that takes too long."""


class Regex:
    """A compiled expression; raises RegexError."""

    def __init__(self, text: str):
        if len(text) > _LONGEST:
            raise RegexError(f"longer than {_LONGEST} characters")
        self._text = text
        self._at = 0
        self._groups = 0
        self.program = []
        self._alternatives(0)
        if self._at < len(text):
            raise RegexError(f"')' closes nothing at position {self._at}")
        self._add(_FOUND)

    def search(self, text: str) -> str | None:
        """The first group of the first match, the whole match if there is no group, or None."""
        search = Search(self, text)
        while not search.run(1000):
            pass
        return search.result

    def _add(self, what: int, first=None, second=None) -> int:
        self.program.append((what, first, second))
        if len(self.program) > _MOST:
            raise RegexError("too long")
        return len(self.program) - 1

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _alternatives(self, depth: int):
        if depth > _DEEPEST:
            raise RegexError(f"nested too deep at position {self._at}")
        begin = len(self.program)
        jumps = []
        self._sequence(depth)
        while self._peek() == "|":
            self._at += 1
            jumps.append(self._add(_JUMP))
            self._insert(begin, (_SPLIT, begin + 1, len(self.program) + 1))
            jumps = [jump + (jump >= begin) for jump in jumps]
            begin = len(self.program)
            self._sequence(depth)
        for jump in jumps:
            self.program[jump] = (_JUMP, len(self.program), None)

    def _sequence(self, depth: int):
        while (char := self._peek()) not in ("", "|", ")"):
            begin = len(self.program)
            self._at += 1
            self._item(char, depth)
            self._repeat(begin)

    def _item(self, char: str, depth: int):
        if char == "(":
            self._group(depth)
        elif char == "[":
            self._set()
        elif char == "\\":
            self._escape()
        elif char in "?*+":
            raise RegexError(f"nothing to repeat at position {self._at - 1}")
        else:
            special = {".": _ANY, "^": _BEGIN, "$": _END}.get(char, _CHAR)
            self._add(special, char)

    def _group(self, depth: int):
        begin = self._at - 1
        capturing = self._text[self._at : self._at + 2] != "?:"
        if not capturing:
            self._at += 2
        else:
            self._groups += 1
        first = capturing and self._groups == 1
        if first:
            self._add(_OPEN)
        self._alternatives(depth + 1)
        if self._peek() != ")":
            raise RegexError(f"'(' is never closed at position {begin}")
        self._at += 1
        if first:
            self._add(_CLOSE)

    def _escape(self):
        char = self._peek()
        if not char:
            raise RegexError("nothing behind the last '\\'")
        self._at += 1
        if char.lower() in _CLASSES:
            self._add(_SET, _CLASSES[char.lower()], char < "a")
        else:
            self._add(_CHAR, _CONTROLS.get(char, char))

    def _set(self):
        begin = self._at - 1
        negated = self._peek() == "^"
        self._at += negated
        ranges = ""
        while (char := self._peek()) != "]" or not ranges:
            if not char:
                raise RegexError(f"'[' is never closed at position {begin}")
            self._at += 1
            if char == "\\":
                char = self._peek()
                self._at += 1
                if char.lower() in _CLASSES and char >= "a":
                    ranges += _CLASSES[char]
                    continue
                char = _CONTROLS.get(char, char)
            last = char
            if self._peek() == "-" and self._text[self._at + 1 : self._at + 2] not in ("]", ""):
                last = self._text[self._at + 1]
                self._at += 2
            ranges += char + last
        self._at += 1
        self._add(_SET, ranges, negated)

    def _repeat(self, begin: int):
        how = self._peek()
        if how not in ("?", "*", "+"):
            return
        self._at += 1
        lazy = self._peek() == "?"
        self._at += lazy
        if how == "+":
            end = len(self.program) + 1
            self._add(_SPLIT, end if lazy else begin, begin if lazy else end)
            return
        end = len(self.program) + (2 if how == "*" else 1)
        self._insert(begin, (_SPLIT, end if lazy else begin + 1, begin + 1 if lazy else end))
        if how == "*":
            self._add(_JUMP, begin)

    def _insert(self, place: int, instruction: tuple):
        """Put an instruction before those from `place` on, whose jumps move along."""
        self._add(_FOUND)
        program = self.program
        for index in range(len(program) - 1, place, -1):
            what, first, second = program[index - 1]
            program[index] = (what, first, second)
        program[place] = instruction
        for index, (what, first, second) in enumerate(program):
            if index != place and what in (_SPLIT, _JUMP):
                # Who stands before may want to go to the new instruction; nobody behind does.
                least = place if index > place else place + 1
                first = first + 1 if first is not None and first >= least else first
                second = second + 1 if second is not None and second >= least else second
                program[index] = (what, first, second)


class Search:
    """One search that can be done in slices, so that nobody else waits for it."""

    def __init__(self, regex: Regex, text: str):
        self.result = None
        self._program = regex.program
        self._text = text
        self._at = 0
        self._threads = []  # (instruction, begin, group's begin, group's end), the best first
        self._best = None
        self._left = _BUDGET

    def run(self, steps: int) -> bool:
        """Go on for about so many steps; True when `result` is final. RegexError: out of steps."""
        stop = self._left - steps
        while self._left > stop:
            if self._left <= 0:
                raise RegexError("takes too long")
            if self._character():
                self.result = self._best
                return True
        return False

    def _character(self) -> bool:
        """Let all threads take one character; True at the end of the search."""
        text = self._text
        at = self._at
        marks = set()
        threads = []
        for thread in self._threads:
            self._follow(thread, marks, threads)
        if self._best is None:
            self._follow((0, at, None, None), marks, threads)
        self._threads = []
        for pc, begin, opened, closed in threads:
            self._left -= 1
            if self._program[pc][0] == _FOUND:
                # A worse thread could only find a match that counts less.
                self._best = text[begin:at] if opened is None else text[opened:closed]
                break
            if at < len(text) and _takes(self._program[pc], text[at]):
                self._threads.append((pc + 1, begin, opened, closed))
        self._at = at + 1
        self._left -= 1
        return at >= len(text) or (not self._threads and self._best is not None)

    def _follow(self, thread: tuple, marks: set, threads: list):
        """Add the thread, and those it splits into, up to instructions that take a character."""
        waiting = [thread]
        while waiting:
            pc, begin, opened, closed = waiting.pop()
            if pc in marks:
                continue
            marks.add(pc)
            self._left -= 1
            what, first, second = self._program[pc]
            if what in (_SPLIT, _JUMP):
                waiting.append((second if what == _SPLIT else first, begin, opened, closed))
                waiting.append((first, begin, opened, closed))
            elif what == _OPEN:
                waiting.append((pc + 1, begin, self._at, closed))
            elif what == _CLOSE:
                waiting.append((pc + 1, begin, opened, self._at))
            elif what < _BEGIN or what == _FOUND:
                threads.append((pc, begin, opened, closed))
            elif self._at == (0 if what == _BEGIN else len(self._text)):
                waiting.append((pc + 1, begin, opened, closed))


def _takes(instruction: tuple, char: str) -> bool:
    what, first, negated = instruction
    if what == _CHAR:
        return char == first
    if what == _ANY:
        return char != "\n"
    for index in range(0, len(first), 2):
        if first[index] <= char <= first[index + 1]:
            return not negated
    return negated
