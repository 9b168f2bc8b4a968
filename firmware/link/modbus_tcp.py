"""One Modbus TCP server or gateway: a connection that is kept, and the devices behind it."""

import asyncio
import time

from micropython import const

from firmware.codec.modbus_tcp import TcpMaster
from firmware.codec.rtu import FrameError
from firmware.link.line import Line
from firmware.link.stream import LinkError, failure
from firmware.meter.rota import Rota
from firmware.ticks import after, since

_CHUNK = const(64)
_SLICE_MS = const(5)
_IDLE_MS = const(20)
_CONNECT_MS = const(50)
_DEAF = const(3)  # questions in a row without an answer end a connection
_MASK = const(0x3FFFFFFF)  # ticks have 30 bits, see ticks.py


class ModbusTcp:
    """Asks the devices that `rota.add` was given over one connection; `run` is the forever task.

    timeout_ms  for an answer; settle_ms after connecting, for servers that need it
    line        the connection (link/line.py): its state, errors, resolver
    """

    def __init__(self, host: str, port: int, log, timeout_ms: int = 2000, settle_ms: int = 0):
        self.line = Line(host, port)
        self.master = TcpMaster()
        self.rota = Rota(late_ms=500)
        self.asked = self.answered = self.silent = self.garbled = self.refused = 0
        self._log = log
        self._timeout_ms = timeout_ms
        self._settle_ms = settle_ms
        self._deaf = 0
        self._chunk = bytearray(_CHUNK)

    def allow(self, silence_ms: int, timeout_ms: int):
        """Give all devices what one of them needs; silence means nothing on TCP."""
        self._timeout_ms = max(self._timeout_ms, timeout_ms)

    async def run(self):
        """Connect when there are devices, ask whoever is due, for ever."""
        try:
            while True:
                turn = None
                try:
                    if self.line.state != "connected":
                        await self._connect(_now())
                    elif (turn := self.rota.next(_now())) is None:
                        await asyncio.sleep_ms(_IDLE_MS)
                    else:
                        turn.device.ask(self.master, _now())
                        await self._exchange()
                        self._answered(turn)
                except (FrameError, LinkError) as error:
                    self._failed(turn, error)
        finally:
            self.line.hang_up()

    async def _connect(self, now: int):
        if not self.rota.turns:
            await asyncio.sleep_ms(_CONNECT_MS)
        elif self.line.advance(now):
            self.line.enter("connected", now)
            self.master.restart()
            self._deaf = 0
            await asyncio.sleep_ms(self._settle_ms)
        else:
            await asyncio.sleep_ms(_CONNECT_MS)

    def _answered(self, turn):
        self.answered += 1
        self._deaf = 0
        self.rota.answered(turn, self.master, _now())

    def _failed(self, turn, error):
        """One answer is missing or wrong, or the connection is lost."""
        lost = isinstance(error, LinkError)
        if turn is not None:
            named = FrameError(str(error)) if lost else error
            self.rota.failed(turn, named, _now())
            self.refused += named.code != 0
        # After garbage nobody knows where the next frame begins.
        if lost or (error.code == 0 and (self._deaf == 0 or self._deaf >= _DEAF)):
            self._lost(error)

    async def _exchange(self):
        self.asked += 1
        deadline = after(_now(), self._timeout_ms)
        sent = 0
        try:
            while since(_now(), deadline) < 0:
                if sent < len(self.master.request):
                    sent += self._send(sent)
                elif self._receive():
                    return
                await asyncio.sleep_ms(_SLICE_MS)
        except OSError as error:
            raise failure(error)
        except FrameError as error:
            self._deaf = 0
            self.garbled += error.code == 0
            raise
        self.silent += 1
        self._deaf += 1
        raise FrameError("no answer")

    def _send(self, sent: int) -> int:
        left = len(self.master.request) - sent
        return self.line.stream.socket.write(self.master.request, sent, left) or 0

    def _receive(self) -> bool:
        """Take what has come, a chunk at a time; True when the answer is complete."""
        count = self.line.stream.socket.readinto(self._chunk, _CHUNK)
        if count == 0:
            raise LinkError("closed by the server")
        return self.master.receive(self._chunk, count) if count else False

    def _lost(self, error):
        now = _now()
        known = self.line.last_error
        wait_ms = self.line.lost(now, error)
        if self.line.last_error != known:
            self._log.warning("meter", f"{self.line.host}: {error}; again in {wait_ms} ms")
        for turn in self.rota.turns:
            turn.last_error = str(error)


def _now() -> int:
    return time.ticks_ms() & _MASK
