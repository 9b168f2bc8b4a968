"""Joins the app to its networks, as far as they are set up. What it builds stays.

`start(name, run, *arguments)` keeps a task alive.
"""


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
    door.connect()
    door.keep_log(app.sessions)
    start("publish", door.serve)
    for client in door.clients.values():
        start("mqtt", client.run)
    return door


def web(app, start):
    """The HTTP door; None when nobody wants it, or its port cannot be had."""
    settings = app.settings.network
    if not settings.http:
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
