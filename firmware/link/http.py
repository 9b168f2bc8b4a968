"""The HTTP door: a few connections with deadlines, one request each, answers streamed."""

import asyncio
import binascii
import gc
import socket

from micropython import const

from firmware.api.commands import ADMIN, ANYONE
from firmware.api.errors import ApiError
from firmware.api.guard import guard
from firmware.codec.http_head import Head, HeadError
from firmware.codec.json_stream import Items, JsonStream
from firmware.ticks import after, since

WORKERS = const(4)
_LONGEST_HEAD = const(2048)
_LONGEST_BODY = const(16384)
_HEAD_MS = const(5000)
_BODY_MS = const(10000)
_STALLED_MS = const(5000)
_DRAINS = const(200)
_LATER_MS = const(5000)
_LOOK_MS = const(40)
_WAIT_MS = const(10)
_FLOOR = const(16000)
_CHUNK = const(512)
_EAGAIN = const(11)

_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    411: "Length Required",
    413: "Content Too Large",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
}
# Codes of API errors that are more than a plain 400.
_STATUS = {"not_allowed": 403, "slow_down": 429, "unknown_command": 404, "busy": 503}
_PAGE = (
    "<!doctype html><title>Wallbox</title><p>This wallbox is controlled over MQTT and HTTP. Try "
    '<a href="/cnf?cmd=get_dev_info">/cnf?cmd=get_dev_info</a>.'
)


