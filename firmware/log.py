"""What happened: a short ring of entries in RAM, echoed on the console."""

from micropython import const

ERROR = const(0)
WARNING = const(1)
INFO = const(2)
DEBUG = const(3)
NAMES = ("error", "warning", "info", "debug")

_ENTRIES = const(64)
_LONGEST = const(200)


class Log:
    """Entries are tuples (number, unix seconds or None, level, topic, text); numbers never repeat.

    `clock` gives unix seconds, or None while the time is unknown. Texts are cut at 200
    characters. Callers keep secrets out of texts.
    """

    def __init__(self, clock=None, echo=print):
        self.clock = clock
        self.level = INFO
        self.number = 0
        self.echo = echo
        self._ring: list = [None] * _ENTRIES

    def note(self, level: int, topic: str, text: str):
        """Keep and print one entry; entries above `self.level` are dropped."""
        if level > self.level:
            return
        self.number += 1
        at = self.clock() if self.clock else None
        if len(text) > _LONGEST:
            text = text[:_LONGEST]
        self._ring[self.number % _ENTRIES] = (self.number, at, level, topic, text)
        if self.echo:
            self.echo(f"{NAMES[level]}: {topic}: {text}")

    def error(self, topic: str, text: str):
        self.note(ERROR, topic, text)

    def warning(self, topic: str, text: str):
        self.note(WARNING, topic, text)

    def info(self, topic: str, text: str):
        self.note(INFO, topic, text)

    def debug(self, topic: str, text: str):
        self.note(DEBUG, topic, text)

    def after(self, number: int):
        """Yield the kept entries newer than entry `number`, oldest first."""
        first = max(number, self.number - _ENTRIES) + 1
        for wanted in range(first, self.number + 1):
            yield self._ring[wanted % _ENTRIES]
