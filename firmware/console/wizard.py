"""The first set-up as a conversation: each answer is checked and explained before it is taken."""

import os

from firmware.api.errors import ApiError
from firmware.checks import take
from firmware.console.network import check_broker, check_wifi
from firmware.console.session import Stopped
from firmware.schema import SettingError
from firmware.store.small import write

_BOARDS = __file__.rsplit("/", 2)[0] + "/boards"
_BOARD_FILE = "/data/board"
_SHORTEST_PASSWORD = 8
_INTRODUCTION = """
Each question shows the value in force in brackets; Enter keeps it. "back" goes one question
back, "stop" ends, "none" empties a text. What is taken stays taken.
"""
# Name, question, explanation.
_STEPS = (
    ("board", "Board", "The file of firmware/boards/ that says what is connected to which pin."),
    (
        "current",
        "Current limit in A",
        "What cable, fuse and supply of this box carry for hours, per phase. Ask the electrician.",
    ),
    ("phases", "Phases", "1, or 3 when L1, L2 and L3 are connected."),
    ("ssid", "Wi-Fi network", "Its name, letter by letter; 2.4 GHz. none: no Wi-Fi."),
    ("key", "Wi-Fi password", "8 to 63 characters, shown as stars. none: an open network."),
    (
        "broker",
        "MQTT broker",
        "Like mqtt://192.168.1.10 or mqtts://user:password@host. none: no MQTT.",
    ),
    (
        "meter",
        "Meter",
        "As for meter(): s0 1 1000 (input, pulses per kWh), dts353 101 (Modbus address), or any\n"
        "kind that meter() lists with its address. none: no meter.",
    ),
    (
        "password",
        "Password for web page and API",
        "At least 8 characters, shown as stars. none: everybody may change everything.",
    ),
)


async def wizard(session, arguments: dict):
    """Ask one step after the other."""
    await session.say(_INTRODUCTION)
    steps = Steps(session.app)
    place = 0
    while place < len(_STEPS):
        place = await _asked(session, steps, place)
    await session.say("That is all. selftest() tries what is connected.\n")
    if steps.restart:
        await _restart(session, steps)


async def _asked(session, steps, place: int) -> int:
    """Ask for one thing; the place of the next."""
    name, title, text = _STEPS[place]
    if name == "key" and not session.app.settings.network.wifi_ssid:
        return place + 1
    known = getattr(steps, "get_" + name)()
    hidden = name in ("key", "password")
    answer = await session.ask(f"\n{text}\n{title} [{known}]: ", hidden)
    if answer.lower() == "stop":
        raise Stopped
    if answer.lower() == "back":
        back = max(0, place - 1)
        skipped = _STEPS[back][0] == "key" and not session.app.settings.network.wifi_ssid
        return back - 1 if skipped else back
    if not answer:
        return place + 1
    try:
        taken = getattr(steps, "set_" + name)("" if answer.lower() == "none" else answer)
    except (ApiError, SettingError, ValueError) as error:
        await session.say(f"  Not taken: {error}\n")
        return place
    await session.say(f"  Taken: {taken}\n")
    if steps.leave:
        await _restart(session, steps)
        raise Stopped
    return place + 1


async def _restart(session, steps):
    answer = await session.ask(
        "Some of it takes effect at the next start. Start again now [yes]? "
    )
    if answer.lower() in ("", "y", "yes"):
        session.app.system.restart()
        await session.say("The box starts again in a few seconds.\n")
        if steps.leave:
            await session.say("Then type wizard() to go on.\n")


class Steps:
    """Reads and changes the settings; `restart` when something waits for the next start.

    set_... answers with what was taken, or raises ValueError, ApiError or SettingError.
    """

    def __init__(self, app):
        self._app = app
        self._settings = app.settings
        self.restart = self.leave = False

    def get_board(self) -> str:
        return self._app.board.wiring["name"]

    def set_board(self, text: str) -> str:
        name = choose_board(text)
        self.restart = self.leave = name != self.get_board()
        return name

    def get_current(self) -> str:
        return f"{self._settings.charge.max_current_ma / 1000:g}"

    def set_current(self, text: str) -> str:
        most_a = self._app.board.wiring["max_current_ma"] // 1000
        if text.lower().endswith("a"):
            text = text[:-1].strip()
        amps = take("num", "6", str(most_a), text)
        self._settings.change({"charge.max_current_ma": int(amps * 1000)})
        return f"{amps:g} A"

    def get_phases(self) -> int:
        return self._settings.charge.phases

    def set_phases(self, text: str) -> str:
        if text not in ("1", "3"):
            raise ValueError("1 or 3 expected")
        before = self.get_phases()
        self._settings.change({"charge.phases": int(text)})
        self.restart = self.restart or before != int(text)
        return f"{text} phase{'s' if text == '3' else ''}"

    def get_ssid(self) -> str:
        return self._settings.network.wifi_ssid or "none"

    def set_ssid(self, text: str) -> str:
        check_wifi(text, "")
        changed = {"network.wifi_ssid": text}
        if text != self._settings.network.wifi_ssid:
            changed["network.wifi_password"] = ""
        self._network(changed)
        return text or "no Wi-Fi"

    def get_key(self) -> str:
        return "stars" if self._settings.network.wifi_password else "none"

    def set_key(self, text: str) -> str:
        check_wifi(self._settings.network.wifi_ssid, text)
        self._network({"network.wifi_password": text})
        return f"{len(text)} characters" if text else "an open network"

    def get_broker(self) -> str:
        from firmware.schema import masked, row

        return masked(row("mqtt.broker"), self._settings.mqtt.broker) or "none"

    def set_broker(self, text: str) -> str:
        check_broker(text)
        self._network({"mqtt.broker": text})
        return self.get_broker()

    def _network(self, changed):
        if self._settings.change(changed):
            self.restart = True

    def get_meter(self) -> str:
        attached = self._settings.find("devices", "E1").get("attach", "")
        entry = self._settings.find("devices", attached)
        return f"{attached}, {entry['dev_type'][6:]}" if entry else "none"

    def set_meter(self, text: str) -> str:
        from firmware.console.meters import add

        words = text.split()
        if not words:
            self._settings.put("devices", {"dev_id": "E1", "attach": ""})
            return "no meter"
        address = words[1] if len(words) > 1 else None
        if address and address.isdigit():
            address = int(address)
        number = int(take("int", "1", "100000", words[2])) if len(words) > 2 else None
        return f"{add(self._app, words[0], address, number)}, {words[0]}"

    def get_password(self) -> str:
        return "stars" if self._settings.network.admin_password else "none"

    def set_password(self, text: str) -> str:
        from firmware.api.guard import guard

        if text and len(text) < _SHORTEST_PASSWORD:
            raise ValueError(f"at least {_SHORTEST_PASSWORD} characters expected")
        sealed = guard(self._app.box).sealed(text)
        self._settings.change({"network.admin_password": sealed})
        return f"{len(text)} characters" if text else "no password: everybody may do everything"


def boards() -> list:
    """Names of the boards that this firmware knows."""
    return sorted(name.split(".")[0] for name in os.listdir(_BOARDS) if name[0] != "_")


def choose_board(text: str) -> str:
    """Write down which board this is, for the next start; ValueError for one that is not known."""
    name = text.lower()
    if name not in boards():
        raise ValueError(f"one of {', '.join(boards())} expected")
    write(_BOARD_FILE, name)
    return name
