import asyncio
import json
from binascii import b2a_base64

from firmware.link.http import WORKERS, HttpDoor
from tests.unit.api.bench import Bench

_EAGAIN = 11


class Peer:
    """One end of a connection in memory: what the client sent, piece by piece, and what it got."""

    def __init__(self, *pieces, hangs_up=False):
        self._pieces = list(pieces)
        self._hangs_up = hangs_up
        self.got = b""
        self.longest = 0
        self.closed = False

    def setblocking(self, blocking):
        assert not blocking

    def recv(self, count):
        if self._pieces:
            piece = self._pieces.pop(0)
            self._pieces[:0] = [piece[count:]] if len(piece) > count else []
            return piece[:count]
        if self._hangs_up or self.got:
            return b""
        raise OSError(_EAGAIN)

    def send(self, data):
        self.longest = max(self.longest, len(data))
        taken = bytes(data[:200])
        self.got += taken
        return len(taken)

    def close(self):
        self.closed = True

    def status(self):
        return int(self.got.split(b" ")[1])

    def json(self):
        return json.loads(self.got.split(b"\r\n\r\n", 1)[1])


class Listener:
    def __init__(self, peers):
        self.peers = list(peers)

    def accept(self):
        if not self.peers:
            raise OSError(_EAGAIN)
        return self.peers.pop(0), None


def serve(bench, peers, free=1000000, rounds=400, step=0):
    door = HttpDoor(bench.box, Listener(peers), lambda: free)

    async def main():
        tasks = [asyncio.create_task(door.serve()) for _ in range(WORKERS)]
        for _ in range(rounds):
            bench.now += step
            await asyncio.sleep_ms(1)
            if all(peer.closed for peer in peers):
                break
        for task in tasks:
            task.cancel()

    asyncio.run(main())
    return door


def basic(login):
    return "Authorization: Basic " + str(b2a_base64(login.encode()), "ascii").strip() + "\r\n"


def get(query, login=None, path="/cnf?"):
    return (
        f"GET {path}{query} HTTP/1.1\r\nHost: box\r\n{basic(login) if login else ''}\r\n".encode()
    )


def post(query, body, login="admin:"):
    head = f"POST /cnf?{query} HTTP/1.1\r\nContent-Length: {len(body)}\r\n{basic(login)}\r\n"
    return head.encode() + body


def ask(bench, *pieces):
    peer = Peer(*pieces)
    serve(bench, [peer])
    assert peer.closed and peer.got
    return peer


def test_anyone_reads_dev_info_in_small_pieces():
    peer = ask(Bench(), get("cmd=get_dev_info"))
    assert peer.status() == 200 and peer.json()["devices"][0]["dev_id"] == "E1"
    assert peer.longest <= 512


def test_a_request_may_come_byte_by_byte():
    bench = Bench()
    request = post("cmd=set_params", b'{"title": "Garage"}')
    peer = ask(bench, *[request[i : i + 1] for i in range(len(request))])
    assert peer.json() == "ok" and bench.box.settings.params.title == "Garage"


def test_who_may_do_what():
    bench = Bench()
    for request, status, code in (
        (get("cmd=get_dev_info"), 200, None),
        (get("cmd=get_dev_info", "admin:"), 200, None),
        (get("cmd=enter_rfid&rfid=1"), 400, "unknown_card"),
        (get("cmd=get_devices"), 401, "not_allowed"),
        (get("cmd=get_devices", "admin:"), 200, None),
        (get("cmd=get_devices", "admin:x"), 401, "wrong_password"),
        (get("cmd=get_devices", "root:"), 401, "wrong_password"),
        (get("cmd=get_dev_info", "admin:x"), 401, "wrong_password"),
        (get("cmd=get_devices").replace(b"Host", b"Authorization: Basic %%%\r\nHost"), 401,
         "wrong_password"),
        (get("cmd=get_devices").replace(b"Host", b"Authorization: Bearer x\r\nHost"), 401,
         "wrong_password"),
        (get("cmd=get_dev_info").replace(b"Host", b"Origin: http://evil\r\nHost"), 403, None),
        (get("cmd=get_params").replace(b"Host", b"Referer: http://evil/box\r\nHost"), 403, None),
        (get("cmd=get_params").replace(b"Host", b"Origin: null\r\nHost"), 403, None),
        (get("cmd=get_params").replace(b"Host", b"Origin: http://box\r\nHost"), 200, None),
        (get("cmd=get_params").replace(b"Host", b"Referer: http://box/x/y\r\nHost"), 200, None),
        (get("cmd=fly"), 404, "unknown_command"),
        (get("", path="/nothing"), 404, "bad_request"),
    ):  # fmt: skip
        bench.now += 70000
        peer = ask(bench, request)
        assert peer.status() == status, (request, peer.got)
        if code:
            assert peer.json()["error"]["code"] == code, request
        assert (b"WWW-Authenticate" in peer.got) == (status == 401)


