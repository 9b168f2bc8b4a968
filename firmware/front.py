"""The front of the box: what its button asks for, and what its light says beside charging."""

import asyncio

from micropython import const

from firmware import led
from firmware.store.once import forget
from firmware.ticks import since

_LOOK_MS = const(50)
_WAIT_MS = const(500)
_LONG_MS = const(5000)
_RESET_MS = const(15000)
# A button that is held for longer than anybody would is stuck, wet or pinched.
_STUCK_MS = const(60000)

NOTHING = const(0)
SHORT = const(1)
LONG = const(2)
RESET = const(3)


class Button:
    """Debounces the button; `held` is what letting go of it now would ask for.

    A button that is down at the start, or for more than a minute, asks for nothing until it has
    been let go.
    """

    def __init__(self):
        self.held = NOTHING
        self._down = True
        self._stuck = True
        self._since = None

    def step(self, down: bool, now: int) -> int:
        """A look every 50 ms, of which two must agree; what the press that ended asks for."""
        if down != self._down:
            self._down = down
            return NOTHING
        asked = NOTHING
        if not down:
            asked = self.held
            self._stuck = False
            self._since = None
            self.held = NOTHING
        elif not self._stuck:
            if self._since is None:
                self._since = now
            self.held = self._meant(since(now, self._since))
        return asked

    def _meant(self, for_ms):
        if for_ms >= _STUCK_MS:
            self._stuck = True
            return NOTHING
        return RESET if for_ms >= _RESET_MS else LONG if for_ms >= _LONG_MS else SHORT


class Front:
    """Looks at the button and sets the notice of the light; opens the access point.

    `start(name, run)` keeps a task alive; the one for the access point comes with its first use.
    `trial` tells whether a new firmware still has to prove itself (firmware/slots/trial.py).
    """

    def __init__(self, app, start):
        self.trial = False
        self.access = None  # firmware/link/portal.py, while the access point is open
        self._app = app
        self._button = Button()
        self._start = start
        self._wanted = self._started = False
        if not app.settings.network.wifi_ssid:
            self.open_access()

    async def run(self):
        """Twenty times a second, for ever."""
        board = self._app.board
        while True:
            if board.pressed() is not None:
                self._asked(self._button.step(board.pressed(), board.now()))
            board.notice = self._notice()
            await asyncio.sleep_ms(_LOOK_MS)

    def _asked(self, press):
        app = self._app
        if press == LONG:
            self.open_access()
        elif press == RESET and app.closed():
            app.log.warning("button", "no factory reset while a car is charging")
        elif press == RESET:
            app.log.warning("button", "factory reset")
            app.system.factory_reset()

    def open_access(self):
        """Open the access point, or leave it open for longer."""
        if self.access:
            self.access.stay()
        self._wanted = True
        if not self._started:
            self._started = True
            self._start("access point", self._serve)

    def _notice(self) -> int:
        app = self._app
        held = self._button.held
        if held == LONG:
            return led.LONG_PRESS
        if held == RESET and not app.closed():
            return led.RESET_ARMED
        if self.access:
            return led.ACCESS_POINT
        if self.trial:
            return led.TRIAL
        return led.NO_NOTICE if app.network_up() else led.NO_NETWORK

    async def _serve(self):
        """Whenever the access point is wanted, open it, then forget what was loaded for it."""
        while True:
            while not self._wanted:
                await asyncio.sleep_ms(_WAIT_MS)
            try:
                await self._opened()
            finally:
                self.access = None
                self._wanted = False
                for name, room in _LOADED if self._app.http else _LOADED + _DOOR:
                    forget(name, room)

    async def _opened(self):
        # On its own, because the names of a function that goes on for ever keep what they name.
        from firmware.access import opened

        await opened(self._app, self)


_DOOR = (("http", "firmware.link"), ("http_head", "firmware.codec"))
_LOADED = (
    ("access", "firmware"),
    ("radio", "firmware"),
    ("portal", "firmware.link"),
    ("first_start", "firmware.api"),
    ("first_page", "firmware.api"),
    ("dns_reply", "firmware.codec"),
)
