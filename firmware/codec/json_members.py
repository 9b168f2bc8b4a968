"""Some members of a long JSON object, found in slices, so that nobody waits for the whole."""

import json

from micropython import const

_SLICE = const(120)  # characters looked at without yielding: some 7 ms on an ESP32


def members(text: str, wanted, found: dict):
    """Generator: puts the wanted members of the object `text` into `found`.

    Only these are parsed. Raises ValueError for what is no JSON object, as far as it shows.
    """
    scanner = _Scanner(text, wanted, found)
    while scanner.at < len(text):
        stop = min(scanner.at + _SLICE, len(text))
        while scanner.at < stop:
            scanner.step()
        yield
    scanner.finish()


class _Scanner:
    """Goes from one sign to the next; strings are skipped whole."""

    def __init__(self, text: str, wanted, found: dict):
        self.at = 0
        self._text = text
        self._wanted = wanted
        self._found = found
        self._depth = 0
        self._name = None  # of the member that is under way
        self._value = -1  # where its value begins

    def step(self):
        """Take the next character, or string."""
        char = self._text[self.at]
        if char == '"':
            self._string()
        elif char in "{[":
            self._depth += 1
        elif char in "}],":
            self._end(char)
        elif char == ":" and self._depth == 1 and self._value < 0:
            self._value = self.at + 1
        self.at += 1

    def _string(self):
        text = self._text
        end = text.find('"', self.at + 1)
        while end > 0 and _escaped(text, end):
            end = text.find('"', end + 1)
        if end < 0:
            raise ValueError("a text is never closed")
        if self._depth == 1 and self._value < 0:
            self._name = text[self.at + 1 : end]
        self.at = end

    def _end(self, char: str):
        self._depth -= char != ","
        if self._value >= 0 and self._depth == (1 if char == "," else 0):
            if self._name in self._wanted:
                self._found[self._name] = json.loads(self._text[self._value : self.at])
            self._name = None
            self._value = -1

    def finish(self):
        """Raise ValueError when the text was no object, or not all of it."""
        if self._depth or not self._text.strip().startswith("{"):
            raise ValueError("no JSON object")


def _escaped(text: str, at: int) -> bool:
    """True when an odd number of backslashes stands before this place."""
    count = 0
    while text[at - 1 - count] == "\\":
        count += 1
    return count % 2 == 1
