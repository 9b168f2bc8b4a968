"""Which copy of the configuration is sound and newest; what is not is kept aside. Boot only."""

import json
import os
from binascii import crc32

from micropython import const

from firmware.store.errors import StoreError

_SLICE = const(256)
_LONGEST_HEADER = const(96)
_MOST_ASIDE = const(8)
_NO_FILE = const(2)


def newest(paths: list, version: int, vault, wear):
    """(document or None, messages, header or None) of the newest sound file of `paths`.

    The header has "slot" (index into `paths`), "sequence", "crc" and "length".
    """
    messages = []
    best = None
    for slot, path in enumerate(paths):
        found = _tried(path, version, wear, messages)
        if found and (best is None or found[1]["sequence"] > best[1]["sequence"]):
            best = found
            best[1]["slot"] = slot
    document, header = best or (None, None)
    if header is not None:
        try:
            document = _opened(document, version, vault, messages)
        except StoreError as error:
            document = None
            _put_aside(paths[header["slot"]], error, wear, messages)
    if document is None:
        messages.append("no configuration: defaults are used")
    return document, messages, header


def _tried(path, version, wear, messages):
    try:
        if os.stat(path)[6] == 0:
            # What a power cut in the very first save to this file leaves.
            messages.append(f"{path} is empty")
            return None
        return _read(path, version)
    except StoreError as error:
        _put_aside(path, error, wear, messages)
    except OSError as error:
        if error.args[0] != _NO_FILE:
            messages.append(f"{path} cannot be read: {error}")
    return None


def _read(path, version):
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
    found = document.get("version")
    if not isinstance(found, int) or found < 1:
        raise StoreError("without a version")
    if found > version:
        raise StoreError(f"version {found} is newer than this firmware's {version}")
    return document, header


def _opened(document, version, vault, messages):
    if vault:
        document = vault.opened(document, messages)
    if document["version"] < version:
        from firmware.store.migrations import migrate

        document = migrate(document, version, messages)
    return document


def _put_aside(path, error, wear, messages):
    for number in range(1, _MOST_ASIDE + 1):
        kept = f"{path}.{number}.bad"
        if number == _MOST_ASIDE or not _exists(kept):
            break
    try:
        os.rename(path, kept)
        wear.file("config", 0)
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


def _exists(path):
    try:
        os.stat(path)
    except OSError:
        return False
    return True
