"""A typed line taken apart: a name and its arguments, which may be plain values only."""

_SPACES = " \t"
_WORDS = {"True": True, "False": False, "None": None, "true": True, "false": False, "null": None}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_PAIRS = {"(": ")", "[": "]", "{": "}"}


class CallError(Exception):
    """The line is no call; the text says where, and what would be right."""


def parse(line: str) -> tuple:
    """(name, [values], {name: value}) of a line such as `wifi("home", password="secret")`.

    A bare name is a call without arguments; `app.` in front of it is passed over.
    """
    line = line.strip()
    if line.startswith("app."):
        line = line[4:]
    name = _name(line, 0)
    if not name:
        raise CallError(f"{line[:20]!r} is no command. help() lists them.")
    rest = line[len(name) :].strip()
    if not rest:
        return name, [], {}
    if rest[0] != "(":
        example = rest if rest[0] in "\"'" or rest[0].isdigit() else f'"{rest}"'
        raise CallError(f"Arguments stand in parentheses: {name}({example})")
    return (name,) + _Arguments(rest).take()


def _name(text, start):
    end = start
    while end < len(text) and (text[end].isalpha() or text[end].isdigit() or text[end] == "_"):
        end += 1
    name = text[start:end]
    return "" if name[:1].isdigit() else name


class _Arguments:
    """Reads a text that begins with a parenthesis."""

    def __init__(self, text: str):
        self._text = text
        self._at = 1

    def take(self) -> tuple:
        values, named = [], {}
        while self._next() != ")":
            name = _name(self._text, self._at)
            if name and self._follows(name):
                if name in named:
                    raise CallError(f"{name} is given twice.")
                named[name] = self._value()
            elif named:
                raise CallError("What has a name comes after what has none.")
            else:
                values.append(self._value())
            self._comma(")")
        if self._text[self._at + 1 :].strip():
            raise CallError(f"{self._text[self._at + 1 :].strip()!r} after the parenthesis.")
        return values, named

    def _next(self) -> str:
        while self._text[self._at : self._at + 1] in _SPACES and self._at < len(self._text):
            self._at += 1
        return self._text[self._at : self._at + 1]

    def _follows(self, name) -> bool:
        """Whether `name=` stands here; if so it is passed."""
        rest = self._text[self._at + len(name) :]
        if rest.lstrip()[:1] != "=":
            return False
        self._at += len(name) + rest.find("=") + 1
        return True

    def _comma(self, end):
        found = self._next()
        if found == ",":
            self._at += 1
        elif not found:
            raise CallError(f"A {end} is missing at the end.")
        elif found != end:
            raise CallError(f"A comma or {end} is missing before {self._text[self._at :]!r}.")

    def _value(self):
        first = self._next()
        if first in ('"', "'"):
            return self._quoted(first)
        if first in ("[", "("):
            return self._listed(_PAIRS[first])
        if first == "{":
            return self._object()
        if not first:
            raise CallError("A ) is missing at the end.")
        return self._plain()

    def _quoted(self, mark) -> str:
        text, value = self._text, ""
        self._at += 1
        while self._at < len(text):
            letter = text[self._at]
            self._at += 1
            if letter == mark:
                return value
            if letter == "\\" and self._at < len(text):
                letter = _ESCAPES.get(text[self._at], text[self._at])
                self._at += 1
            value += letter
        raise CallError(f"A {mark} is missing at the end of the text.")

    def _listed(self, end) -> list:
        values = []
        self._at += 1
        while self._next() != end:
            values.append(self._value())
            self._comma(end)
        self._at += 1
        return values

    def _object(self) -> dict:
        values = {}
        self._at += 1
        while self._next() != "}":
            key = self._value()
            if self._next() != ":":
                raise CallError(f"A colon is missing after {key!r}.")
            self._at += 1
            values[key] = self._value()
            self._comma("}")
        self._at += 1
        return values

    def _plain(self):
        start = self._at
        while self._at < len(self._text) and self._text[self._at] not in ",)]}:= \t":
            self._at += 1
        word = self._text[start : self._at]
        if word in _WORDS:
            return _WORDS[word]
        for kind in (int, float):
            try:
                if word[:1].isdigit() or word[:1] in "+-.":
                    return kind(word)
            except ValueError:
                pass
        if not word:
            raise CallError(f"{self._text[self._at :]!r} is no value.")
        raise CallError(f'{word} is no value. A text stands in quotes: "{word}"')
