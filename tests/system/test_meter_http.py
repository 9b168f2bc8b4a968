"""A meter polled over HTTP: a real server that keeps, closes, dawdles, refuses and lies."""

import base64
import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from meter_boxes import never_wrong, run_box

ANSWER = {
    "emeters": [
        {"power": 3680.0, "current": 16.0, "voltage": 230.0, "total": 1000.0, "total_returned": 1},
        {"power": 3670.0, "current": 15.98, "voltage": 229.6, "total": 500.0, "total_returned": 0},
        {"power": -2290.0, "current": 10.0, "voltage": 231.0, "total": 1.0, "total_returned": 2},
    ],
    "total_power": 5060.0,
}

BODIES = {"garbage": b"<html>I am a router</html>", "huge": b"[" + b"1," * 5000 + b"1]"}
# A call that blocks would hold the loop for seconds; less is what a busy machine does.
HELD_MS = 1000


class Meter(BaseHTTPRequestHandler):
    """Behaves as the server's attribute `mode` says."""

    protocol_version = "HTTP/1.1"

    def setup(self):
        self.server.connections += 1
        super().setup()

    def do_GET(self):
        mode = self.server.mode
        self.server.requests += 1
        self.server.paths.append(self.path)
        if mode == "silent":
            time.sleep(7)
        elif mode == "login" and self.headers.get("Authorization") != self.server.secret:
            self.send_error(401)
        else:
            self.send_response(200)
            body = BODIES.get(mode) or json.dumps(ANSWER).encode()
            getattr(self, f"_{mode}", self._whole)(body)

    def do_POST(self):
        self.server.paths.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def _whole(self, body: bytes):
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _close(self, body: bytes):
        self.send_header("Connection", "close")
        self.close_connection = True
        self._whole(body)

    def _chunked(self, body: bytes):
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for at in range(0, len(body), 50):
            part = body[at : at + 50]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        self.wfile.write(b"0\r\n\r\n")

    def _slow(self, body: bytes):
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for at in range(0, len(body), 40):
            self.wfile.write(body[at : at + 40])
            self.wfile.flush()
            time.sleep(0.05)

    def log_message(self, *_):
        pass


class Server:
    def __init__(self, mode: str):
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Meter)
        self.http.daemon_threads = True
        self.http.mode = mode
        self.http.paths = []
        self.http.requests = self.http.connections = 0
        self.http.secret = "Basic " + base64.b64encode(b"admin:secret").decode()

    def __enter__(self):
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        return self.http

    def __exit__(self, *_):
        self.http.shutdown()
        self.http.server_close()


def poll(mode: str, seconds: float = 3, *login: str):
    with Server(mode) as server:
        port = str(server.server_address[1])
        lines = run_box(seconds, "http", "127.0.0.1", port, "shelly_3em", *login)
    never_wrong(lines)
    return lines, server


def test_a_meter_is_read_over_one_kept_connection():
    lines, server = poll("good")
    meter = lines[-1]["meters"][0]
    assert not meter["stale"] and meter["current_ma"] == [16000, 15980, -10000]
    assert meter["import_wh"] == 1501 and meter["export_wh"] == 3 and meter["errors"] == 0
    assert server.connections == 1 and server.requests >= 8
    assert server.paths[:3] == ["/status", "/relay?turn=on", ("/p", b"{}")]
    assert set(server.paths[3:]) == {"/status"}, "outputs are sent when they change"
    assert lines[-1]["worst"] < HELD_MS


def together(*runs):
    """Several polls at the same time, since each mostly waits."""
    with ThreadPoolExecutor(len(runs)) as pool:
        return [lines for lines, _ in pool.map(lambda run: poll(*run), runs)]


def test_chunks_and_short_connections_are_read_too():
    modes = ("chunked", "close", "slow")
    for mode, lines in zip(modes, together(*((mode, 4) for mode in modes)), strict=True):
        assert not lines[-1]["meters"][0]["stale"], mode


def test_a_password_is_sent_when_there_is_one():
    right, wrong = together(("login", 3, "admin:secret"), ("login", 3, "admin:wrong"))
    assert not right[-1]["meters"][0]["stale"]
    assert wrong[-1]["meters"][0]["stale"] and wrong[-1]["meters"][0]["errors"] > 0


def test_answers_of_no_use_leave_the_values_stale_and_the_loop_alone():
    modes = ("garbage", "huge", "silent")
    for mode, lines in zip(modes, together(*((mode, 6) for mode in modes)), strict=True):
        meter = lines[-1]["meters"][0]
        assert meter["stale"] and meter["power_w"] is None and meter["errors"] > 0, mode
        assert lines[-1]["worst"] < HELD_MS, mode
