"""A broker that does exactly one thing: flood, or take in and acknowledge; for counting."""

import socket
import threading


def publish_packet(topic: bytes, payload: bytes, qos: int, packet_id: int = 1) -> bytes:
    body = len(topic).to_bytes(2, "big") + topic
    if qos:
        body += packet_id.to_bytes(2, "big")
    body += payload
    return bytes([0x30 | qos << 1]) + _length(len(body)) + body


def _length(size: int) -> bytes:
    out = bytearray()
    while size > 127:
        out.append(size & 127 | 128)
        size >>= 7
    out.append(size)
    return bytes(out)


class ScriptedBroker:
    """Serves connections in the background; after a SUBSCRIBE it sends `flood` once.

    Incoming QoS 1 messages are acknowledged, everything else is swallowed. With `stalled` it
    answers CONNECT and then neither reads nor writes.
    """

    def __init__(self, flood: bytes = b"", stalled: bool = False):
        self._flood = flood
        self._stalled = stalled
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.close()

    def _accept(self):
        while True:
            try:
                peer, _ = self._server.accept()
            except OSError:
                return
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        try:
            self._talk(peer, bytearray())
        except OSError:
            return

    def _talk(self, peer, pending: bytearray):
        while data := peer.recv(65536):
            pending += data
            answers = bytearray()
            while packet := _packet(pending):
                answers += self._answer(*packet)
            peer.sendall(answers)
            if self._stalled:
                threading.Event().wait()

    def _answer(self, head: int, body: bytes) -> bytes:
        if head == 0x10:
            return b"\x20\x02\x00\x00"
        if head == 0x82:
            return b"\x90\x03" + body[:2] + b"\x01" + self._flood
        if head & 0xF6 == 0x32:
            size = int.from_bytes(body[:2], "big")
            return b"\x40\x02" + body[2 + size : 4 + size]
        if head == 0xC0:
            return b"\xd0\x00"
        return b""


def _packet(pending: bytearray):
    """The first whole packet, taken off `pending`: (head, body); None if there is none."""
    size, shift, at = 0, 0, 1
    while True:
        if at >= len(pending):
            return None
        size |= (pending[at] & 127) << shift
        shift += 7
        at += 1
        if pending[at - 1] < 128:
            break
    if len(pending) < at + size:
        return None
    head, body = pending[0], bytes(pending[at : at + size])
    del pending[: at + size]
    return head, body
