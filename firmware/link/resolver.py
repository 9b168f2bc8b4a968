"""Host names to addresses over UDP without ever blocking; `.local` names by multicast DNS."""

import socket
from os import urandom

from micropython import const

from firmware.codec.dns import DnsError, answer, question
from firmware.link.stream import LinkError, failure
from firmware.ticks import after, since

_AGAIN_MS = const(1500)
_TRIES = const(4)
_SHORTEST_S = const(30)
_LONGEST_S = const(3600)
_KNOWN = const(8)
_LARGEST = const(512)  # bytes of an answer over UDP, RFC 1035 section 4.2.1


class Resolver:
    """Asks the servers in turn, keeps answers for their time, and old ones as a last resort.

    `servers()` gives [(address, port), ...], such as what DHCP has told; it may be empty.
    """

    def __init__(self, servers):
        self.multicast = ("224.0.0.251", 5353)  # RFC 6762 section 3
        self._servers = servers
        self._known = {}  # name: (address, ticks until which it holds)
        self._queries = {}

    def lookup(self, name: str, now: int) -> str | None:
        """The address, or None while it is being asked for: then call again. Raises LinkError."""
        query = self._queries.get(name)
        known = self._known.get(name)
        if query is None:
            if known and since(known[1], now) > 0:
                return known[0]
            self._queries[name] = query = _Query(name)
        try:
            found = query.step(self._places(name), now)
        except LinkError:
            self._end(name)
            if known:
                return known[0]
            raise
        if found is None:
            return None
        self._end(name)
        self._keep(name, found, now)
        return found[0]

    def _places(self, name: str):
        return [self.multicast] if name.endswith(".local") else self._servers()

    def _end(self, name: str):
        self._queries.pop(name).close()

    def _keep(self, name: str, found, now: int):
        if len(self._known) >= _KNOWN:
            self._known.clear()
        address, seconds = found
        seconds = min(max(seconds, _SHORTEST_S), _LONGEST_S)
        self._known[name] = (address, after(now, seconds * 1000))


class _Query:
    """One question under way."""

    def __init__(self, name: str):
        self._name = name
        self._number = urandom(1)[0] << 8 | urandom(1)[0]
        self._socket = None
        self._tries = 0
        self._asked_at = 0

    def step(self, places, now: int):
        """(address, seconds) once it is there, else None; asks again when it takes too long."""
        if self._socket:
            found = self._read()
            if found:
                return found
            if since(now, self._asked_at) < _AGAIN_MS:
                return None
        if not places:
            raise LinkError("no DNS server known")
        if self._tries >= _TRIES:
            raise LinkError("no DNS server answers")
        self._ask(places[self._tries % len(places)])
        self._tries += 1
        self._asked_at = now
        return None

    def _ask(self, place):
        self.close()
        packet = question(self._name, self._number)
        try:
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.setblocking(False)
            where = socket.getaddrinfo(place[0], place[1])[0][-1]  # literal: does not block
            self._socket.sendto(packet, where)
        except OSError as error:
            if self._tries == _TRIES - 1:
                raise failure(error)

    def _read(self):
        try:
            # readinto() would go on with the next datagram
            return answer(self._socket.recv(_LARGEST), self._name, self._number)
        except DnsError as error:
            raise LinkError(str(error))
        except OSError:
            return None  # nothing there, or an unreachable port: the next try asks another server

    def close(self):
        if self._socket:
            self._socket.close()
            self._socket = None
