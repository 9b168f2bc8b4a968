"""The air around the chip: one access point that comes, goes and takes its time."""

from micropython import const

_IDLE = const(1000)
_CONNECTING = const(1001)
_GOT_IP = const(1010)
_NO_AP = const(201)
_WRONG_PASSWORD = const(202)
_NOBODY = ("0.0.0.0", "0.0.0.0", "0.0.0.0", "0.0.0.0")
_RETRY_US = const(2500000)


class Interface:
    """Station or access point side of the chip's radio."""

    def __init__(self, air, number: int):
        self.air = air
        self._number = number
        self.options = {}
        self.reset()

    def reset(self):
        self.active = False
        self.wanted = None
        self.ssid = None
        self.connected = False
        self.fixed = None
        self.status = _IDLE
        self._event = None

    def activate(self, on: bool):
        self.active = on
        if not on:
            self.disconnect()
        elif self._number == 1 and not self.options:
            self.air.opened_bare += 1
        self.air.radio_changed()

    def connect(self, ssid, key):
        self.disconnect()
        if ssid is not None:
            self.wanted = (ssid, key)
            self.ssid = ssid
        self.status = _CONNECTING
        self._later(self.air.delay_ms * 1000)

    def disconnect(self):
        self.air.clock.cancel(self._event)
        self.connected = False
        self.wanted = None
        self.status = _IDLE

    def addresses(self) -> tuple:
        if self._number == 1:
            own = self.air.own_address
            return (own, "255.0.0.0", own, "0.0.0.0")
        if not self.connected:
            return _NOBODY
        return self.fixed or self.air.addresses

    def lose(self):
        """The access point is gone; the chip goes on trying."""
        if self.connected:
            self.connected = False
            self.status = _CONNECTING
            self._later(_RETRY_US)

    def _later(self, delay_us: int):
        self._event = self.air.clock.after(delay_us, self._try)

    def _try(self, _):
        if self.wanted is None:
            return
        ssid, key = self.wanted
        air = self.air
        if not air.reachable or ssid != air.ssid:
            self.status = _NO_AP
            self._later(_RETRY_US)
        elif air.key is not None and key != air.key:
            self.status = _WRONG_PASSWORD
            self._later(_RETRY_US)
        else:
            self.connected = True
            self.status = _GOT_IP


class Wifi:
    """Levers: `reachable` (through `come()` and `go()`), `delay_ms`, `ssid`, `key`, `rssi`.

    `others` are networks that are in the air as well: (name as bytes, dBm). `own()` is the network
    that the chip has opened; `opened_bare` counts how often it opened one that it had not named.
    """

    def __init__(self, clock, silicon):
        self.clock = clock
        self._silicon = silicon
        self.ssid = "sim"
        self.key = None
        self.rssi = -61
        self.delay_ms = 1800
        self.reachable = True
        # The chip's own network is on the host, too; its ports below 1024 are moved up by 18000
        # there (twins/socket.py).
        self.own_address = "127.0.0.2"
        self.others = []
        self.opened_bare = 0
        self.hostname = "mpy-esp32"
        self.addresses = ("127.0.0.1", "255.0.0.0", "127.0.0.1", "127.0.0.1")
        self._interfaces = (Interface(self, 0), Interface(self, 1))

    def interface(self, number: int) -> Interface:
        return self._interfaces[number]

    def own(self) -> dict | None:
        """`ssid`, `key` and `security` of the chip's access point; None while it is closed."""
        access = self._interfaces[1]
        return dict(access.options) if access.active else None

    def scanned(self) -> list:
        """(name, dBm) of all that can be heard."""
        return self.others + ([(self.ssid.encode(), self.rssi)] if self.reachable else [])

    def reset(self):
        """The chip was reset: its radio is off."""
        for interface in self._interfaces:
            self.clock.cancel(interface._event)
            interface.options = {}
            interface.reset()

    def radio_changed(self):
        self._silicon.wifi_active = any(interface.active for interface in self._interfaces)

    def go(self):
        """Take the access point away."""
        self.reachable = False
        for interface in self._interfaces:
            interface.lose()

    def come(self):
        self.reachable = True
