"""The first 256 bytes of an image: what it is, and whether this box may run it."""

import json
import sys

from micropython import const

from firmware.api.errors import ApiError

HEADER = const(256)
_MAGIC = b'{"wallbox":1,'
_FIELDS = (
    ("version", str),
    ("revision", str),
    ("chip", str),
    ("micropython", list),
    ("mpy", int),
    ("config", int),
    ("size", int),
    ("sha256", str),
)


def bad(text: str) -> ApiError:
    """The refusal of an image."""
    return ApiError("bad_image", text, "body")


def read(line: bytes) -> dict:
    """The header in these 256 bytes; ApiError when they are none."""
    if not line.startswith(_MAGIC[: len(line)]):
        raise bad("this is no image of the wallbox firmware (wallbox.img)")
    if len(line) < HEADER:
        raise bad("the image is cut short within its header")
    try:
        header = json.loads(line)
    except ValueError:
        header = {}
    for name, kind in _FIELDS:
        if not isinstance(header.get(name), kind):
            raise bad(f"the image's header is damaged at {name}")
    if len(header["sha256"]) != 64 or header["size"] < 16:
        raise bad("the image's header is damaged")
    return header


def judge(header: dict, board: str, chip: str, config: int):
    """ApiError unless an image may run here: board, chip, and version of the configuration."""
    needed = "{}.{}".format(*(header["micropython"] + [0, 0])[:2])
    present = "{}.{}".format(*sys.implementation.version)
    mpy = getattr(sys.implementation, "_mpy", 0) & 255
    if header["chip"] != chip:
        raise bad(f"the image is for the chip {header['chip']}, this one is {chip}")
    if tuple(header["micropython"]) > tuple(sys.implementation.version[:2]):
        raise bad(f"the image needs MicroPython {needed} or newer, this box runs {present}")
    if header["mpy"] != mpy:
        raise bad(
            f"the image's bytecode has version {header['mpy']}, this MicroPython reads {mpy}"
        )
    if header["config"] < config:
        raise bad(
            f"the image understands configurations up to version {header['config']}, the one"
            f" stored here has version {config}"
        )
    if board not in header.get("boards", (board,)):
        raise bad(f"the image has no table of this board, {board}")
