"""The configuration on flash: two copies in turn, and the newest sound one counts."""

import json
import os
from binascii import crc32

from micropython import const

from firmware.store.errors import StoreError
from firmware.store.once import forget

_NAMES = ("config.0.json", "config.1.json")
_SLICE = const(256)


class ConfigStore:
    """Keeps one document (a dict of JSON values with a "version") in `folder`.

    A save writes the file that does not hold the document in force, so that littlefs replaces
    it at close or not at all, and the copy in force is never touched. `version` is the newest
    document this firmware understands. `wear` is the account of store/wear.py. `vault`, when
    given, seals the values of secret members (store/vault.py).
    """

    def __init__(self, folder: str, log, wear, version: int = 1, vault=None):
        self._folder = folder
        self._log = log
        self._wear = wear
        self._version = version
        self._vault = vault
        self._slot = 1
        self._kept = (0, 0)
        self.sequence = 0

    def load(self):
        """Read the newest sound copy: (document or None, list of messages).

        Takes some 100 flash reads for 2 KiB, and three writes for each file put aside: call it
        before the loop starts. Never raises for what it finds on the flash.
        """
        from firmware.store.config_reader import newest

        paths = [self._path(slot) for slot in (0, 1)]
        document, messages, header = newest(paths, self._version, self._vault, self._wear)
        forget("config_reader")
        if header:
            self._slot = header["slot"]
            self._kept = (header["crc"], header["length"])
            self.sequence = header["sequence"]
        for text in messages:
            self._log.warning("store", text)
        return document, messages

    def save(self, document) -> bool:
        """Write the document unless it is already on the flash; True if it was written.

        Holds the caller for the whole write: one or two block erases and a page program for
        each 128 bytes. Raises StoreError; what was saved before is then still in force.
        """
        before = self.sequence
        for _ in self.saving(document):
            pass
        return self.sequence != before

    def saving(self, document):
        """The same as `save`, as a generator: each step serialises and writes about 256 bytes.

        Each step holds the loop for at most one block erase and two page programs; only the
        last one replaces the file. Abandoned in the middle, it leaves the former copies.
        """
        sums = [0, 0]
        yield from self._sliced(document, sums, None)
        crc, length = sums
        if (crc, length) == self._kept:
            return
        slot = 1 - self._slot
        head = f'{{"crc":{crc},"length":{length},"sequence":{self.sequence + 1},"document":\n'
        try:
            yield from self._write(self._path(slot), head, document, sums)
        except OSError as error:
            self._wear.failures += 1
            raise StoreError(f"configuration not saved: {error}")
        self._wear.file("config", length + len(head))
        self._slot = slot
        self._kept = (crc, length)
        self.sequence += 1

    def _write(self, path, head, document, sums):
        done = False
        try:
            with open(path, "wb") as file:
                file.write(head.encode())
                again = [0, 0]
                yield from self._sliced(document, again, file)
                if again != sums:
                    raise StoreError("configuration changed while it was being saved")
                file.write(b"\n}\n")
            done = True
        finally:
            # An exception closes the file too, and closing makes half a file the new one.
            if not done:
                _remove(path)

    def _sliced(self, document, sums, file):
        step = 0
        for text in _pieces(document, self._vault, ""):
            data = text.encode()
            sums[0] = crc32(data, sums[0])
            sums[1] += len(data)
            if file:
                file.write(data)
            if sums[1] - step >= _SLICE:
                step = sums[1]
                yield

    def _path(self, slot):
        return self._folder + "/" + _NAMES[slot]


def _pieces(value, vault, key):
    """Yield the JSON text of `value` in small pieces, keys sorted: equal documents, equal text."""
    if isinstance(value, dict):
        before = "{"
        for name in sorted(value):
            if not isinstance(name, str):
                raise StoreError(f"the name {name!r} in {key!r} is not text")
            yield before + json.dumps(name) + ":"
            yield from _pieces(value.get(name), vault, name)
            before = ","
        yield "{}" if before == "{" else "}"
    elif isinstance(value, (list, tuple)):
        before = "["
        for item in value:
            yield before
            yield from _pieces(item, vault, key)
            before = ","
        yield "[]" if before == "[" else "]"
    else:
        yield _leaf(value, vault, key)


def _leaf(value, vault, key):
    if isinstance(value, str) and vault and value:
        return json.dumps(vault.sealed(key, value))
    if isinstance(value, float) and value - value != 0:
        raise StoreError(f"{key!r} is not a number")
    if value is None or isinstance(value, (str, int, float, bool)):
        return json.dumps(value)
    raise StoreError(f"{key!r} cannot be saved")


def _remove(path):
    try:
        os.remove(path)
    except OSError:
        pass