def listening(port: int, address: str = "0.0.0.0"):
    """A listening socket that never blocks; OSError when the port is taken."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(socket.getaddrinfo(address, port)[0][-1])
    listener.listen(WORKERS)
    listener.setblocking(False)
    return listener


class Gone(Exception):
    """The peer hung up, or was too slow to be waited for."""


class HttpDoor:
    """`WORKERS` tasks run `serve` on one listening socket: so many connections, and no more.

    `free()` tells the free memory in bytes: below 16 kB no connection is taken.
    """

    def __init__(self, box, listener, free=gc.mem_free):
        self.served = 0
        self.refused = 0
        self.portal = None  # firmware/link/portal.py, while the access point is open
        self._box = box
        self._listener = listener
        self._free = free

    async def serve(self):
        """Take a connection, answer its request, close it; for ever."""
        while True:
            await asyncio.sleep_ms(_LOOK_MS)
            try:
                peer = self._listener.accept()[0]
            except OSError:
                continue
            if self._has_room():
                await self._converse(peer)
            else:
                self.refused += 1
                peer.close()

    def _has_room(self) -> bool:
        """Looks at the memory only when somebody came: the question itself walks the heap."""
        if self._free() >= _FLOOR:
            return True
        gc.collect()
        return self._free() >= _FLOOR

    async def _converse(self, peer):
        connection = Connection(peer, self._box.now)
        try:
            await self._answer(connection)
            self.served += 1
        except HeadError as error:
            self.refused += 1
            await self._apologise(connection, error)
        except (Gone, OSError):
            self.refused += 1
        finally:
            await connection.close()

    async def _apologise(self, connection, error):
        try:
            answer = ApiError("bad_request", error.problem).answer()
            await connection.send(error.status, JsonStream(answer))
            await connection.drain()
        except (Gone, OSError):
            pass

    async def _answer(self, connection):
        head = await connection.head()
        if head.path == "/update":
            from firmware.link.http_update import receive

            return await receive(self, connection, head)
        if head.length > _LONGEST_BODY:
            raise HeadError(413, f"a body of more than {_LONGEST_BODY} bytes")
        if head.expects:
            await connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await connection.body(head.length)
        if head.method not in ("GET", "POST"):
            raise HeadError(405, "only GET and POST are understood")
        if head.cross_site():
            # A page from elsewhere must not use the password that the browser remembers.
            raise HeadError(403, "requests of pages from other sites are not answered")
        try:
            role = self._role(head)
        except ApiError as error:
            status = _STATUS.get(error.code, 401)
            return await connection.send(status, JsonStream(error.answer()))
        await self._route(connection, head, body, role)

    async def _route(self, connection, head, body, role):
        if self.portal is not None and await self.portal.answered(connection, head, body):
            return
        if head.path == "/cnf":
            await self._command(connection, head, body, role)
        elif head.path.startswith("/ui/") and head.path.endswith("/sim.htm"):
            await connection.send(200 if role == ADMIN else 401, None, _PAGE)
        elif head.path == "/":
            await connection.send(200, None, _PAGE)
        else:
            raise HeadError(404, "no such page; commands are under /cnf?cmd=")

    def _role(self, head):
        """ADMIN for the right password; a wrong one is refused, not ignored."""
        if not head.authorization:
            return ANYONE
        scheme, _, text = head.authorization.partition(" ")
        try:
            login = str(binascii.a2b_base64(text), "utf-8")
        except ValueError:
            login = ""
        name, _, password = login.partition(":")
        if scheme.lower() == "basic" and name == "admin" and guard(self._box).admin(password):
            return ADMIN
        raise ApiError("wrong_password", "user admin and the right password expected", "")

    async def _command(self, connection, head, body, role):
        if role == ANYONE and not self._box.settings.network.anonymous:
            answer = ApiError("not_allowed", "user admin and the password expected").answer()
        else:
            answer = self._box.commands.call(head.query, body, role)
        if hasattr(answer, "then"):
            answer = await self._later(answer)
        status = 200
        if isinstance(answer, dict) and "error" in answer:
            status = _STATUS.get(answer["error"]["code"], 400)
            if status == 403 and role == ANYONE:
                status = 401
        await connection.send(status, answer if isinstance(answer, Items) else JsonStream(answer))

    async def _later(self, answer):
        """What the line answers, or an error that says that it does not."""
        deadline = after(self._box.now(), _LATER_MS)
        while not answer.ready:
            if since(self._box.now(), deadline) > 0:
                return ApiError("no_answer", "the RS485 line did not answer in time").answer()
            await asyncio.sleep_ms(_WAIT_MS)
        return answer.answer


class Connection:
    """One accepted socket, never blocking, with a deadline for every phase."""

    def __init__(self, peer, now):
        self._peer = peer
        self._now = now
        self._rest = b""
        peer.setblocking(False)

    async def close(self):
        self._peer.close()

    async def drain(self):
        """Read on for up to a second: closing with bytes unread would take the answer back."""
        for _ in range(_DRAINS):
            data = self._read()
            if data == b"":
                return
            await asyncio.sleep_ms(0 if data else _WAIT_MS // 2)

    def _read(self):
        """What has arrived; None when nothing has, b"" when the peer hung up."""
        try:
            return self._peer.recv(_CHUNK)
        except OSError as error:
            if error.errno != _EAGAIN:
                raise
            return None

    async def head(self) -> Head:
        """The request's head, within 5 s and 2 KiB."""
        deadline = after(self._now(), _HEAD_MS)
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            if len(data) >= _LONGEST_HEAD:
                raise HeadError(431, f"a head of more than {_LONGEST_HEAD} bytes")
            data += await self._receive(deadline)
        self._rest = data[end + 4 :]
        return Head(data[:end])

    async def body(self, length: int) -> bytes:
        """`length` bytes, within 10 s."""
        deadline = after(self._now(), _BODY_MS)
        data = bytearray(self._rest)
        while len(data) < length:
            data.extend(await self._receive(deadline))
        self._rest = bytes(data[length:])
        return bytes(data[:length])

    async def _receive(self, deadline):
        while True:
            data = self._read()
            if data == b"":
                raise Gone
            if data:
                return data
            if since(self._now(), deadline) > 0:
                raise HeadError(408, "the request took too long")
            await asyncio.sleep_ms(_WAIT_MS)

    async def write(self, data):
        """All of `data`, bytes-like; gives up when nothing moves for 5 s."""
        view = memoryview(data)
        sent = 0
        deadline = after(self._now(), _STALLED_MS)
        while sent < len(view):
            try:
                count = self._peer.send(view[sent:]) or 0
            except OSError as error:
                if error.errno != _EAGAIN:
                    raise
                count = 0
            if count:
                sent += count
                deadline = after(self._now(), _STALLED_MS)
            elif since(self._now(), deadline) > 0:
                raise Gone
            else:
                await asyncio.sleep_ms(_WAIT_MS)

    async def send(self, status: int, answer, page: str | None = None):
        """A whole answer: JSON from a stream, lines from Items, or a page."""
        if page is not None:
            await self._headers(status, "text/html", len(page))
            await self.write(page.encode())
        elif isinstance(answer, Items) and answer.lines:
            await self._headers(status, "text/csv; charset=utf-8")
            for line in answer.make():
                await self.write(line.encode() + b"\r\n")
        else:
            stream = JsonStream(answer) if isinstance(answer, Items) else answer
            await self._headers(status, "application/json")
            for chunk in stream.chunks():
                await self.write(chunk)
                await asyncio.sleep_ms(0)

    async def _headers(self, status, kind, length=None):
        lines = [f"HTTP/1.1 {status} {_REASONS[status]}", f"Content-Type: {kind}"]
        if status == 401:
            lines.append('WWW-Authenticate: Basic realm="wallbox"')
        if length is not None:
            lines.append(f"Content-Length: {length}")
        # Without a length the end of the connection is the end of the answer.
        lines += ["Connection: close", "Cache-Control: no-store", "\r\n"]
        await self.write("\r\n".join(lines).encode())