def test_the_login_check_of_home_assistant():
    bench = Bench()
    assert bench.ask("cmd=change_admin_pwd&new_pwd=1234abcd") == "ok"
    page = "/ui/en/sim.htm"
    assert ask(bench, get("", "admin:1234abcd", page)).status() == 200
    assert ask(bench, get("", "admin:wrong", page)).status() == 401
    assert ask(bench, get("", None, page)).status() == 401


def test_guessing_passwords_slows_down_for_all():
    bench = Bench()
    for _ in range(5):
        assert ask(bench, get("cmd=get_devices", "admin:x")).status() == 401
    assert ask(bench, get("cmd=get_devices", "admin:x")).status() == 429
    assert ask(bench, get("cmd=get_devices", "admin:")).status() == 429
    bench.now += 1100
    assert ask(bench, get("cmd=get_devices", "admin:")).status() == 200


def test_nothing_is_read_without_a_password_when_the_owner_says_so():
    bench = Bench()
    bench.box.settings.change({"network.anonymous": False})
    assert ask(bench, get("cmd=get_dev_info")).status() == 401
    assert ask(bench, get("cmd=get_dev_info", "admin:")).status() == 200


def test_requests_that_make_no_sense_are_answered_and_closed():
    for request, status in (
        (b"\r\n\r\n", 400),
        (b"GET\r\n\r\n", 400),
        (b"GET / SPDY/3\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\xff: 1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: 1e3\r\n\r\n", 400),
        (b"PUT / HTTP/1.1\r\n\r\n", 405),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\nContent-Length: 16385\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n", 413),
        (b"GET /" + b"a" * 3000, 431),
        (b"GET /" + b"a: b\r\n" * 1000, 431),
    ):
        assert ask(Bench(), request).status() == status, request[:60]


def test_who_is_slow_is_dropped_at_the_deadline():
    for pieces in ((), (b"GET / HT",), (b"POST /cnf HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc",)):
        peer = Peer(*pieces)
        door = serve(Bench(), [peer], rounds=3000, step=200)
        assert peer.closed and peer.status() == 408, pieces
        assert door.refused == 1


def test_who_never_reads_is_dropped():
    class Deaf(Peer):
        def send(self, data):
            raise OSError(_EAGAIN)

    peer = Deaf(get("cmd=get_dev_info"))
    serve(Bench(), [peer], rounds=3000, step=200)
    assert peer.closed


def test_who_hangs_up_is_forgotten():
    class Reset(Peer):
        def send(self, data):
            raise OSError(104)

    peers = [Peer(hangs_up=True), Peer(b"GET /", hangs_up=True), Reset(get("cmd=get_params"))]
    door = serve(Bench(), peers)
    assert all(peer.closed for peer in peers) and door.refused == 3


def test_stalled_clients_take_no_more_than_their_connections():
    stalled = [Peer() for _ in range(WORKERS)]
    patient = Peer(get("cmd=get_dev_info"))
    serve(Bench(), stalled + [patient], rounds=150)
    assert not any(peer.closed for peer in stalled) and not patient.closed and not patient.got


def test_ten_clients_at_once_are_all_served():
    bench = Bench()
    peers = [Peer(get(f"cmd=get_params&id={number}")) for number in range(10)]
    door = serve(bench, peers, rounds=2000)
    assert [peer.json()["id"] for peer in peers] == [str(number) for number in range(10)]
    assert door.served == 10


def test_without_memory_no_connection_is_taken():
    peer = Peer(get("cmd=get_dev_info"))
    door = serve(Bench(), [peer], free=1000)
    assert not peer.got and peer.closed and door.refused == 1


def test_curl_asks_before_it_sends():
    request = post("cmd=set_params", b'{"title": "x"}').replace(
        b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"
    )
    peer = ask(Bench(), request)
    assert peer.got.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")


def test_transactions_come_as_a_file_of_lines():
    bench = Bench()

    class Transactions:
        def entries(self, first, last):
            for number in range(100):
                yield {"nr": number, "dev_id": "E1", "begin": 5}

    bench.box.transactions = Transactions()
    peer = ask(bench, get("cmd=get_transactions&format=csv", "admin:"))
    assert b"Content-Type: text/csv" in peer.got
    lines = peer.got.split(b"\r\n\r\n", 1)[1].split(b"\r\n")
    assert lines[0].startswith(b"nr,dev_id,begin") and lines[100].startswith(b"99,E1,5,")
