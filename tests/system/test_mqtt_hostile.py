"""The client on MicroPython against a broker that talks nonsense, stalls and cuts."""

import random
import socket
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from brokers import until
from mqtt_boxes import BLOCKED_US, BoxProcess

TOTAL = 1_000_000
SOUND = (
    b"\x30\x07\x00\x04to/xh",
    b"\x32\x09\x00\x04to/x\x00\x07h",
    b"\x34\x09\x00\x04to/x\x00\x08h",
    b"\x62\x02\x00\x08",
    b"\x40\x02\x00\x01",
    b"\x50\x02\x00\x01",
    b"\x90\x03\x00\x01\x01",
    b"\xd0\x00",
    b"\x30\xc4\x13\x00\x04to/x" + b"z" * 2494,
    b"\x30\xa8\x46\x00\x04to/x" + b"z" * 8994,
)


class HostileBroker:
    """Welcomes everybody and then sends what `speak(random)` gives, until it has said it all."""

    def __init__(self, speak, total=TOTAL):
        self._speak = speak
        self._left = total
        self.connections = 0
        self.sent = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.close()

    def _serve(self):
        rng = random.Random(3)
        while True:
            try:
                peer, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            try:
                self._talk(peer, rng)
            except OSError:
                pass
            finally:
                peer.close()

    def _talk(self, peer, rng):
        peer.settimeout(5)
        if not peer.recv(1000).startswith(b"\x10"):
            return
        peer.sendall(b"\x20\x02\x00\x00")
        threading.Thread(target=self._swallow, args=(peer,), daemon=True).start()
        while self.sent < self._left:
            data = self._speak(rng)
            peer.sendall(data)
            self.sent += len(data)
        time.sleep(1000 if self._left == 0 else 0.1)

    @staticmethod
    def _swallow(peer):
        try:
            while peer.recv(65536):
                pass
        except OSError:
            return


def packets(rng):
    """Sound packets, often damaged, in large portions."""
    time.sleep(0.01)  # else the kernel's buffers take it all, and a cut loses the rest
    whole = rng.choices(SOUND, k=8)
    if rng.random() < 0.2:
        damaged = bytearray(whole[0])
        damaged[rng.randrange(min(8, len(damaged)))] ^= 1 << rng.randrange(8)
        whole[rng.randrange(8)] = bytes(damaged)
        whole[rng.randrange(8)] = rng.randbytes(rng.randint(1, 30))
    return b"".join(whole)


def test_a_million_hostile_bytes_neither_kill_nor_block_nor_grow_the_client():
    with HostileBroker(packets) as broker:
        url = f"mqtt://127.0.0.1:{broker.port}"
        attributes = {"quiet": True, "eager": True}
        with BoxProcess(url, [["to/#", 1]], attributes=attributes) as box:
            box.wait("connected")
            until(lambda: broker.sent >= TOTAL // 2, "half of it", lambda: str(box.status()), 120)
            before = box.status()["memory"]
            until(lambda: broker.sent >= TOTAL, "the end of it", lambda: str(box.status()), 120)
            status = box.status()
            assert status["failures"] > 3, (status, broker.connections, box.output[-5:])
            assert status["received"] > 100 and status["skipped"] > 3
            assert status["memory"] - before < 8000
            assert status["worst_us"] < BLOCKED_US


def test_a_broker_that_sends_one_byte_at_a_time_is_understood():
    def dripping(rng):
        time.sleep(0.002)
        return next(drops)

    data = b"\x32\x09\x00\x04to/x\x00\x07h" * 20
    drops = iter([data[at : at + 1] for at in range(len(data))])
    with HostileBroker(dripping, len(data)) as broker:
        with BoxProcess(f"mqtt://127.0.0.1:{broker.port}", [["to/#", 1]]) as box:
            box.wait("message", 20)
            assert box.status()["worst_us"] < BLOCKED_US


def test_a_broker_that_reads_and_says_nothing_does_not_hold_the_loop():
    with HostileBroker(lambda rng: b"", 0) as broker:
        with BoxProcess(f"mqtt://127.0.0.1:{broker.port}", [["to/#", 1]]) as box:
            box.wait("connected")
            for _ in range(20):
                box.do("publish", topic="a", payload="0123456789", times=300, qos=1, keep=1)
            time.sleep(1)
            status = box.status()
            assert status["state"] == "connected" and status["worst_us"] < BLOCKED_US
