"""Keeps the station connected to its access point, for ever and without being waited for."""

import asyncio

from micropython import const

_POLL_MS = const(500)
# How long one attempt may take, association and DHCP together, before it is begun anew.
_ATTEMPT_MS = const(20000)
_FIRST_WAIT_MS = const(1000)
_LONGEST_WAIT_MS = const(30000)
# What the driver calls a failure to agree on the key: always the wrong password.
_WRONG_PASSWORD = (15, 202, 204)
_NO_SUCH_NAME = (201, 210, 211, 212)


class Wifi:
    """One access point; `status()` says since when, how often and why not.

    Its name and password are those of the settings `network`; new ones are taken by `renew`.
    `hostname` there is the name of the box for the DHCP server.

    The driver's events are not trusted: the real link is polled twice a second.
    """

    def __init__(self, wlan, network, log):
        self.losses = 0
        self._wlan = wlan
        self._network = network
        self._log = log
        self.renew()

    def renew(self):
        """Leave, and connect with the name and password that are set now."""
        self._renewed = True
        self.connected = False
        self.problem = ""  # of the last attempt that has failed
        self._ssid, self._password = self._network.wifi_ssid, self._network.wifi_password

    async def run(self):
        """Connect and stay connected; never returns."""
        self._wlan.active(True)
        try:
            self._wlan.config(hostname=self._network.hostname)
        except (ValueError, OSError) as error:
            self._log.warning("wifi", f"host name {self._network.hostname} not taken: {error}")
        wait_ms = _FIRST_WAIT_MS
        while True:
            if await self._attempt():
                wait_ms = _FIRST_WAIT_MS
                await self._watch()
            elif await self._renewed_within(wait_ms):
                wait_ms = _FIRST_WAIT_MS
            else:
                wait_ms = min(2 * wait_ms, _LONGEST_WAIT_MS)

    async def _renewed_within(self, duration_ms: int) -> bool:
        for _ in range(duration_ms // _POLL_MS):
            if self._renewed:
                return True
            await asyncio.sleep_ms(_POLL_MS)
        return False

    async def _attempt(self) -> bool:
        wlan = self._wlan
        self._renewed = False
        wlan.connect(self._ssid, self._password)
        for _ in range(_ATTEMPT_MS // _POLL_MS):
            if wlan.isconnected():
                self.connected = True
                self.problem = ""
                self._log.info("wifi", f"connected to {self._ssid} as {wlan.ifconfig()[0]}")
                return True
            if self._renewed:
                break
            self.problem = _words(wlan.status()) or self.problem
            await asyncio.sleep_ms(_POLL_MS)
        self.problem = self.problem or "no answer within 20 s"
        self._log.warning("wifi", f"no connection to {self._ssid}, status {wlan.status()}")
        wlan.disconnect()
        return False

    async def _watch(self):
        while self._wlan.isconnected() and not self._renewed:
            await asyncio.sleep_ms(_POLL_MS)
        self.connected = False
        self.losses += 1
        what = "left" if self._wlan.isconnected() else "lost"
        self._log.warning("wifi", f"{what} {self._ssid}, status {self._wlan.status()}")
        self._wlan.disconnect()

    def name_servers(self) -> list:
        """DNS servers that DHCP has told, as (address, port)."""
        return [(self._wlan.ifconfig()[3], 53)] if self.connected else []

    def status(self) -> dict:
        return {
            "ssid": self._ssid,
            "connected": self.connected,
            "problem": self.problem,
            "losses": self.losses,
            "address": self._wlan.ifconfig()[0] if self.connected else "",
        }


def _words(status: int) -> str:
    """A status of the driver in words; empty while nothing is wrong yet."""
    if status in _WRONG_PASSWORD:
        return "the password is wrong"
    return "no network of this name is in reach" if status in _NO_SUCH_NAME else ""
