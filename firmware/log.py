"""What happened: the latest entries, packed into one piece of RAM, echoed on the console."""

from micropython import const

ERROR = const(0)
WARNING = const(1)
INFO = const(2)
DEBUG = const(3)
NAMES = ("error", "warning", "info", "debug")

_SIZE = const(1024)  # bytes: some 20 entries
_LONGEST = const(200)
# Of an entry: its length in bytes (2), level (1), unix seconds or 0 (4), length of the topic (1).
_HEAD = const(8)


class Log:
    """Entries are tuples (number, unix seconds or None, level, topic, text); numbers never repeat.

    `clock` gives unix seconds, or None while the time is unknown. Texts are cut at 200
    characters. Callers keep secrets out of texts. What is kept takes `size` bytes, 1,000 at least,
    from the start, and no more later: as objects, 64 entries are 8 KB in small pieces.
    """

    def __init__(self, clock=None, echo=print, size: int = _SIZE):
        self.clock = clock
        self.level = INFO
        self.number = 0
        self.echo = echo
        self._kept = memoryview(bytearray(size))
        self._used = 0
        self._first = 1

    def note(self, level: int, topic: str, text: str):
        """Keep and print one entry; entries above `self.level` are dropped."""
        if level > self.level:
            return
        self.number += 1
        at = self.clock() if self.clock else None
        if len(text) > _LONGEST:
            text = text[:_LONGEST]
        self._keep(level, at, topic.encode(), text.encode())
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
        while number < self.number:
            number = max(number + 1, self._first)
            yield self._entry(number)

    def enlarge(self, size: int):
        """Keep entries in so many bytes from now on, at least as many as until now."""
        kept = memoryview(bytearray(size))
        kept[: self._used] = self._kept[: self._used]
        self._kept = kept

    def _keep(self, level, at, topic, text):
        kept = self._kept
        size = _HEAD + len(topic) + len(text)
        while self._used + size > len(kept):
            gone = kept[0] << 8 | kept[1]
            self._used -= gone
            self._first += 1
            kept[: self._used] = kept[gone : gone + self._used]
        begin = self._used
        self._used = end = begin + size
        kept[begin : begin + 2] = size.to_bytes(2, "big")
        kept[begin + 2] = level
        kept[begin + 3 : begin + 7] = (at or 0).to_bytes(4, "big")
        kept[begin + 7] = len(topic)
        kept[begin + _HEAD : end] = topic + text

    def _entry(self, number: int) -> tuple:
        kept = self._kept
        begin = 0
        for _ in range(number - self._first):
            begin += kept[begin] << 8 | kept[begin + 1]
        end = begin + (kept[begin] << 8 | kept[begin + 1])
        text = begin + _HEAD + kept[begin + 7]
        at = int.from_bytes(kept[begin + 3 : begin + 7], "big") or None
        topic = str(kept[begin + _HEAD : text], "utf-8")
        return number, at, kept[begin + 2], topic, str(kept[text:end], "utf-8")
