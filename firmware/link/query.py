"""One question to DNS servers that is under way, over UDP without ever blocking."""

import socket
from os import urandom

from micropython import const

from firmware.codec.dns import DnsError, answer, question
from firmware.link.stream import LinkError, failure
from firmware.ticks import since

_AGAIN_MS = const(1500)
_TRIES = const(4)
_LARGEST = const(512)  # bytes of an answer over UDP, RFC 1035 section 4.2.1


class Query:
    """Asks for one name, one server after the other."""

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
