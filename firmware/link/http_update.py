"""POST /update: an image of the firmware as the body, never held as a whole."""

import asyncio

from micropython import const

from firmware.api.commands import ADMIN
from firmware.api.errors import ApiError
from firmware.codec.http_head import HeadError
from firmware.codec.json_stream import JsonStream
from firmware.slots import choice, manage
from firmware.ticks import after, since

_PIECE = const(512)
# 400 KiB in a quarter of an hour are 450 bytes a second, an application of 1.8 MB needs 2 KB/s:
# slower is no network to update over.
_LONGEST_MS = const(900000)
# So long what is left of a refused image is read, because hanging up would take the answer back.
_DRAIN_MS = const(10000)
_STATUS = {"not_allowed": 403, "slow_down": 429, "wrong_password": 401, "busy": 503}


async def receive(door, connection, head):
    """Answer one request; raises HeadError and Gone as the door does."""
    box = door._box
    left = [head.length]
    try:
        _authorise(door, head)
        upload = manage.begin(box)
        try:
            if head.expects:
                await connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            await _take(box, connection, upload, left)
            await manage.complete(box, upload)
            answer, status = manage.done(upload), 200
        finally:
            upload.close()
    except ApiError as error:
        box.log.error("update", f"refused: {error}")
        answer, status = error.answer(), _STATUS.get(error.code, 400)
        if head.expects and left[0] == head.length:
            left[0] = 0  # who waits for a word sends nothing without it
        await _drain(box, connection, left)
    finally:
        choice.forget("firmware.link.http_update")
    await connection.send(status, JsonStream(answer))
    await connection.drain()


def _authorise(door, head):
    if head.method != "POST":
        raise HeadError(405, "an image is sent with POST")
    if head.cross_site():
        raise HeadError(403, "requests of pages from other sites are not answered")
    if door._role(head) != ADMIN:
        raise ApiError("wrong_password", "user admin and the password expected")
    if not head.length:
        raise HeadError(411, "an image as the body expected")


async def _take(box, connection, upload, left):
    deadline = after(box.now(), _LONGEST_MS)
    while left[0]:
        piece = await connection.body(min(_PIECE, left[0]))
        left[0] -= len(piece)
        upload.take(piece)
        if since(box.now(), deadline) > 0:
            raise HeadError(408, "the image took more than a quarter of an hour")
        await asyncio.sleep_ms(0)


async def _drain(box, connection, left):
    deadline = after(box.now(), _DRAIN_MS)
    while left[0] and since(box.now(), deadline) < 0:
        left[0] -= len(await connection.body(min(_PIECE, left[0])))
        await asyncio.sleep_ms(0)
