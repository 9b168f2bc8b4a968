import json

from firmware.slots import choice
from tests.unit.link.test_http_door import Peer, basic, get, serve
from tests.unit.slots.slots_bench import APPLICATION, FORMS, Slots, app_image, close, image


def post(data, login="admin:", more="", length=None, method="POST"):
    length = len(data) if length is None else length
    authorization = basic(login) if login is not None else ""
    head = f"{method} /update HTTP/1.1\r\nHost: box\r\nContent-Length: {length}\r\n"
    return (head + authorization + more + "\r\n").encode() + data


def upload(slots, request, size=512, **options):
    pieces = [request[at : at + size] for at in range(0, len(request), size)]
    peer = Peer(*pieces, **options)
    serve(slots.bench, [peer], rounds=4000)
    assert peer.closed
    return peer


def answer(peer):
    return json.loads(peer.got.split(b"\r\n\r\n")[-1])


def test_an_image_is_streamed_into_the_slot_and_the_box_restarts():
    for form in FORMS:
        for size in (100, 1460):
            slots = Slots(form)
            data = image(fill=30000)
            peer = upload(slots, post(data), size)
            assert peer.status() == 200, peer.got
            assert answer(peer) == {"slot": "b", "version": "2.0.101", "restarts": True}
            assert slots.stored("b")[: len(data)] == data
            assert choice.words("choice") == ["b", "trial", "0"]
            assert slots.box.system.asked == ["restart"] and slots.box.update is None
    close()


def test_an_application_comes_the_same_way():
    slots = Slots(APPLICATION)
    peer = upload(slots, post(image(fill=20000)))
    assert peer.status() == 400 and "wallbox-app.img" in answer(peer)["error"]["text"]
    assert slots.untouched()
    data = app_image(fill=30000)
    peer = upload(slots, post(data), 1460)
    assert answer(peer) == {"slot": "b", "version": "2.0.101", "restarts": True}
    assert slots.stored("b")[: len(data)] == data and slots.applications.reset() == "b"
    close()


def test_curl_waits_for_a_word_before_it_sends():
    slots = Slots("files")
    peer = upload(slots, post(image(), more="Expect: 100-continue\r\n"))
    assert peer.got.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    slots = Slots("files")
    peer = upload(slots, post(image(), "admin:x", "Expect: 100-continue\r\n"))
    assert peer.status() == 401 and slots.untouched()
    close()


def test_who_may_not_is_refused_before_anything_is_written():
    for request, status, code in (
        (post(image(), None), 401, "wrong_password"),
        (post(image(), "admin:x"), 401, "wrong_password"),
        (post(image(), "user:"), 401, "wrong_password"),
        (post(image(), more="Origin: http://evil\r\n"), 403, "bad_request"),
        (post(b"", method="GET"), 405, "bad_request"),
        (post(b"", method="PUT"), 405, "bad_request"),
        (post(b""), 411, "bad_request"),
        (post(b"<html>" + bytes(20000)), 400, "bad_image"),
        (post(image(chip="esp8266", fill=20000)), 400, "bad_image"),
        (post(image(fill=20000)[:-1] + b"z"), 400, "bad_image"),
    ):
        slots = Slots("files")
        slots.bench.now += 100000
        peer = upload(slots, request)
        assert peer.status() == status, (request[:200], peer.got)
        assert answer(peer)["error"]["code"] == code, peer.got
        assert slots.untouched(), request[:200]
    close()


def test_while_a_car_charges_the_door_says_busy():
    slots = Slots("partition")
    slots.closed = True
    peer = upload(slots, post(image(fill=30000)))
    assert peer.status() == 503 and "charging" in answer(peer)["error"]["text"]
    assert slots.untouched()
    close()


def test_a_connection_that_is_cut_or_stalls_leaves_everything_as_it_was():
    for form in FORMS:
        slots = Slots(form)
        peer = upload(slots, post(image(fill=30000))[:9000], hangs_up=True)
        assert not peer.got and slots.untouched()
        stalled = Peer(post(image(fill=30000))[:9000])
        serve(slots.bench, [stalled], rounds=3000, step=200)
        assert stalled.closed and stalled.status() == 408 and slots.untouched()
        assert upload(slots, post(image())).status() == 200
    close()


def test_a_second_upload_is_refused_and_the_first_goes_on():
    slots = Slots("partition")
    data = post(image(fill=30000))
    first = Peer(*[data[at : at + 100] for at in range(0, len(data), 100)])
    second = Peer(post(image(fill=30000)))
    serve(slots.bench, [first, second], rounds=6000)
    assert (first.status(), second.status()) == (200, 503), (first.got, second.got)
    assert "another update" in answer(second)["error"]["text"]
    close()


def test_who_drips_is_dropped_after_a_quarter_of_an_hour():
    class Drip(Peer):
        def recv(self, count):
            piece = Peer.recv(self, min(count, 64))
            slots.bench.now += 9000  # 64 bytes in 9 s, never quite too slow for one piece
            return piece

    slots = Slots("files")
    data = post(image(fill=30000))
    peer = Drip(data[:200], data[200:])
    serve(slots.bench, [peer], rounds=6000)
    assert peer.closed and peer.status() == 408 and slots.untouched()
    close()


def test_other_requests_are_answered_meanwhile():
    slots = Slots("partition")
    data = post(image(fill=30000))
    sender = Peer(*[data[at : at + 200] for at in range(0, len(data), 200)])
    reader = Peer(get("cmd=update_status", "admin:"))
    serve(slots.bench, [sender, reader], rounds=6000)
    assert reader.status() == 200 and sender.status() == 200
    assert reader.json()["received"] is not None
    close()
