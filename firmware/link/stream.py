"""A TCP connection that never blocks, and what its errors mean."""

import errno
import select
import socket

from micropython import const

_IPPROTO_TCP = const(6)
_TCP_NODELAY = const(1)
_FATAL_ALERT = const(-0x7780)  # of mbedTLS, such as for the lack of a client certificate


class LinkError(Exception):
    """A connection failed or cannot go on; the argument says why in words.

    `refused` tells that the host is there and only its service is not.
    """

    def __init__(self, reason: str, refused: bool = False):
        super().__init__(reason)
        self.refused = refused


def failure(error: OSError) -> LinkError:
    """What to raise instead of a socket's OSError."""
    number = error.errno
    if number == errno.ECONNREFUSED:
        return LinkError("nothing listens there", True)
    if number == _FATAL_ALERT:
        return LinkError("refused by the server's TLS")
    if number in (errno.ECONNRESET, -errno.ECONNRESET):  # negative when it comes through TLS
        return LinkError("reset by the other side")
    return LinkError(errno.errorcode.get(number) or f"error {error.args[-1]}")


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
            raise failure(error)
        try:
            self.socket.setblocking(False)
            self._without_delay()
            self.socket.connect(socket.getaddrinfo(address, port)[0][-1])
        except OSError as error:
            if error.errno != errno.EINPROGRESS:
                self.close()
                raise failure(error)
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
            raise failure(error)
        raise LinkError("closed while connecting")

    def close(self):
        self._poll = None
        self.socket.close()
