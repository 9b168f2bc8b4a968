"""A meter polled over HTTP: one kept connection, bounded answers, nobody waits."""

import asyncio
import binascii
import time

from micropython import const

from firmware.codec.http_answer import Answer, AnswerError
from firmware.link.line import Line
from firmware.link.stream import LinkError, failure
from firmware.ticks import after, since

_CHUNK = const(128)
_SLICE_MS = const(10)
_LOOK_MS = const(50)
_ANSWER_MS = const(5000)
_MASK = const(0x3FFFFFFF)  # ticks have 30 bits, see ticks.py


class HttpMeter:
    """Asks for the paths of a JsonMeter, round after round; `run` is the forever task.

    host     a name or a literal address
    line     the connection (link/line.py); knows a resolver
    outputs  meter.outputs.Outputs whose orders are sent after each round, or None
    """

    def __init__(self, meter, host: str, port: int, log):
        self.meter = meter
        self.line = Line(host, port)
        self.outputs = None
        self.asked = self.answered = 0
        self._log = log
        self._answer = Answer()
        self._chunk = bytearray(_CHUNK)
        self._authorization = ""

    def login(self, user: str, password: str):
        """Send a name and a password with each request (Basic authentication, RFC 7617)."""
        token = binascii.b2a_base64(f"{user}:{password}".encode()).decode().strip()
        self._authorization = f"Authorization: Basic {token}\r\n"

    async def run(self):
        """Poll for ever."""
        try:
            while True:
                began = _now()
                try:
                    await self._round()
                except (LinkError, AnswerError) as error:
                    self._lost(error)
                left = self.meter.poll_ms - since(_now(), began)
                await asyncio.sleep_ms(max(left, _LOOK_MS))
        finally:
            self.line.hang_up()

    async def _round(self):
        for index in range(len(self.meter.paths)):
            await self._connected()
            await self._ask(index)
        while self.outputs and (order := self.outputs.next(_now())) is not None:
            await self._connected()
            try:
                await self._order(order)
            except (LinkError, AnswerError):
                self.outputs.failed(order)
                raise

    async def _order(self, order: tuple):
        """Send an output: a path of this meter, POST with a body and GET without."""
        path, body = order
        self._answer.restart()
        try:
            await self._exchange(self._request(("POST " if body else "GET ") + path, body))
        except OSError as error:
            raise failure(error)
        if not self._answer.keep:
            self.line.hang_up()
        if self._answer.status >= 300:
            self.meter.failed(f"output: status {self._answer.status}", _now())

    async def _connected(self):
        while self.line.state != "connected":
            now = _now()
            if self.line.advance(now):
                self.line.enter("connected", now)
            else:
                await asyncio.sleep_ms(_LOOK_MS)

    async def _ask(self, index: int):
        self.asked += 1
        self._answer.restart()
        try:
            await self._exchange(self._request(self.meter.paths[index]))
        except OSError as error:
            raise failure(error)
        if not self._answer.keep:
            self.line.hang_up()
        if self._answer.status != 200:
            self.meter.failed(f"status {self._answer.status}", _now())
            return
        self.answered += 1
        values = []
        for _ in self.meter.parts(index, self._answer.body, values):
            await asyncio.sleep_ms(0)
        self.meter.settle(index, values, _now())

    def _request(self, path: str, body: str = "") -> bytes:
        method, _, rest = path.partition(" ")
        if rest:
            path = rest
        else:
            method = "GET"
        return (
            f"{method} {path} HTTP/1.1\r\nHost: {self.line.host}\r\n{self._authorization}"
            f"Accept: application/json\r\nContent-Length: {len(body.encode())}\r\n\r\n{body}"
        ).encode()

    async def _exchange(self, request: bytes):
        socket = self.line.stream.socket
        deadline = after(_now(), _ANSWER_MS)
        sent = 0
        while since(_now(), deadline) < 0:
            if sent < len(request):
                sent += socket.write(request, sent, len(request) - sent) or 0
                continue
            count = socket.readinto(self._chunk, _CHUNK)
            if count is None:
                await asyncio.sleep_ms(_SLICE_MS)
                continue
            if count == 0:
                if self._answer.closed():
                    return
                raise LinkError("closed by the meter")
            if self._answer.receive(self._chunk, count):
                return
            await asyncio.sleep_ms(0)
        raise LinkError("no answer")

    def _lost(self, error):
        now = _now()
        self.meter.failed(str(error), now)
        known = self.line.last_error
        wait_ms = self.line.lost(now, error)
        if self.line.last_error != known:
            self._log.warning("meter", f"{self.line.host}: {error}; again in {wait_ms} ms")


def _now() -> int:
    return time.ticks_ms() & _MASK
