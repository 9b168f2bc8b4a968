"""The captive page over connections in memory: every byte a phone, or somebody worse, can send."""

import asyncio

from firmware.link.http import HttpDoor
from firmware.link.portal import Portal
from tests.unit.api.bench import Bench

_EAGAIN = 11


class Peer:
    def __init__(self, *pieces):
        self._pieces = list(pieces)
        self.got = b""
        self.closed = False

    def setblocking(self, blocking):
        assert not blocking

    def recv(self, count):
        if self._pieces:
            piece = self._pieces.pop(0)
            self._pieces[:0] = [piece[count:]] if len(piece) > count else []
            return piece[:count]
        if self.got:
            return b""
        raise OSError(_EAGAIN)

    def send(self, data):
        self.got += bytes(data[:100])
        return len(data[:100])

    def close(self):
        self.closed = True

    def status(self):
        return int(self.got.split(b" ")[1])


class Listener:
    def __init__(self, peers):
        self.peers = list(peers)

    def accept(self):
        if not self.peers:
            raise OSError(_EAGAIN)
        return self.peers.pop(0), None


class Wifi:
    connected = False
    problem = ""
    renewed = 0

    def renew(self):
        self.renewed += 1

    def status(self):
        return {"ssid": "Home", "connected": self.connected, "problem": "", "address": "10.0.0.5"}


class Site:
    """A portal with its own door, or at a shared one."""

    def __init__(self, shared=False):
        self.bench = Bench()
        self.wifi = None
        self.joined = 0
        self.portal = Portal(self.bench.box, "192.168.4.1", self.scan, self.join)
        self.portal.wifi = lambda: self.wifi
        self.shared = shared
        self.portal.stay()
        self.portal._search()

    def scan(self, found):
        found.extend([(b"Home", -40), None])

    def join(self):
        self.joined += 1
        self.wifi = Wifi()

    def ask(self, *pieces):
        peer = Peer(*pieces)
        door = HttpDoor(self.bench.box, Listener([peer]), lambda: 1000000)
        if self.shared:
            self.portal.share(door)
        door.portal = self.portal

        async def main():
            task = asyncio.create_task(door.serve())
            for _ in range(600):
                await asyncio.sleep_ms(1)
                if peer.closed:
                    break
            task.cancel()

        asyncio.run(main())
        assert peer.closed and peer.got
        return peer


def get(path, host="192.168.4.1"):
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


def post(form):
    head = f"POST /first-start HTTP/1.1\r\nHost: x\r\nContent-Length: {len(form)}\r\n\r\n"
    return head.encode() + form


GOOD = post(b"known=Home&key=12345678&new=wallbox-1&again=wallbox-1")


def test_the_page_at_its_two_addresses():
    for path in ("/", "/first-start"):
        peer = Site().ask(get(path))
        assert peer.status() == 200 and b'value="Home"' in peer.got
        assert b"Content-Security-Policy: default-src 'none'" in peer.got


def test_a_form_may_come_byte_by_byte():
    site = Site()
    peer = site.ask(*[GOOD[i : i + 1] for i in range(len(GOOD))])
    assert peer.status() == 303 and site.joined == 1
    assert site.bench.box.settings.network.wifi_ssid == "Home"


def test_wifi_that_is_there_already_is_renewed():
    site = Site()
    site.wifi = Wifi()
    site.ask(GOOD)
    assert site.joined == 0 and site.wifi.renewed == 1


def test_a_form_that_is_refused_joins_nothing():
    site = Site()
    for form in (b"", b"known=Home", b"\xff" * 100, b"&&&&=", b"%"):
        assert site.ask(post(form)).status() == 303
    assert site.joined == 0
    assert b"class=bad" in site.ask(get("/")).got


def test_everything_else_leads_to_the_page_at_a_door_of_its_own():
    site = Site()
    for path in ("/cnf?cmd=get_params", "/ui/en/sim.htm", "/x", "/generate_204"):
        peer = site.ask(get(path, "example.com"))
        assert peer.status() == 303
        assert b"Location: http://192.168.4.1/first-start\r\n" in peer.got, path


def test_a_shared_door_keeps_its_own_pages():
    site = Site(shared=True)
    for path, host, status in (
        ("/cnf?cmd=get_params", "192.168.1.5", 200),
        ("/nothing", "192.168.1.5", 404),
        ("/", "192.168.1.5", 200),
        ("/nothing", "captive.apple.com", 303),
    ):
        assert site.ask(get(path, host)).status() == status, (path, host)


def test_a_page_from_elsewhere_cannot_send_the_form():
    site = Site()
    evil = GOOD.replace(b"Host: x\r\n", b"Host: x\r\nOrigin: http://evil.example\r\n")
    assert site.ask(evil).status() == 403 and site.joined == 0


def test_the_host_of_a_request_is_never_part_of_the_answer():
    for host in ("evil.example\tx", "a" * 200, '"><script>'):
        peer = Site().ask(get("/x", host))
        assert host.encode() not in peer.got


def test_any_bytes_are_answered_or_hung_up_on():
    state = 11
    site = Site()
    for length in (1, 7, 60, 300):
        for _ in range(15):
            data = bytearray(length)
            for index in range(length):
                state = (state * 1103515245 + 12345) & 0x7FFFFFFF
                data[index] = state >> 16 & 255
            for request in (bytes(data) + b"\r\n\r\n", post(bytes(data))):
                assert site.ask(request).status() in (303, 400)
    assert site.joined == 0
