"""The first 256 bytes of an image: what it is, and whether this box may run it."""

import json
import sys

from micropython import const

from firmware.api.errors import ApiError

HEADER = const(256)
_MAGIC = b'{"wallbox":1,'
_APPLICATION = b'{"application":1,'
_FIELDS = (
    ("version", str),
    ("revision", str),
    ("chip", str),
    ("config", int),
    ("size", int),
    ("sha256", str),
)
# What the box must have for an image. An application brings its own.
_BYTECODE = (("micropython", list), ("mpy", int))


def bad(text: str) -> ApiError:
    """The refusal of an image."""
    return ApiError("bad_image", text, "body")


def read(line: bytes, application: bool = False) -> dict:
    """The header in these 256 bytes; ApiError when they are none, or of the other form."""
    magic = _APPLICATION if application else _MAGIC
    if not line.startswith(magic[: len(line)]):
        raise _foreign(line, application)
    if len(line) < HEADER:
        raise bad("the image is cut short within its header")
    try:
        header = json.loads(line)
    except ValueError:
        header = {}
    for name, kind in _FIELDS if application else _FIELDS + _BYTECODE:
        if not isinstance(header.get(name), kind):
            raise bad(f"the image's header is damaged at {name}")
    if len(header["sha256"]) != 64 or header["size"] < 16:
        raise bad("the image's header is damaged")
    return header


def _foreign(line, application) -> ApiError:
    if application and line.startswith(_MAGIC):
        text = "this image is wallbox.img, without MicroPython: this box, whose firmware is part"
        return bad(text + " of its MicroPython, takes wallbox-app.img")
    if not application and line.startswith(_APPLICATION):
        text = "this image is wallbox-app.img, a MicroPython with the firmware in it: this box,"
        return bad(text + " whose firmware is beside its MicroPython, takes wallbox.img")
    name = "wallbox-app.img" if application else "wallbox.img"
    return bad(f"this is no image of the wallbox firmware ({name})")


def judge(header: dict, board: str, chip: str, config: int):
    """ApiError unless an image may run here: board, chip, and version of the configuration."""
    if header["chip"] != chip:
        raise bad(f"the image is for the chip {header['chip']}, this one is {chip}")
    if "mpy" in header:
        _judge_bytecode(header)
    if header["config"] < config:
        raise bad(
            f"the image understands configurations up to version {header['config']}, the one"
            f" stored here has version {config}"
        )
    if board not in header.get("boards", (board,)):
        raise bad(f"the image has no table of this board, {board}")


def _judge_bytecode(header):
    needed = "{}.{}".format(*(header["micropython"] + [0, 0])[:2])
    present = "{}.{}".format(*sys.implementation.version)
    mpy = getattr(sys.implementation, "_mpy", 0) & 255
    if tuple(header["micropython"]) > tuple(sys.implementation.version[:2]):
        raise bad(f"the image needs MicroPython {needed} or newer, this box runs {present}")
    if header["mpy"] != mpy:
        raise bad(
            f"the image's bytecode has version {header['mpy']}, this MicroPython reads {mpy}"
        )
