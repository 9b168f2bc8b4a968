"""The configuration as text, in small pieces, and into a file: loaded for each save."""

import json
import os
from binascii import crc32

from micropython import const

from firmware.store.errors import StoreError

_SLICE = const(256)


def write(path, head, document, vault, sums):
    """Write one copy in steps of about 256 bytes; `sums` are what `sliced` has found."""
    done = False
    try:
        with open(path, "wb") as file:
            file.write(head.encode())
            again = [0, 0]
            yield from sliced(document, vault, again, file)
            if again != sums:
                raise StoreError("configuration changed while it was being saved")
            file.write(b"\n}\n")
        done = True
    finally:
        # An exception closes the file too, and closing makes half a file the new one.
        if not done:
            _remove(path)


def sliced(document, vault, sums, file):
    """Add checksum and length of the text to `sums`, and write it into `file`, if there is one."""
    step = 0
    for text in _pieces(document, vault, ""):
        data = text.encode()
        sums[0] = crc32(data, sums[0])
        sums[1] += len(data)
        if file:
            file.write(data)
        if sums[1] - step >= _SLICE:
            step = sums[1]
            yield


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
