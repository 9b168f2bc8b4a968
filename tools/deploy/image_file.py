"""The image on the host, build/wallbox.img: its header, its boards, and whether it is sound."""

import hashlib
import json
from pathlib import Path

from line import DeployError

HEADER = 256
_FOLDER = 4
_FILE = 5


class ImageFile:
    """A sound image: `header`, `data` (all of it) and `boards`."""

    def __init__(self, path: Path):
        try:
            self.data = path.read_bytes()
        except OSError as error:
            raise DeployError(f"{path}: {error.strerror}; `make image` builds it") from None
        try:
            self.header = json.loads(self.data[:HEADER])
            sizes = self.header["size"], len(self.data) - HEADER
            wanted = self.header["sha256"]
        except (ValueError, KeyError, TypeError):
            raise DeployError(f"{path} is no image of this firmware") from None
        self.sha256 = hashlib.sha256(self.data[HEADER:]).hexdigest()
        if sizes[0] != sizes[1] or self.sha256 != wanted:
            raise DeployError(f"{path} is damaged: build it again (`make image`)")
        self.version = self.header["version"]
        self.boards = self.header.get("boards") or boards_of(self.data[HEADER:])


def boards_of(system: bytes) -> list[str]:
    """Names of the modules in firmware/boards of a ROM file system."""
    names: list[str] = []
    _, start = _number(system, 3)
    _walk(system, (start, len(system)), "", names)
    folder = "/firmware/boards/"
    return sorted(
        name[len(folder) :].rpartition(".")[0] for name in names if name.startswith(folder)
    )


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number in groups of seven bits, highest first, and the place after it."""
    value = 0
    while True:
        value = value << 7 | data[at] & 127
        at += 1
        if data[at - 1] < 128:
            return value, at


def _walk(data: bytes, span: tuple[int, int], path: str, names: list[str]):
    at, end = span
    while at < end:
        kind, at = _number(data, at)
        size, at = _number(data, at)
        if kind in (_FOLDER, _FILE):
            length, start = _number(data, at)
            name = f"{path}/{data[start : start + length].decode()}"
            if kind == _FILE:
                names.append(name)
            else:
                _walk(data, (start + length, at + size), name, names)
        at += size
