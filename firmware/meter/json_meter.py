"""A meter that speaks JSON or text, over HTTP or MQTT: bodies in, a reading out."""

import json

from micropython import const

from firmware.codec.json_members import members
from firmware.codec.json_query import compile_query, find
from firmware.codec.regex import Regex, RegexError, Search
from firmware.meter.decimal import scaled
from firmware.meter.modbus_meter import keep
from firmware.meter.reading import Reading

_SHORT = const(1200)  # an ESP32 parses that much in less than 10 ms


class JsonMeter:
    """`paths` are what has to be asked for or subscribed to, each once; `address`, that of the
    device, stands for ${address} in them.

    `received(index, body, now)` takes what came for one of them. The reading is as fresh as the
    oldest of the paths that give more than counters.
    """

    def __init__(self, definition, reading: Reading | None = None, address: str = ""):
        self.reading = reading or Reading(30000)
        self.poll_ms = definition.poll_ms
        self.finish = None
        self.errors = 0
        self.last_error = ""
        self.error_at = None
        self.extra = [None] * definition.extra_count
        self.paths = [path.replace("${address}", address) for path in definition.paths]
        self._sources = definition.sources
        self._fresh = [False] * len(self.paths)

    def received(self, index: int, body, now: int) -> bool:
        """Take a body (str or bytes-like) for path `index`; False, and named, if it is none."""
        values = []
        for _ in self.parts(index, body, values):
            pass
        return self.settle(index, values, now)

    def parts(self, index: int, body, values: list):
        """The same in portions, for a loop that others share: gather into `values`."""
        text = body if isinstance(body, str) else _text(body)
        lines = [line.split("\t") for line in self._sources.split("\n")]
        sources = [source for source in lines if source[0] == str(index)]
        document = None
        if len(text) <= _SHORT:
            document = _parse(text)
        elif text.lstrip().startswith("{"):
            document = {}
            try:
                yield from members(text, _first_names(sources), document)
            except ValueError:
                document = None
        for source in sources:
            found = None
            if source[5]:
                search = Search(Regex(source[5]), text)
                while not self._searched(search):
                    yield
                found = search.result
            elif document is not None:
                found = _found(document, source[4])
            values.append((int(source[1]), scaled(found, int(source[2]), int(source[3]))))
            yield

    def _searched(self, search) -> bool:
        try:
            return search.run(200)
        except RegexError:
            search.result = None  # takes too long
            return True

    def settle(self, index: int, values: list, now: int) -> bool:
        """Put gathered values into the reading, if there are any."""
        if all(number is None for _, number in values):
            self.failed("nothing of use in the answer", now)
            return False
        for target, number in values:
            keep(self.reading, self.extra, target, number)
        self._fresh[index] = True
        if all(self._fresh):
            self._fresh = [False] * len(self.paths)
            if not self.finish or self.finish(self, now):
                self.reading.touch(now)
        return True

    def failed(self, problem: str, now: int):
        """Note that a path could not be asked, or what it gave is of no use."""
        self.errors += 1
        self.last_error = problem
        self.error_at = now


def _first_names(sources: list) -> list:
    """The members of the document that the queries of these sources begin with."""
    names = []
    for source in sources:
        for part in source[4].split(" + "):
            names.extend(compile_query(part)[:1])
    return names


def _found(document, query: str):
    """What a query leads to; the sum, where it names several members with " + " between."""
    parts = query.split(" + ")
    if len(parts) == 1:
        return find(document, compile_query(query))
    total = 0
    for part in parts:
        number = find(document, compile_query(part))
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            return None
        total += number
    return total


def _text(body) -> str:
    try:
        return bytes(body).decode()
    except UnicodeError:
        return ""


def _parse(text: str):
    """The document; None for what is no JSON, which a regex may still read."""
    try:
        return json.loads(text)
    except (ValueError, RuntimeError):  # too deep is a RuntimeError
        return None
