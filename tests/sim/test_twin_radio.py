"""The twins of the access point, of threads, and the button."""

import sys

from bench import powered, refused
from silicon import SILICON


def test_the_chips_own_network_is_what_it_was_configured_to_be():
    world = powered()
    import network

    access = network.WLAN(network.WLAN.IF_AP)
    assert world.wifi.own() is None and not SILICON.wifi_active
    access.config(ssid="Wallbox", key="12345678", security=network.WLAN.SEC_WPA2)
    access.active(True)
    assert world.wifi.own() == {"ssid": "Wallbox", "key": "12345678", "security": 3}
    assert access.config("security") == network.WLAN.SEC_WPA2 and SILICON.wifi_active
    assert access.ifconfig()[0] == world.wifi.own_address and world.wifi.opened_bare == 0
    access.active(False)
    assert world.wifi.own() is None


def test_a_network_that_nobody_has_configured_is_open_and_counted():
    world = powered()
    import network

    access = network.WLAN(network.WLAN.IF_AP)
    access.active(True)
    assert access.config("security") == network.WLAN.SEC_OPEN and world.wifi.opened_bare == 1


def test_a_reset_closes_and_forgets_it():
    world = powered()
    import network

    access = network.WLAN(network.WLAN.IF_AP)
    access.config(ssid="Wallbox", key="12345678", security=3)
    access.active(True)
    world.wifi.reset()
    assert world.wifi.own() is None
    access.active(True)
    assert world.wifi.own() == {}


def test_a_search_holds_its_caller_but_no_other_thread():
    world = powered()
    import network

    world.wifi.others = [(b"other", -80)]
    station = network.WLAN(network.WLAN.IF_STA)
    assert refused(OSError, station.scan)
    station.active(True)
    before = world.clock.ms()
    assert [entry[0] for entry in station.scan()] == [b"other", b"sim"]
    assert world.clock.ms() - before >= 2200
    found = []
    before = world.clock.ms()
    sys.modules["_thread"].start_new_thread(lambda: found.extend(station.scan()), ())
    assert found == [] and world.clock.ms() - before < 5
    world.clock.advance(2300000)
    assert len(found) == 2


def test_only_the_low_ports_of_the_own_network_are_moved():
    world = powered()
    import socket

    own = world.wifi.own_address
    for host, port, moved in (
        (own, 80, True),
        (own, 53, True),
        (own, 8080, False),
        ("127.0.0.1", 53, False),
        ("0.0.0.0", 80, False),
    ):
        expected = port + 18000 if moved else port
        answer = socket.getaddrinfo(host, port)
        data = bytes(answer[0][-1])
        assert data[2] << 8 | data[3] == expected, (host, port)


def test_the_button_closes_to_ground():
    world = powered()
    import machine

    pin = machine.Pin(world.board["button"], machine.Pin.IN, machine.Pin.PULL_UP)
    assert pin.value() == 1
    world.press_button(True)
    assert pin.value() == 0 and world.button
    world.press_button(False)
    assert pin.value() == 1 and not world.button
