"""TLS on top of a TCP connection: who may be trusted, and a handshake in steps."""

from binascii import hexlify
from hashlib import sha256

import tls

from firmware.link.stream import LinkError, failure
from firmware.ticks import since


class Trust:
    """Whom we believe, and when there is time for arithmetic.

    `ca` is the path of a CA certificate (PEM or DER), `fingerprint` the SHA-256 of the server's
    own certificate in hexadecimal; with neither nothing is trusted unless `unverified` is set.
    `certificate` and `key` are paths of a client's own. On an ESP32 a handshake holds the whole
    interpreter for some hundred ms, so it waits while `may_handshake()` says False: for
    `longest_wait_ms` at most, or for ever if that is 0.
    """

    def __init__(self, ca: str = "", fingerprint: str = "", unverified: bool = False):
        self.ca = ca
        self.fingerprint = fingerprint.replace(":", "").lower()
        self.unverified = unverified
        self.certificate = self.key = ""
        self.may_handshake = None
        self.longest_wait_ms = 0

    def context(self):
        """What a connection is wrapped with. Raises LinkError when a file does not do."""
        if not (self.ca or self.fingerprint or self.unverified):
            raise LinkError("TLS needs a CA file or a fingerprint")
        context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
        context.verify_mode = tls.CERT_REQUIRED if self.ca else tls.CERT_NONE
        if self.ca:
            _load(self.ca, context.load_verify_locations)
        if self.certificate:
            key = _content(self.key)
            _load(self.certificate, lambda data: context.load_cert_chain(data, key))
        return context


class Secure:
    """Makes the TLS streams of one client; `held()` tells when it must not begin one now."""

    def __init__(self, host: str, trust: Trust):
        self._host = host
        self._trust = trust
        self._held_since = None

    def held(self, now: int) -> bool:
        """True while a handshake has to wait."""
        trust = self._trust
        if trust.may_handshake is None or trust.may_handshake():
            self._held_since = None
            return False
        if self._held_since is None:
            self._held_since = now
        longest = trust.longest_wait_ms
        return not longest or since(now, self._held_since) < longest

    def wrap(self, stream, now: int):
        """A TLS stream on top of a connected one."""
        if self.held(now):
            raise LinkError("no handshake while the contactor is closed")
        return TlsStream(stream, self._host, self._trust)


class TlsStream:
    """Looks like TcpStream; `ready()` takes the next step of the handshake. Raises LinkError."""

    def __init__(self, stream, host: str, trust: Trust):
        self._stream = stream
        self._fingerprint = trust.fingerprint
        self._byte = bytearray(1)
        try:
            self._socket = trust.context().wrap_socket(
                stream.socket, server_hostname=host, do_handshake_on_connect=False
            )
        except (OSError, ValueError) as error:
            raise _refusal(error)
        self.socket = _Socket(self._socket)

    def ready(self) -> bool:
        """True once the handshake is over and the server is the right one."""
        try:
            # a broker never speaks first: this reads nothing, but drives the handshake
            if self._socket.readinto(self._byte):
                raise LinkError("the server speaks out of turn")
            certificate = self._socket.getpeercert(True)
        except (OSError, ValueError) as error:
            raise _refusal(error)
        if certificate is None:
            return False
        if self._fingerprint:
            found = hexlify(sha256(certificate).digest()).decode()
            if found != self._fingerprint:
                raise LinkError(f"TLS: the certificate's fingerprint is {found}")
        return True

    def close(self):
        self._socket.close()
        self._stream.close()


class _Socket:
    """A TLS socket that repeats a refused write with the same bytes, as mbedTLS demands."""

    def __init__(self, socket):
        self._socket = socket
        self.readinto = socket.readinto
        self._refused = 0

    def write(self, buffer, start: int, count: int = -1):
        """write(buffer, count) or write(buffer, start, count), as sockets have it."""
        if count < 0:
            start, count = 0, start
        count = self._refused or count
        sent = self._socket.write(buffer, start, count)
        self._refused = count - (sent or 0)
        return sent


def _refusal(error) -> LinkError:
    """mbedTLS says in words what a certificate lacks, and a number and a name otherwise."""
    if isinstance(error, OSError):
        return failure(error)
    return LinkError("TLS: " + str(error).strip().replace("\n", "; "))


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        raise LinkError(f"TLS: cannot read {path}")


def _load(path: str, load):
    data = _content(path)
    try:
        load(data)
    except (OSError, ValueError, TypeError):
        raise LinkError(f"TLS: no use for what is in {path}")
