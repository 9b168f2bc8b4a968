"""Keeps the station connected to its access point, for ever and without being waited for."""

import asyncio

from micropython import const

_POLL_MS = const(500)
# How long one attempt may take, association and DHCP together, before it is begun anew.
_ATTEMPT_MS = const(20000)
_FIRST_WAIT_MS = const(1000)
_LONGEST_WAIT_MS = const(30000)


class Wifi:
    """One access point; `status()` says since when, how often and why not.

    `login` is its name and password, `hostname` the name of the box for the DHCP server.

    The driver's events are not trusted: the real link is polled twice a second.
    """

    def __init__(self, wlan, login: tuple, hostname: str, log):
        self.connected = False
        self.losses = 0
        self._wlan = wlan
        self._ssid, self._password = login
        self._hostname = hostname
        self._log = log

    async def run(self):
        """Connect and stay connected; never returns."""
        self._wlan.active(True)
        try:
            self._wlan.config(hostname=self._hostname)
        except (ValueError, OSError) as error:
            self._log.warning("wifi", f"host name {self._hostname} not taken: {error}")
        wait_ms = _FIRST_WAIT_MS
        while True:
            if await self._attempt():
                wait_ms = _FIRST_WAIT_MS
                await self._watch()
            else:
                await asyncio.sleep_ms(wait_ms)
                wait_ms = min(2 * wait_ms, _LONGEST_WAIT_MS)

    async def _attempt(self) -> bool:
        wlan = self._wlan
        wlan.connect(self._ssid, self._password)
        for _ in range(_ATTEMPT_MS // _POLL_MS):
            if wlan.isconnected():
                self.connected = True
                self._log.info("wifi", f"connected to {self._ssid} as {wlan.ifconfig()[0]}")
                return True
            await asyncio.sleep_ms(_POLL_MS)
        self._log.warning("wifi", f"no connection to {self._ssid}, status {wlan.status()}")
        wlan.disconnect()
        return False

    async def _watch(self):
        while self._wlan.isconnected():
            await asyncio.sleep_ms(_POLL_MS)
        self.connected = False
        self.losses += 1
        self._log.warning("wifi", f"lost {self._ssid}, status {self._wlan.status()}")
        self._wlan.disconnect()

    def name_servers(self) -> list:
        """DNS servers that DHCP has told, as (address, port)."""
        return [(self._wlan.ifconfig()[3], 53)] if self.connected else []

    def status(self) -> dict:
        return {
            "ssid": self._ssid,
            "connected": self.connected,
            "losses": self.losses,
            "address": self._wlan.ifconfig()[0] if self.connected else "",
        }
