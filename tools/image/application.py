"""Puts the header of an image before an application of ESP-IDF: micropython.bin, frozen firmware.

Layout of the application: ESP-IDF's documentation, "App Image Format".
"""

import hashlib
import struct
from pathlib import Path

from image import CHIP, FORMAT, ROOT, ImageError, facts, written

# The partitions "app_a" and "app_b" of tools/board/WALLBOX, without the block of the header.
LARGEST_BYTES = (1792 - 4) * 1024

_MAGIC = 0xE9  # esp_image_header_t.magic
_CHIP_ID = 0  # esp_image_header_t.chip_id: ESP_CHIP_ID_ESP32
_DESCRIPTION = 0xABCD5432  # esp_app_desc_t.magic_word, the first of the first segment
_HASH_BYTES = 32


def wrap(binary: Path, target: Path, root: Path = ROOT) -> dict:
    """Make the one file `target` of a built micropython.bin; returns its header.

    ImageError names what is wrong with it: nothing is written then.
    """
    try:
        data = binary.read_bytes()
    except OSError as error:
        raise ImageError(f"{binary}: {error.strerror}") from None
    found = facts(root)
    wrong = complaint(data, found["version"])
    if wrong:
        raise ImageError(f"{binary}: {wrong}")
    header = {
        "application": FORMAT,
        "version": found["version"],
        "revision": found["revision"],
        "chip": CHIP,
        "config": found["config"],
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "boards": sorted(path.stem for path in (root / "firmware/boards").glob("*.py")),
    }
    line = written(header)
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(target.name + ".new")
    beside.write_bytes(line + data)
    beside.rename(target)
    return header


def complaint(data: bytes, version: str) -> str:
    """Why these bytes are no application that a box can take; empty when they are one."""
    if len(data) < 288 + _HASH_BYTES or data[0] != _MAGIC:
        return "no application of ESP-IDF; micropython.bin is expected, not firmware.bin"
    chip, described = struct.unpack_from("<H", data, 12)[0], struct.unpack_from("<I", data, 32)[0]
    if chip != _CHIP_ID:
        return f"for another chip (chip id {chip}), an ESP32 ({_CHIP_ID}) is expected"
    if described != _DESCRIPTION:
        return "no description of an application in it; micropython.bin is expected"
    if data[23] != 1:
        return "without a SHA-256 at its end, which the box needs to know that it is whole"
    if hashlib.sha256(data[:-_HASH_BYTES]).digest() != data[-_HASH_BYTES:]:
        return "damaged: the SHA-256 at its end is not that of its bytes"
    if len(data) > LARGEST_BYTES:
        return f"{len(data)} bytes, the partition has room for {LARGEST_BYTES}"
    if version.encode() not in data:
        return (
            f"no firmware of version {version} is frozen into it: was it built of this checkout?"
        )
    return ""
