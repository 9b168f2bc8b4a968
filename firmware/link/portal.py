"""The access point's own servers: every name is the box, and every page its first page."""

import asyncio
import select
import socket

from micropython import const

from firmware.api.first_page import names, pieces
from firmware.api.first_start import taken
from firmware.codec.dns_reply import LARGEST, reply
from firmware.link.http import HttpDoor, listening
from firmware.ticks import after, since

_WEB_PORT = const(80)
_NAME_PORT = const(53)
_WORKERS = const(2)
# As long as nobody uses the page; and after the Wi-Fi has answered, so that it can be said.
_OPEN_MS = const(900000)
_CLOSING_MS = const(60000)
_SEARCH_MS = const(6000)
_LOOK_MS = const(40)
_ANSWERS = const(8)  # names in one look
_HERE = "/first-start"


class Portal:
    """`run` serves until nobody needs it any more; then `close`.

    `address` is the box's own in its network, `scan(found)` looks for others (firmware/radio.py),
    `join()` sets Wi-Fi up if it was not, and `wifi()` is None or the link/wifi.py there is.
    """

    def __init__(self, box, address: str, scan, join):
        self.wifi = None
        self._box = box
        self._address = address
        self._scan = scan
        self._join = join
        self._shared = self._door = None
        self._tasks = []
        self._sockets = []
        self._found = []
        self._searched_at = 0
        self._until = 0
        self._problems = []
        self._before = None  # name and password that a new one has replaced
        self._awaited = self._closing = False

    def share(self, door):
        """Answer at a door that is open anyway; without one, `run` opens one that does no more."""
        self._shared = door
        door.portal = self

    def stay(self):
        """Stay open for another quarter of an hour."""
        self._until = after(self._box.now(), _OPEN_MS)

    async def run(self):
        """Until the time is over, or the Wi-Fi was joined and said so for a minute."""
        self.stay()
        self._search()
        if not self._shared and not self._opened():
            return
        queries = self._names()
        while since(self._until, self._box.now()) > 0:
            if queries:
                self._answer_names(*queries)
            self._keep_workers()
            self._watch()
            await asyncio.sleep_ms(_LOOK_MS)
        self._box.log.info("access", "the access point closes")
        self._put_back()

    def close(self):
        """Let go of sockets and tasks."""
        if self._shared:
            self._shared.portal = None
        for task in self._tasks:
            task.cancel()
        for opened in self._sockets:
            opened.close()

    def _opened(self) -> bool:
        try:
            listener = listening(_WEB_PORT, self._address)
        except OSError as error:
            self._box.log.error("access", f"no page, so it closes: port {_WEB_PORT}, {error}")
            return False
        self._sockets.append(listener)
        self._door = HttpDoor(self._box, listener)
        self._door.portal = self
        return True

    def _keep_workers(self):
        """Those that serve our own door; one that has failed has said so, and begins anew."""
        self._tasks = [task for task in self._tasks if not task.done()]
        while self._door and len(self._tasks) < _WORKERS:
            self._tasks.append(asyncio.create_task(self._door.serve()))

    def _looking(self) -> bool:
        gone_ms = since(self._box.now(), self._searched_at)
        return None not in self._found and gone_ms < _SEARCH_MS

    def _search(self):
        self._found = []
        self._searched_at = self._box.now()
        self._scan(self._found)

    # Names.

    def _names(self):
        try:
            names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._sockets.append(names)
            names.setblocking(False)
            # A literal address, which is not looked up.
            names.bind(socket.getaddrinfo(self._address, _NAME_PORT)[0][-1])
        except OSError as error:
            self._box.log.warning("access", f"the page does not come by itself: {error}")
            return None
        poll = select.poll()
        poll.register(names, select.POLLIN)
        here = bytes([int(part) for part in self._address.split(".")])
        return names, poll, here

    def _answer_names(self, names, poll, here):
        for _ in range(_ANSWERS):
            if not any(events & select.POLLIN for _, events in poll.ipoll(0)):
                return
            try:
                packet, sender = names.recvfrom(LARGEST + 1)
                answer = reply(packet, here)
                if answer:
                    names.sendto(answer, sender)
            except OSError:
                return  # a station that has gone, or a full queue: it asks again

    # The page.

    async def answered(self, connection, head, body) -> bool:
        """Answer a request; False for one to a shared door that is meant for others."""
        if head.path in ("/", _HERE):
            if not self._closing:
                self.stay()
            if head.method == "POST":
                self._take(body)
                await self._redirect(connection, _HERE)
            elif head.query:
                if not self._looking():  # each search is a thread
                    self._search()
                await self._redirect(connection, _HERE)
            else:
                await self._show(connection)
            return True
        # Phones ask well-known places whether there is an internet behind a network; whatever
        # they ask for, this is the page that they then show.
        if self._shared and head.host[-1:].isdigit():
            return False
        await self._redirect(connection, f"http://{self._address}{_HERE}")
        return True

    async def _redirect(self, connection, place):
        await connection.write(
            f"HTTP/1.1 303 See Other\r\nLocation: {place}\r\nContent-Length: 0\r\n"
            "Connection: close\r\nCache-Control: no-store\r\n\r\n".encode()
        )

    async def _show(self, connection):
        await connection.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
            b"Connection: close\r\nCache-Control: no-store\r\n"
            b"Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; "
            b"form-action 'self'\r\n\r\n"
        )
        for piece in pieces(self._box.system.serial, self._view()):
            await connection.write(piece.encode())
        self._problems = []

    def _view(self) -> dict:
        state, joining = self._state()
        return {
            "networks": names([entry for entry in self._found if entry]),
            "ssid": self._box.settings.network.wifi_ssid,
            "secured": bool(self._box.settings.network.admin_password),
            "problems": self._problems,
            "state": state,
            "busy": joining or self._looking(),
        }

    def _state(self):
        """(what became of the Wi-Fi, whether that is still open)"""
        wifi = self.wifi()
        if not wifi:
            return "", False
        status = wifi.status()
        name = status["ssid"]
        if status["connected"]:
            end = " This network closes within a minute." if self._closing else ""
            place = f"the box is at http://{status['address']}/ there."
            return f"Connected to {name}: {place}{end}", False
        if status["problem"]:
            return f"Not connected to {name}: {status['problem']}.", False
        return f"Connecting to {name} …", True

    def _take(self, body):
        network = self._box.settings.network
        before = network.wifi_ssid, network.wifi_password
        self._problems = taken(self._box, body)
        if self._problems:
            return
        self._before = self._before or before
        self._awaited = True
        self._closing = False
        self.stay()
        wifi = self.wifi()
        if wifi:
            wifi.renew()
        else:
            self._join()

    def _watch(self):
        wifi = self.wifi()
        if self._awaited and wifi and wifi.connected:
            self._awaited = False
            self._closing = True
            self._before = None
            self._until = after(self._box.now(), _CLOSING_MS)

    def _put_back(self):
        """A new name that never answered gives way to the one before."""
        if self._before and self._before[0]:
            name, password = self._before
            self._box.settings.change(
                {"network.wifi_ssid": name, "network.wifi_password": password}
            )
            self._box.log.warning("access", f"the new Wi-Fi did not answer: back to {name}")
            self.wifi().renew()
