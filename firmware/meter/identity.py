"""What a Modbus meter says of itself once: serial number, version, type."""

from micropython import const

_TRIES = const(3)


class Identity:
    """A device of a Rota that asks for each text once and is due no more; `texts` by name."""

    def __init__(self, unit: int, definition):
        self.unit = unit
        self.texts = dict(definition.fixed)
        self._function = definition.function
        self._asked = definition.asked
        self._names = sorted(definition.asked)
        self._tries = 0

    def due(self, now: int) -> bool:
        return len(self._names) > 0

    def ask(self, master, now: int):
        """Put the next question into `master`."""
        address, _, count = self._asked[self._names[0]]
        master.ask(self.unit, self._function, address, count)

    def answered(self, words, now: int):
        name = self._names.pop(0)
        _, kind, count = self._asked[name]
        numbers = [words.word(i) for i in range(count)]
        if kind == "string" or (not kind and count > 4):
            self.texts[name] = _text(numbers)
        elif count > 1:
            self.texts[name] = ".".join(str(number) for number in numbers)
        else:
            self.texts[name] = str(numbers[0])
        self._tries = 0

    def failed(self, error, now: int):
        """A text that the meter refuses, or cannot give three times, stays unknown."""
        self._tries += 1
        if error.code or self._tries >= _TRIES:
            self._names.pop(0)
            self._tries = 0


def _text(words: list) -> str:
    """Two characters per register, the first in the high byte; up to the first that is none."""
    text = ""
    for word in words:
        for octet in (word >> 8, word & 0xFF):
            if octet == 0:
                return text.strip()
            text += chr(octet) if 32 <= octet < 127 else "?"
    return text.strip()
