"""Twin of `network`: a WLAN that needs its time to connect and can be taken away."""

from silicon import SILICON

STA_IF = 0
AP_IF = 1

STAT_IDLE = 1000
STAT_CONNECTING = 1001
STAT_GOT_IP = 1010
STAT_NO_AP_FOUND = 201
STAT_WRONG_PASSWORD = 202
STAT_ASSOC_FAIL = 203
STAT_BEACON_TIMEOUT = 200
STAT_HANDSHAKE_TIMEOUT = 204
AUTH_OPEN = 0
AUTH_WPA2_PSK = 3
PM_NONE = 0
PM_PERFORMANCE = 1
PM_POWERSAVE = 2


class WLAN:
    """One interface; `SILICON.world.wifi` is the air around it."""

    IF_STA = 0
    IF_AP = 1
    SEC_OPEN = 0
    SEC_WPA2 = 3
    PM_NONE = 0
    PM_PERFORMANCE = 1
    PM_POWERSAVE = 2

    def __init__(self, interface=STA_IF):
        if interface not in (STA_IF, AP_IF):
            raise ValueError("invalid WLAN interface identifier")
        self._state = SILICON.world.wifi.interface(interface)

    def active(self, on=None):
        if on is None:
            return self._state.active
        self._state.activate(bool(on))
        return self._state.active

    def connect(self, ssid=None, key=None, *, bssid=None):
        """Begin to connect; `isconnected()` tells when it is done."""
        if not self._state.active:
            raise OSError(0x3002, "Wifi Not Started")
        if ssid is not None and not 0 < len(ssid) <= 32:
            raise ValueError("ssid must be 1 to 32 bytes")
        if self._state.wanted is not None and not self._state.connected:
            raise OSError(0x3007, "Wifi Internal State Error")
        self._state.connect(ssid, key)

    def disconnect(self):
        self._state.disconnect()

    def isconnected(self) -> bool:
        return self._state.connected

    def status(self, what=None):
        if what is None:
            return self._state.status
        if what == "rssi":
            return self._state.air.rssi
        raise ValueError("unknown status param")

    def ifconfig(self, config=None):
        if config is None:
            return self._state.addresses()
        self._state.fixed = None if config == "dhcp" else tuple(config)

    def ipconfig(self, name=None, **options):
        address, mask, gateway, _ = self._state.addresses()
        if name == "addr4":
            return (address, mask)
        if name == "gw4":
            return gateway
        if name == "has_dhcp4":
            return self._state.connected
        return None

    def config(self, name=None, **options):
        if name is None:
            self._state.options.update(options)
            return None
        if name == "mac":
            return SILICON.unique_id
        if name in ("ssid", "essid"):
            return self._state.ssid or ""
        if name in self._state.options:
            return self._state.options[name]
        if name in ("security", "authmode"):
            return AUTH_OPEN
        if name in ("hostname", "dhcp_hostname"):
            return "mpy-esp32"
        raise ValueError("unknown config param")

    def scan(self) -> list:
        """The networks around; holds the caller as long as on the chip."""
        if not self._state.active:
            raise OSError(0x3002, "Wifi Not Started")
        SILICON.block(2200000)
        address = b"\x02\x00\x00\x00\x00\x01"
        return [(name, address, 6, dbm, 3, False) for name, dbm in self._state.air.scanned()]


def hostname(name: str | None = None):
    if name is not None:
        SILICON.world.wifi.hostname = name
    return SILICON.world.wifi.hostname


def country(code: str | None = None):
    return "XX"
