"""Update, roll back, and how it stands: for every door. Loaded when needed, and forgotten."""

import asyncio
import os

from micropython import const

from firmware.api.errors import ApiError
from firmware.settings import VERSION
from firmware.slots import choice, header
from firmware.slots.places import place
from firmware.slots.upload import Upload, may_begin, start_next

_PIECE = const(512)
_PLAIN = const(0x8000)  # in the mode of a file that is no folder


def begin(box) -> Upload:
    """A new update; ApiError when it may not be. The caller closes it."""
    return Upload(box, _device(box))


def _device(box):
    """The flash partition of the images, where boot.py has found that they are in one."""
    return box.system.image_partition() if choice.running()[1] else None


async def complete(box, upload):
    """Check an update of which everything has come, choose it and ask for the restart."""
    for _ in upload.finish():
        await asyncio.sleep_ms(0)
    box.system.restart()


async def update(box, path: str) -> dict:
    """Update from a file on this controller; what `done` says. ApiError, or OSError."""
    upload = begin(box)
    try:
        with open(path, "rb") as file:  # noqa: ASYNC230  a few milliseconds a piece
            while piece := file.read(_PIECE):
                upload.take(piece)
                await asyncio.sleep_ms(0)
        await complete(box, upload)
    finally:
        upload.close()
    return done(upload)


def start(box, path: str) -> dict:
    """The same as a task of its own: how it goes is in the log and in `status`, the answer."""
    may_begin(box)
    try:
        plain = os.stat(path)[0] & _PLAIN
    except OSError:
        plain = 0
    if not plain:
        raise ApiError("bad_value", f"there is no file {path}", "file")
    asyncio.create_task(_logged(box, path))  # noqa: RUF006  the loop keeps it
    return status(box)


async def _logged(box, path):
    try:
        await update(box, path)
    except (ApiError, OSError) as error:
        box.log.error("update", f"{path}: {error}")


def done(upload) -> dict:
    """The answer to an update that went well."""
    return {"slot": upload.slot, "version": upload.header["version"], "restarts": True}


def status(box) -> dict:
    """Which slot runs in which state, what is in the other one, and what went wrong last."""
    slot = choice.running()[0]
    chosen = choice.words("choice")
    upload = box.update
    return {
        "slot": slot or None,
        "form": choice.form(),
        "version": box.system.version,
        "state": chosen[1] if len(chosen) == 3 and chosen[0] == slot else "good",
        "next": chosen[0] if chosen else slot or None,
        "other": _described(box, choice.other(slot)),
        "why": " ".join(choice.words("why") or choice.words("why.old")),
        "received": upload.received if upload else None,
        "size": upload.header["size"] if upload and upload.header else None,
    }


def _header(where) -> dict:
    """The header of what is in a place; ApiError or OSError when nothing is.

    Empty for an application that no update has brought: by cable it comes without a header.
    """
    application = choice.form() == "application"
    line = bytearray(header.HEADER)
    try:
        where.open()
        where.read(0, line)
        return header.read(bytes(line), application)
    except (ApiError, OSError):
        if not application:
            raise
        where.examine("")
        return {}
    finally:
        where.close()


def _described(box, slot):
    if box.update is not None:
        return None
    try:
        found = _header(place(slot, _device(box)))
    except (ApiError, OSError):
        return None
    return {"slot": slot, "version": found.get("version"), "revision": found.get("revision")}


def roll_back(box) -> str:
    """Start the other slot's version, on trial, at the restart that this asks for."""
    slot = choice.running()[0]
    if not slot:
        raise ApiError("not_supported", "this box does not run from a slot", "cmd")
    may_begin(box)
    slot = choice.other(slot)
    where = place(slot, _device(box))
    try:
        found = _header(where)
    except (ApiError, OSError):
        raise ApiError("bad_image", "there is no other version to go back to", "cmd") from None
    if found:
        header.judge(found, box.settings.board.get("name", ""), box.system.platform, VERSION)
    try:
        start_next(where, slot)
    except OSError as error:
        raise ApiError("flash_failed", f"the flash refused: {error}", "cmd") from None
    version = found.get("version", "in slot " + slot)
    box.log.warning("update", f"version {version} is started again, on trial")
    box.system.restart()
    return "ok"
