"""The configuration on flash: two copies in turn, and the newest sound one counts."""

import json
import os
from binascii import crc32

from micropython import const

_NAMES = ("config.0.json", "config.1.json")
_SLICE = const(256)
_LONGEST_HEADER = const(96)
_MOST_ASIDE = const(8)
_NO_FILE = const(2)


class StoreError(Exception):
    """What is on the flash, or what should go there, cannot be used; the text says why."""


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
        messages = []
        document = None
        for slot in (0, 1):
            found = self._tried(slot, messages)
            if found is not None:
                document = found
        if document is not None:
            try:
                document = self._opened(document, messages)
            except StoreError as error:
                document = None
                self._put_aside(self._path(self._slot), error, messages)
        if document is None:
            messages.append("no configuration: defaults are used")
        for text in messages:
            self._log.warning("store", text)
        return document, messages

    def _tried(self, slot, messages):
        """The document of a sound copy that is newer than what was found before."""
        try:
            document, header = self._read(self._path(slot))
        except StoreError as error:
            self._put_aside(self._path(slot), error, messages)
        except OSError as error:
            if error.args[0] != _NO_FILE:
                messages.append(f"{_NAMES[slot]} cannot be read: {error}")
        else:
            if header["sequence"] > self.sequence:
                self.sequence = header["sequence"]
                self._slot = slot
                self._kept = (header["crc"], header["length"])
                return document
        return None

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
        for text in pieces(document, self._vault, ""):
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

    def _read(self, path):
        with open(path, "rb") as file:
            header = _header(file.readline(_LONGEST_HEADER))
            _verify(file, header)
            file.seek(0)
            try:
                document = json.load(file)["document"]
            except (ValueError, KeyError, TypeError, MemoryError) as error:
                raise StoreError(f"not readable as JSON ({error})")
        if not isinstance(document, dict):
            raise StoreError("not a document")
        version = document.get("version")
        if not isinstance(version, int) or version < 1:
            raise StoreError("without a version")
        if version > self._version:
            raise StoreError(f"version {version} is newer than this firmware's {self._version}")
        return document, header

    def _opened(self, document, messages):
        if self._vault:
            document = self._vault.opened(document, messages)
        if document["version"] < self._version:
            from firmware.store.migrations import migrate

            document = migrate(document, self._version, messages)
        return document

    def _put_aside(self, path, error, messages):
        for number in range(1, _MOST_ASIDE + 1):
            kept = f"{path}.{number}.bad"
            if number == _MOST_ASIDE or not _exists(kept):
                break
        try:
            os.rename(path, kept)
            self._wear.file("config", 0)
            messages.append(f"{path}: {error}; kept aside as {kept}")
        except OSError as failure:
            messages.append(f"{path}: {error}; cannot be put aside: {failure}")


def _header(line):
    if not line.endswith(b"\n"):
        raise StoreError("cut, or not a configuration file")
    try:
        header = json.loads(line + b"0}")
        numbers = [header[name] for name in ("crc", "length", "sequence")]
    except (ValueError, KeyError, TypeError):
        raise StoreError("not a configuration file")
    if not all(isinstance(number, int) and number >= 0 for number in numbers):
        raise StoreError("not a configuration file")
    return header


def _verify(file, header):
    left = header["length"]
    crc = 0
    while left:
        data = file.read(min(left, _SLICE))
        if not data:
            raise StoreError("cut")
        crc = crc32(data, crc)
        left -= len(data)
    if crc != header["crc"]:
        raise StoreError("wrong checksum")


def pieces(value, vault, key):
    """Yield the JSON text of `value` in small pieces, keys sorted: equal documents, equal text."""
    if isinstance(value, dict):
        before = "{"
        for name in sorted(value):
            if not isinstance(name, str):
                raise StoreError(f"the name {name!r} in {key!r} is not text")
            yield before + json.dumps(name) + ":"
            yield from pieces(value.get(name), vault, name)
            before = ","
        yield "{}" if before == "{" else "}"
    elif isinstance(value, (list, tuple)):
        before = "["
        for item in value:
            yield before
            yield from pieces(item, vault, key)
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


def _exists(path):
    try:
        os.stat(path)
    except OSError:
        return False
    return True


def _remove(path):
    try:
        os.remove(path)
    except OSError:
        pass
