"""The way to a peer and back to it: states with deadlines, and waits between attempts."""

from os import urandom

from micropython import const

from firmware.codec.broker import is_address
from firmware.link.stream import LinkError, TcpStream
from firmware.ticks import after, since

_OFF = const("off")
_HELD = const("held")
_WAITING = const("waiting")
_RESOLVING = const("resolving")
_CONNECTING = const("connecting")
_SECURING = const("securing")
_GREETING = const("greeting")
_CONNECTED = const("connected")

# How long a state may last, in ms. A connection that is up is its owner's to watch.
PATIENCE_MS = (
    (_RESOLVING, 10000),
    (_CONNECTING, 10000),
    (_SECURING, 30000),
    (_GREETING, 10000),
)

_AT_REST = (_OFF, _HELD, _WAITING)
_STABLE_MS = const(10000)  # a connection that lived that long starts the back-off anew
_LONGEST_WAIT_MS = const(60000)
_REFUSED_WAIT_MS = const(8000)  # the host is there, only its broker is not: look often


class Line:
    """Gets connected to one peer, and again after each failure; `stream` is there while it lives.

    off, then (held,) resolving, connecting, (securing,) greeting, connected; after a failure
    waiting, and all over again. `resolver` has lookup(host, now), which gives an address, or None
    while it is asking. `secure`, where given, is a link.tls.Secure: once TCP is up it wraps the
    stream, and it may hold attempts back. `open(address, port)` gives the stream.
    """

    open = TcpStream

    def __init__(self, host: str, port: int):
        self.host = host
        self.port = port
        self.state = _OFF
        self.since = 0
        self.connections = 0
        self.failures = 0
        self.last_error = ""
        self.resolver = self.secure = self.stream = None
        self._attempts = 0
        self._deadline = None

    def enter(self, state: str, now: int):
        """Go on to the next state, which has its own time."""
        self.state = state
        self.since = now
        patience_ms = dict(PATIENCE_MS).get(state)
        self._deadline = after(now, patience_ms) if patience_ms else None
        if state == _CONNECTED:
            self.connections += 1

    def advance(self, now: int) -> bool:
        """Take the next step when its time has come; True when greeting can begin or goes on.

        Raises LinkError, also for a state that has lasted too long: then call lost().
        """
        late = self._deadline is not None and since(now, self._deadline) >= 0
        if self.stream is None and self.secure and self.secure.held(now):
            if self.state != _HELD:
                self.enter(_HELD, now)
        elif self.state in _AT_REST:
            if late or self.state != _WAITING:
                self.enter(_RESOLVING, now)
        elif late:
            raise LinkError(f"no answer for {dict(PATIENCE_MS)[self.state] // 1000} s")
        elif self.state == _RESOLVING:
            self._resolve(now)
        else:
            return self.state == _GREETING or self._rise(now)
        return False

    def _rise(self, now: int) -> bool:
        """From TCP to TLS and on to greeting."""
        if self.state == _SECURING and self.secure.held(now):
            return False  # a handshake that has begun waits, too; its deadline ends it
        if not self.stream.ready():
            return False
        if self.state == _CONNECTING and self.secure:
            self.enter(_SECURING, now)
            self.stream = self.secure.wrap(self.stream, now)
            return False
        self.enter(_GREETING, now)
        return True

    def _resolve(self, now: int):
        address = self.host
        if not is_address(address):
            if not self.resolver:
                raise LinkError("no resolver for names")
            address = self.resolver.lookup(address, now)
        if address:
            self.stream = self.open(address, self.port)
            self.enter(_CONNECTING, now)

    def lost(self, now: int, error) -> int:
        """Hang up and wait for 1 to 60 s, each time longer; returns the ms to wait."""
        if self.state == _CONNECTED and since(now, self.since) > _STABLE_MS:
            self._attempts = 0
        most = _REFUSED_WAIT_MS if getattr(error, "refused", False) else _LONGEST_WAIT_MS
        wait_ms = min(1000 << min(self._attempts, 6), most)
        if self._attempts:  # half of it is chance, so that a hundred boxes do not come at once
            wait_ms -= wait_ms * urandom(1)[0] // 512
        self._attempts += 1
        self.failures += 1
        self.last_error = f"{self.state}: {error}"
        self.hang_up()
        self.enter(_WAITING, now)
        self._deadline = after(now, wait_ms)
        return wait_ms

    def hang_up(self):
        """Close whatever is open."""
        if self.stream:
            self.stream.close()
            self.stream = None
        self.state = _OFF
