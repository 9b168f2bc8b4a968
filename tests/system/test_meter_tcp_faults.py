"""Modbus TCP servers that dawdle, split, lie and hang up: values right or stale, never wrong."""

import socketserver
import struct
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from meter_boxes import never_wrong, run_box

# The input registers of an SDM630 with 5060 W; what is wrong says 6666 W.
FLOATS = {0: 230.4, 2: 229.6, 4: 231.0, 6: 16.0, 8: 15.98, 10: 10.0, 12: 3680.0, 14: 3670.0,
    16: -2290.0, 0x34: 5060.0, 0x48: 12345.67, 0x4A: 1.5}  # fmt: skip


def words(address: int, count: int, power: float) -> bytes:
    data = b""
    for register in range(address, address + count, 2):
        data += struct.pack(">f", power if register == 0x34 else FLOATS[register])
    return data


def frame(number: int, unit: int, function: int, data: bytes) -> bytes:
    pdu = bytes([function, len(data)]) + data
    return struct.pack(">HHHB", number, 0, 1 + len(pdu), unit) + pdu


class Liar(socketserver.BaseRequestHandler):
    """Answers one request after the other as the server's `mode` says."""

    def handle(self):
        self.server.connections += 1
        while request := self.request.recv(12):
            number, _, _, unit, function, address, count = struct.unpack(">HHHBBHH", request)
            self.server.requests += 1
            right = frame(number, unit, function, words(address, count, 5060.0))
            wrong = words(address, count, 6666.0)
            getattr(self, self.server.mode)((number, unit, function), right, wrong)

    def split(self, _, right, __):
        for octet in right:
            self.request.sendall(bytes([octet]))
            time.sleep(0.002)

    def late(self, _, right, __):
        # Every third answer comes after the time-out, when the next question is on its way.
        if self.server.requests % 3 == 0:
            time.sleep(0.8)
        self.request.sendall(right)

    def older(self, head, right, wrong):
        number, unit, function = head
        self.request.sendall(frame(number - 1 & 0xFFFF, unit, function, wrong) + right)

    def unit(self, head, _, wrong):
        self.request.sendall(frame(head[0], head[1] + 1, head[2], wrong))

    def function(self, head, _, wrong):
        self.request.sendall(frame(head[0], head[1], 3, wrong))

    def short(self, head, _, wrong):
        self.request.sendall(frame(head[0], head[1], head[2], wrong[:-2]))

    def garbage(self, *_):
        self.request.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    def silent(self, *_):
        return

    def closing(self, _, right, __):
        self.request.sendall(right)
        if self.server.requests % 5 == 0:
            self.request.close()

    def refusing(self, head, *_):
        number, unit, function = head
        self.request.sendall(struct.pack(">HHHBBB", number, 0, 3, unit, function | 0x80, 2))


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A connection that the box or the test has closed is what is tested."""


MODES = {
    "split": True,
    "late": True,
    "older": True,
    "closing": True,
    "unit": False,
    "function": False,
    "short": False,
    "garbage": False,
    "silent": False,
    "refusing": False,
}


def read_from(mode: str) -> list[dict]:
    """What the box says of a server of that kind."""
    with Server(("127.0.0.1", 0), Liar) as server:
        server.mode = mode
        server.requests = server.connections = 0
        threading.Thread(target=server.serve_forever, daemon=True).start()
        lines = run_box(6, "tcp", "127.0.0.1", str(server.server_address[1]), "1:eastron_sdm630")
        server.shutdown()
    return lines


@pytest.fixture(scope="module")
def said() -> dict:
    """All servers at the same time, since each test mostly waits."""
    with ThreadPoolExecutor(len(MODES)) as pool:
        return dict(zip(MODES, pool.map(read_from, MODES), strict=True))


@pytest.mark.parametrize(("mode", "fresh"), MODES.items())
def test_a_server_that_misbehaves_is_read_right_or_not_at_all(said, mode, fresh):
    lines = said[mode]
    never_wrong(lines)
    assert any(not line["meters"][0]["stale"] for line in lines) == fresh
    if not fresh:
        assert lines[-1]["meters"][0]["power_w"] is None
