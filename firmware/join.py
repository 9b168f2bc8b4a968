"""Joins the app to its networks, as far as they are set up. What it builds stays.

`start(name, run, *arguments)` keeps a task alive. What does not fit the memory any more is left
out and said so at the start, instead of failing some day.
"""

import gc

from micropython import const

# Bytes that have to be free: the door's code, its four connections, and their floor of 16,000.
_WEB = const(32000)
# A connection over TLS takes 34 KB of an ESP32's heap, and more for a moment in the handshake.
_TLS = const(60000)
_PLENTY = const(1000000)
_LONG_LOG = const(16384)


def _fits(app, what: str, needed: int) -> bool:
    gc.collect()
    free = gc.mem_free()
    if free >= needed:
        return True
    app.log.error(
        "memory",
        f"{what} needs {needed} bytes, {free} are free: left out. "
        "Switch something off, or use a board with PSRAM (docs/budget.md)",
    )
    return False


def room(app, start):
    """With PSRAM there is room for a longer log."""
    if gc.mem_free() > _PLENTY:
        app.log.enlarge(_LONG_LOG)


def network(app, start):
    """Wi-Fi, names and the time, once."""
    settings = app.settings.network
    if app.wifi or not settings.wifi_ssid:
        return
    from firmware.link.resolver import Resolver
    from firmware.link.sntp import Sntp
    from firmware.link.wifi import Wifi

    app.wifi = app.system.wifi = wifi = Wifi(app.board.wlan(), settings, app.log)
    app.box.resolver = resolver = Resolver(wifi.name_servers)
    app.clock.source = sntp = Sntp(settings, resolver.lookup, app.clock.offer, app.log)
    sntp.up = app.network_up
    start("wifi", wifi.run)
    start("time", sntp.run, app.board.now)


def brokers(app, start):
    """The door to MQTT; None when no broker is set."""
    if not app.settings.mqtt.broker:
        return None
    from firmware.mqtt_door import MqttDoor

    door = MqttDoor(app.box, app.meters, app.network_up)
    secure = door.secure()
    door.connect(not secure or _fits(app, "MQTT over TLS", len(secure) * _TLS))
    door.keep_log(app.sessions)
    start("publish", door.serve)
    for client in door.clients.values():
        start("mqtt", client.run)
    return door


def web(app, start):
    """The HTTP door; None when nobody wants it, or its port cannot be had."""
    settings = app.settings.network
    if not settings.http or not _fits(app, "HTTP", _WEB):
        return None
    from firmware.link.http import WORKERS, HttpDoor, listening

    try:
        door = HttpDoor(app.box, listening(settings.http_port))
    except OSError as error:
        app.log.error("http", f"port {settings.http_port} cannot be opened: {error}")
        return None
    app.log.info("http", f"listening on port {settings.http_port}")
    for _ in range(WORKERS):
        start("http", door.serve)
    return door
