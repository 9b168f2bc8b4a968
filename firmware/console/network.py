"""Console commands for the ways into the network: Wi-Fi and the MQTT broker."""

from firmware.api.errors import ApiError
from firmware.codec.broker_url import UrlError, broker_url

_SHORTEST_KEY = 8


async def wifi(session, arguments: dict):
    """Show or set the network to join."""
    settings = session.app.settings
    if "ssid" not in arguments:
        await session.say(_wifi_shown(session.app) + "\n")
        return
    ssid, password = arguments["ssid"], arguments.get("password", "")
    check_wifi(ssid, password)
    settings.change({"network.wifi_ssid": ssid, "network.wifi_password": password})
    if ssid and session.running and not session.app.wifi:
        session.app.joined("network")
        await session.say(f"The box joins {ssid} now. wifi() shows how far it is.\n")
    elif ssid:
        await session.say(f"From the next start on the box joins {ssid}. restart() starts it.\n")
    else:
        await session.say("No Wi-Fi from the next start on. restart() starts it.\n")


def check_wifi(ssid: str, password: str):
    """ApiError for a login that no access point takes (WPA2: 8 to 63 characters, or none)."""
    if len(ssid.encode()) > 32:
        raise ApiError("bad_value", "ssid: at most 32 bytes; letters beyond ASCII take two")
    if password and not ssid:
        raise ApiError("bad_value", "ssid: a password needs the name of its network")
    if password and len(password) < _SHORTEST_KEY:
        raise ApiError("bad_value", "password: a Wi-Fi password has 8 to 63 characters, or none")


def _wifi_shown(app) -> str:
    if not app.wifi:
        name = app.settings.network.wifi_ssid
        return f"Wi-Fi: {name}, from the next start on." if name else "Wi-Fi: none is set."
    state = app.wifi.status()
    if state["connected"]:
        return f"Wi-Fi: {state['ssid']}, address {state['address']}, lost {state['losses']} times."
    return f"Wi-Fi: {state['ssid']}, not connected; is name and password right, is it in reach?"


async def mqtt(session, arguments: dict):
    """Show or set the broker."""
    app = session.app
    if "url" not in arguments:
        for client in app.mqtt.status() if app.mqtt else ():
            error = f", last error: {client['last_error']}" if client["last_error"] else ""
            await session.say(f"MQTT: {client['broker']} {client['state']}{error}\n")
        if not app.mqtt:
            await session.say("MQTT: no broker is in use.\n")
        return
    check_broker(arguments["url"])
    app.settings.change({"mqtt.broker": arguments["url"]})
    await session.say("Taken, from the next start on. restart() starts it.\n")


def check_broker(url: str):
    """ApiError with the reason when a text names no broker."""
    try:
        broker_url(url)
    except UrlError as error:
        raise ApiError(
            "bad_value",
            f"url: {error}. Like this: mqtt://192.168.1.10 or mqtts://user:password@host",
        ) from None
