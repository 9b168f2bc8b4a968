"""A box without Wi-Fi, a phone, and a button: the access point from its opening to its end."""

import os
import sys

import ports
import usocket
from chip import until
from firmware_bench import app, box, charging, logged, started
from scenario_setup import initial_document
from silicon import SILICON

from firmware import led
from firmware.codec import dns
from firmware.ticks import after, since

_WEB = 18080  # the host keeps ports 80 and 53 for itself
_NAMES = 18053
_GOOD = "ssid=sim&key=&new=wallbox-1&again=wallbox-1"


def fresh(ssid="", **network):
    document = initial_document("")
    document["network"] = {"wifi_ssid": ssid, "time_server": "", "http": False}
    document["network"].update(network)
    chip = box(document)
    # Other tests may run on this machine at the same time.
    chip.world.wifi.own_address = "127." + ".".join([str(1 + b % 250) for b in os.urandom(3)])
    return chip


def run(chip, story, minutes=10):
    return chip.run(story(), limit_ms=minutes * 60000)


def opened(chip):
    """For stories: wait until the access point serves."""
    wifi = chip.world.wifi
    yield from until(lambda: wifi.own() and app(chip).front.access, 20000, "no access point")
    yield 3000  # so long takes the look at the air


def over(chip):
    """For stories: let the quarter of an hour pass at once, which takes long in simulated time."""
    access = app(chip).front.access
    now = app(chip).board.now()
    assert 800000 < since(access._until, now) <= 900000
    access._until = after(now, 500)
    yield 2000


def asked(chip, text, port=_WEB, address=None):
    """For stories: what an HTTP request is answered; "" when nobody does."""
    peer = usocket.socket()
    peer.setblocking(False)
    place = usocket.getaddrinfo(address or chip.world.wifi.own_address, port)[0][-1]
    try:
        peer.connect(place)
    except OSError:
        pass
    got = b""
    try:
        yield 60
        peer.send(text.encode())
        for _ in range(1000):
            yield 20
            data = peer.recv(4096)
            if data == b"":
                break
            got += data or b""
    except OSError as error:
        if error.errno == 11:
            got = yield from rest(peer, got)
    finally:
        peer.close()
    return got.decode()


def rest(peer, got):
    for _ in range(2000):
        try:
            data = peer.recv(4096)
            if data == b"":
                break
            got += data
        except OSError as error:
            if error.errno != 11:
                break
        yield 20
    return got


