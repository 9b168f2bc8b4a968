"""Keeps the clock right: asks a time server now and then, without ever blocking."""

import asyncio
import socket
from os import urandom

from micropython import const

from firmware.codec.broker import is_address
from firmware.link.stream import LinkError, failure
from firmware.store.once import forget
from firmware.ticks import after, since

_PORT = const(123)
_SIZE = const(48)  # of an answer
# A client must not ask more often than every 15 s (RFC 4330 section 10). The first question waits
# as long, so that no row of restarts can break that.
_FIRST_S = const(16)
# What the crystal of the chip goes astray between two questions stays below 0.2 s.
_LONGEST_S = const(4096)
_PATIENCE_MS = const(3000)
_SLOW_MS = const(1000)  # an answer that was so long on its way says little
_MOMENT_MS = const(32)
_LOOK_MS = const(20)
_REST_MS = const(1000)
_EAGAIN = const(11)


class Sntp:
    """Asks `network.time_server` (name or address, ":port" if not 123), and offers its answers.

    `offer(seconds, ms)` takes the unix time of this moment, and tells why not if it does not.
    `up()` tells whether there is a network. A server that sends us away is not asked again.
    """

    def __init__(self, network, lookup, offer, log):
        self.up = None
        self.state = "not asked yet"
        self._network = network
        self._lookup = lookup
        self._offer = offer
        self._log = log
        self._socket = None
        self._stamp = b""
        self._address = self._banned = ""
        self._told = ""
        self._disturbed = False  # one line in the log for each question that strangers answer
        self._wait_s = self._least_s = _FIRST_S
        self._failures = 0
        self._due = self._asked_at = None

    async def run(self, now):
        """For ever; `now` gives ticks of 30 bits."""
        while True:
            self.step(now())
            await asyncio.sleep_ms(_LOOK_MS if self._socket else _REST_MS)

    def step(self, now: int):
        """One look: ask when it is time to, read what has come."""
        if self._due is None:
            self._rest(now)
        try:
            if self._socket:
                self._read(now)
            elif since(now, self._due) >= 0:
                if self._network.time_server and self.up():
                    self._ask(now)
                else:
                    self._due = after(now, urandom(1)[0] * _MOMENT_MS)
        except LinkError as error:
            self._failed(str(error), now)

    def _ask(self, now):
        host, _, port = self._network.time_server.partition(":")
        address = host if is_address(host) else self._lookup(host, now)
        if address is None:
            return
        if address == self._banned:
            raise LinkError(f"{address} has sent us away")
        self._address = address
        self._stamp = urandom(8)
        self._disturbed = False
        self._asked_at = now
        from firmware.codec.sntp import question

        try:
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.setblocking(False)
            place = socket.getaddrinfo(address, int(port or _PORT))[0][-1]  # literal: no look-up
            self._socket.connect(place)  # the answers of others are not even seen
            self._socket.send(question(self._stamp))
        except OSError as error:
            raise failure(error)
        except ValueError:
            raise LinkError("network.time_server: name:port expected")

    def _read(self, now):
        try:
            packet = self._socket.recv(_SIZE)
        except OSError as error:
            if error.errno != _EAGAIN:
                raise failure(error)
            if since(now, self._asked_at) > _PATIENCE_MS:
                raise LinkError("no answer")
            return
        from firmware.codec.sntp import SntpError

        try:
            self._believe(packet, now)
        except SntpError as error:
            self._mistrust(error, now)

    def _believe(self, packet, now):
        from firmware.codec.sntp import SntpError, answer

        seconds, ms, held_ms = answer(packet, self._stamp)
        way_ms = since(now, self._asked_at) - held_ms
        if not -_LOOK_MS <= way_ms <= _SLOW_MS:
            raise SntpError(f"it was {way_ms} ms on its way")
        ms += max(0, way_ms) // 2
        refused = self._offer(seconds + ms // 1000, ms % 1000)
        if refused:
            raise SntpError(refused)
        self.state = f"set by {self._address}"
        self._told = ""
        self._failures = 0
        self._wait_s = _LONGEST_S
        self._rest(now)

    def _mistrust(self, error, now):
        if not error.ours:
            if not self._disturbed:
                self._say(f"an answer was ignored: {error}")
            self._disturbed = True
            return
        if error.kiss == "RATE":
            self._least_s = min(2 * self._least_s, _LONGEST_S)
        elif error.kiss in ("DENY", "RSTR"):
            self._banned = self._address
        self._failed(f"an answer was refused: {error}", now)

    def _failed(self, reason, now):
        self._say(reason)
        self._failures = min(self._failures + 1, 8)
        self._wait_s = min(self._least_s << self._failures, _LONGEST_S)
        self._rest(now)

    def _say(self, reason):
        self.state = reason
        if reason != self._told:
            self._told = reason
            self._log.warning("time", f"{self._network.time_server}: {reason}")

    def _rest(self, now):
        """Wait, and a random part longer: after a power cut a whole street comes back at once."""
        if self._socket:
            self._socket.close()
            self._socket = None
        forget("sntp", "firmware.codec")  # until the next question
        wait_ms = max(self._wait_s, self._least_s) * 1000
        self._due = after(now, wait_ms + wait_ms * urandom(1)[0] // 1024)
