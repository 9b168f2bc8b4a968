"""The radio beside the station: the access point, and a look at who else is on the air."""

import _thread

import network
from micropython import const

_MOST_STATIONS = const(4)


class RadioError(Exception):
    """The access point cannot be opened as it should be."""


def open_access_point(name: str, password: str) -> str:
    """Open a network of our own and answer with our address in it; never one without a password.

    Name and password are set before the radio is switched on, and then read back.
    """
    wlan = network.WLAN(network.WLAN.IF_AP)
    try:
        wlan.config(
            ssid=name,
            key=password,
            security=network.WLAN.SEC_WPA2,
            max_clients=_MOST_STATIONS,
        )
        wlan.active(True)
        if wlan.config("security") != network.WLAN.SEC_WPA2:
            raise RadioError("it would be open to everybody")
    except (OSError, ValueError, RadioError) as error:
        wlan.active(False)
        raise RadioError(str(error))
    return wlan.ifconfig()[0]


def close_access_point():
    """Switch our network off."""
    network.WLAN(network.WLAN.IF_AP).active(False)


def scan(found: list):
    """Append (name as bytes, signal in dBm) for each network around, and None at the end.

    Takes some two seconds, in a thread of its own: MicroPython lets the others run meanwhile.
    """
    station = network.WLAN(network.WLAN.IF_STA)
    try:
        station.active(True)
        _thread.start_new_thread(_scan, (station, found))
    except OSError:
        found.append(None)  # no room for a thread: names can still be typed


def _scan(station, found):
    try:
        for entry in station.scan():
            found.append((entry[0], entry[3]))
    except OSError:
        pass  # busy with connecting: nothing is found this time
    found.append(None)