def get(chip, path="/first-start", host="192.168.4.1"):
    return asked(chip, f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n")


def post(chip, form, extra=""):
    head = f"POST /first-start HTTP/1.1\r\nHost: box\r\nContent-Length: {len(form)}\r\n{extra}\r\n"
    return asked(chip, head + form)


def test_a_box_without_wifi_is_set_up_by_phone_and_says_the_result():
    chip = fresh()
    chip.world.wifi.others = [(b"Neighbour <3", -80)]

    def story():
        yield from started(chip)
        yield from opened(chip)
        own = chip.world.wifi.own()
        assert (
            own["security"] == 3 and len(own["key"]) == 12 and own["ssid"].startswith("Wallbox ")
        )
        assert chip.world.wifi.opened_bare == 0
        page = yield from get(chip)
        assert " 200 OK" in page and "Neighbour &lt;3" in page and 'value="sim"' in page, page
        answer = yield from post(chip, "ssid=sim&key=short&new=1")
        assert " 303 " in answer
        page = yield from get(chip)
        assert "8 to 63 characters" in page and "differ" in page, page
        page = yield from get(chip)
        assert "differ" not in page, "what was said is said once"
        answer = yield from post(chip, _GOOD)
        assert " 303 " in answer
        page = yield from get(chip)
        assert "Connecting to sim" in page and "<form" not in page, page
        yield from until(lambda: app(chip).wifi and app(chip).wifi.connected, 20000)
        page = yield from get(chip)
        assert "Connected to sim: the box is at http://127.0.0.1/" in page, page
        assert "closes within a minute" in page
        yield from until(lambda: chip.world.wifi.own() is None, 70000, "it stays open")
        assert app(chip).front.access is None and app(chip).wifi.connected
        yield 20000
        chip.reset()
        yield from started(chip, 2)
        yield from until(lambda: app(chip).wifi.connected, 20000)
        assert chip.world.wifi.own() is None and app(chip).front.access is None

    run(chip, story)


def test_a_wrong_password_is_said_and_can_be_corrected():
    chip = fresh()
    chip.world.wifi.key = "correct horse"

    def story():
        yield from started(chip)
        yield from opened(chip)
        yield from post(chip, _GOOD.replace("key=", "key=wrong+horse"))
        yield from until(lambda: app(chip).wifi and app(chip).wifi.problem, 20000)
        page = yield from get(chip)
        assert "Not connected to sim: the password is wrong" in page and "<form" in page, page
        yield from post(chip, "ssid=sim&key=correct+horse&old=wallbox-1")
        yield from until(lambda: app(chip).wifi.connected, 30000)

    run(chip, story)


def test_every_name_and_every_probe_leads_to_the_page():
    chip = fresh()

    def story():
        yield from started(chip)
        yield from opened(chip)
        for host, path in (
            ("captive.apple.com", "/hotspot-detect.html"),
            ("connectivitycheck.gstatic.com", "/generate_204"),
            ("www.msftconnecttest.com", "/connecttest.txt"),
            ("detectportal.firefox.com", "/canonical.html"),
            ("192.168.4.1", "/cnf?cmd=get_dev_info"),
        ):
            answer = yield from get(chip, path, host)
            place = f"Location: http://{chip.world.wifi.own_address}/first-start\r\n"
            assert " 303 " in answer and place in answer, answer
        names = usocket.socket(usocket.AF_INET, usocket.SOCK_DGRAM)
        names.setblocking(False)
        place = usocket.getaddrinfo(chip.world.wifi.own_address, _NAMES)[0][-1]
        try:
            for _ in range(20):
                names.sendto(os.urandom(40), place)
            names.sendto(dns.question("captive.apple.com", 4711), place)
            yield 1000
            found = dns.answer(names.recv(512), "captive.apple.com", 4711)
            assert found == (chip.world.wifi.own_address, 10), found
        finally:
            names.close()

    run(chip, story)


def test_charging_goes_on_while_the_access_point_is_open():
    chip = fresh()

    def story():
        yield from started(chip)
        yield from charging(chip)
        yield from opened(chip)
        openings = chip.world.contactor.openings_under_load
        yield from get(chip, "/first-start?scan=1")
        yield 3000
        yield from post(chip, _GOOD)
        yield from until(lambda: app(chip).wifi and app(chip).wifi.connected, 20000)
        yield from until(lambda: chip.world.wifi.own() is None, 70000)
        assert chip.world.contactor.closed and chip.boots == 1
        assert chip.world.contactor.openings_under_load == openings
        assert app(chip).pace.worst_closed_ms <= 50, app(chip).pace.worst_closed_ms
        chip.world.unplug()
        yield 20000
        chip.reset()
        yield from started(chip, 2)
        assert app(chip).settings.network.wifi_ssid == "sim"

    run(chip, story)


def test_nobody_comes_and_it_closes_after_a_quarter_of_an_hour():
    chip = fresh()

    def story():
        yield from started(chip)
        yield from opened(chip)
        yield 5000
        yield from over(chip)
        assert chip.world.wifi.own() is None and app(chip).board.notice == led.NO_NOTICE
        for name in ("firmware.access", "firmware.link.portal", "firmware.api.first_page"):
            assert name not in sys.modules, name
        yield from pressed(chip, 6000)
        yield from opened(chip)

    run(chip, story, 20)


def pressed(chip, for_ms):
    """For stories: press the button, see what the light says before it is let go; that."""
    chip.world.press_button(True)
    yield for_ms
    seen = app(chip).board.notice
    chip.world.press_button(False)
    yield 500
    return seen


def test_a_long_press_opens_it_beside_the_wifi_and_a_short_one_does_nothing():
    chip = fresh("sim")

    def story():
        yield from started(chip)
        yield from until(lambda: app(chip).wifi.connected, 20000)
        assert (yield from pressed(chip, 1000)) == led.NO_NOTICE
        yield 3000
        assert chip.world.wifi.own() is None
        assert (yield from pressed(chip, 6000)) == led.LONG_PRESS
        yield from opened(chip)
        assert app(chip).wifi.connected and app(chip).board.notice == led.ACCESS_POINT
        page = yield from get(chip)
        assert "Connected to sim" in page and "<form" in page and "closes" not in page, page

    run(chip, story)


def test_a_new_wifi_that_never_answers_gives_way_to_the_one_before():
    chip = fresh("sim")

    def story():
        yield from started(chip)
        yield from until(lambda: app(chip).wifi.connected, 20000)
        yield from pressed(chip, 6000)
        yield from opened(chip)
        yield from post(chip, "ssid=elsewhere&key=&new=wallbox-1&again=wallbox-1")
        yield from until(lambda: app(chip).wifi.problem, 30000)
        page = yield from get(chip)
        assert "no network of this name is in reach" in page, page
        yield from over(chip)
        assert chip.world.wifi.own() is None and logged(chip, "back to sim")
        yield from until(lambda: app(chip).wifi.connected, 60000)
        assert app(chip).settings.network.wifi_ssid == "sim"

    run(chip, story, 25)


def test_a_very_long_press_is_a_factory_reset_that_the_light_announces():
    chip = fresh("sim", hostname="garage")

    def story():
        yield from started(chip)
        assert (yield from pressed(chip, 16000)) == led.RESET_ARMED
        yield from started(chip, 2)
        assert app(chip).settings.network.hostname == "wallbox"
        yield from opened(chip)

    run(chip, story)


def test_the_password_on_the_label_survives_the_factory_reset():
    chip = fresh()

    def story():
        yield from started(chip)
        yield from opened(chip)
        before = chip.world.wifi.own()["key"]
        yield from pressed(chip, 16000)
        yield from started(chip, 2)
        yield from opened(chip)
        assert chip.world.wifi.own()["key"] == before

    run(chip, story)


def test_no_factory_reset_while_a_car_charges():
    chip = fresh("sim", hostname="garage")

    def story():
        yield from started(chip)
        yield from charging(chip)
        assert (yield from pressed(chip, 16000)) == led.NO_NOTICE
        yield 10000
        assert chip.boots == 1 and chip.world.contactor.closed
        assert app(chip).settings.network.hostname == "garage"
        assert logged(chip, "no factory reset while")

    run(chip, story)


def test_without_a_secret_there_is_no_access_point():
    chip = fresh()

    def story():
        yield from started(chip)
        yield from opened(chip)
        yield from until(lambda: chip.world.wifi.own() is not None, 1000)

    def broken(key, value):
        raise OSError(-0x1105, "ESP_ERR_NVS_NOT_ENOUGH_SPACE")

    run(chip, story)
    chip = fresh()

    def refused():
        yield from started(chip)
        yield from until(lambda: app(chip).front.access, 20000)
        access = app(chip).front.access
        access._until = app(chip).board.now()
        yield from until(lambda: chip.world.wifi.own() is None, 5000)
        app(chip).board.nvs = lambda name: Broken()
        yield from pressed(chip, 6000)
        yield 5000
        assert chip.world.wifi.own() is None and logged(chip, "stays closed")

    run(chip, refused)


class Broken:
    """An NVS that can be neither read nor written."""

    def get_blob(self, key, buffer):
        raise OSError(-0x1102)

    def set_blob(self, key, value):
        raise OSError(-0x1105)


def test_who_wants_the_air_searched_all_the_time_gets_one_search_at_a_time():
    chip = fresh()

    def story():
        yield from started(chip)
        yield from opened(chip)
        threads = sys.modules["_thread"]
        before = threads.STARTED[0]
        for _ in range(10):
            yield from get(chip, "/first-start?scan=1")
        assert 1 <= threads.STARTED[0] - before <= 2
        page = yield from get(chip)
        assert "One moment" in page and "<form" not in page
        yield 3000
        page = yield from get(chip)
        assert 'value="sim"' in page

    run(chip, story)


def test_a_taken_port_closes_it_and_the_box_goes_on():
    chip = fresh()
    other = usocket.socket()
    other.bind(usocket.getaddrinfo(chip.world.wifi.own_address, _WEB)[0][-1])
    other.listen(1)

    def story():
        yield from started(chip)
        yield from until(lambda: logged(chip, "no page, so it closes"), 20000)
        yield 1000
        assert chip.world.wifi.own() is None and app(chip).front.access is None
        yield from charging(chip)

    try:
        run(chip, story)
    finally:
        other.close()


def test_hostile_requests_do_no_harm():
    chip = fresh()

    def story():
        yield from started(chip)
        yield from opened(chip)
        for text in (
            "\x00\x01\x02" * 100 + "\r\n\r\n",
            "GET " + "/" * 3000 + " HTTP/1.1\r\n\r\n",
            "POST /first-start HTTP/1.1\r\nContent-Length: 999999\r\n\r\n",
            "POST /first-start HTTP/1.1\r\nContent-Length: 3\r\n\r\n%zz",
            "POST /first-start HTTP/1.1\r\nHost: box\r\nOrigin: http://evil/\r\n\r\n",
            "DELETE / HTTP/1.1\r\n\r\n",
            "GET /first-start?scan=%ff%00 HTTP/1.1\r\n\r\n",
            "GET /cnf?cmd=factory_reset&confirm=1 HTTP/1.1\r\nHost: box\r\n\r\n",
        ):
            yield from asked(chip, text)
        yield 1000
        assert app(chip).settings.network.wifi_ssid == "" and chip.boots == 1
        page = yield from get(chip)
        assert " 200 OK" in page
        tasks = app(chip).status()["tasks"]
        assert all(task["restarts"] == 0 for task in tasks.values()), tasks

    run(chip, story)


def test_a_port_80_door_that_is_open_anyway_is_shared():
    port = ports.free_tcp_port()
    chip = fresh("sim", http=True, http_port=port)

    def story():
        yield from started(chip)
        running = app(chip)
        # The host keeps port 80 for itself: only what the firmware concludes from it is changed.
        running.settings.network.http_port = 80
        yield from pressed(chip, 6000)
        yield from until(lambda: running.front.access, 20000)
        yield 3000
        assert running.http.portal is running.front.access
        here = "127.0.0.1"
        page = yield from asked(chip, f"GET / HTTP/1.1\r\nHost: {here}\r\n\r\n", port, here)
        assert "<form" in page, page
        query = "GET /cnf?cmd=get_params HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        answer = yield from asked(chip, query, port, here)
        assert " 200 OK" in answer and "vsn" in answer, answer[:200]
        query = "GET /generate_204 HTTP/1.1\r\nHost: connectivitycheck.gstatic.com\r\n\r\n"
        answer = yield from asked(chip, query, port, here)
        assert " 303 " in answer, answer
        running.front.access._until = running.board.now()
        yield 1000
        assert running.http.portal is None
        answer = yield from asked(chip, query, port, here)
        assert " 404 " in answer, answer

    run(chip, story)


def test_nothing_of_it_runs_while_wifi_is_set_up():
    chip = fresh("sim")

    def story():
        yield from started(chip)
        yield 20000
        assert chip.world.wifi.own() is None and SILICON.lookups == []
        for name in ("firmware.access", "firmware.radio", "firmware.link.portal"):
            assert name not in sys.modules, name

    run(chip, story)
