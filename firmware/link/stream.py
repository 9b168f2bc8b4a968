"""A TCP connection that never blocks, and what its errors mean."""

import errno
import select
import socket

from micropython import const

_IPPROTO_TCP = const(6)
_TCP_NODELAY = const(1)

_WORDS = {
    errno.ECONNREFUSED: "refused: nothing listens there",
    errno.ECONNRESET: "cut by the peer",
    errno.EHOSTUNREACH: "no way to that address",
    errno.ETIMEDOUT: "no answer",
    errno.ENOMEM: "out of memory",
}


class LinkError(Exception):
    """A connection failed or cannot go on; the argument says why in words."""


def words(error: OSError) -> str:
    """What an OSError of a socket means, else its name or number."""
    number = error.errno
    return _WORDS.get(number) or errno.errorcode.get(number) or str(error)


class TcpStream:
    """One outgoing connection: made at once, usable when `ready()` says so.

    Then `socket.readinto(buffer, count)` and `socket.write(buffer, offset, count)` move what they
    can and return None when that is nothing; reading 0 bytes means that the peer has closed.
    Raises LinkError.
    """

    def __init__(self, address: str, port: int):
        """`address` is a literal IPv4 address, for which getaddrinfo() does not block."""
        self._poll = None
        try:
            self.socket = socket.socket()
        except OSError as error:
            raise LinkError(words(error))
        try:
            self.socket.setblocking(False)
            self._without_delay()
            self.socket.connect(socket.getaddrinfo(address, port)[0][-1])
        except OSError as error:
            if error.errno != errno.EINPROGRESS:
                self.close()
                raise LinkError(words(error))
        self._poll = select.poll()
        self._poll.register(self.socket, select.POLLOUT)

    def _without_delay(self):
        """A packet leaves in one write; waiting for more (Nagle) would only add latency."""
        try:
            self.socket.setsockopt(_IPPROTO_TCP, _TCP_NODELAY, 1)
        except OSError:
            return  # a port that does not know the option works all the same

    def ready(self) -> bool:
        """True once connected; False while the handshake is under way."""
        if self._poll is None:
            return True
        for _, events in self._poll.ipoll(0):
            if events & ~select.POLLOUT:
                self._refused()
            self._poll = None
            return True
        return False

    def _refused(self):
        try:
            self.socket.readinto(bytearray(1))
        except OSError as error:
            raise LinkError(words(error))
        raise LinkError("closed while connecting")

    def close(self):
        self._poll = None
        self.socket.close()
