"""Joins the app to its networks, as far as they are set up. What it builds stays."""


def network(app, start):
    """Wi-Fi, names and the time, once; `start(name, run, *arguments)` keeps a task alive."""
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


def web(app, start):
    """The HTTP door; None when nobody wants it, or its port cannot be had."""
    settings = app.settings.network
    if not settings.http:
        return None
    from firmware.link.http import HttpDoor, listening

    try:
        door = HttpDoor(app.box, listening(settings.http_port))
    except OSError as error:
        app.log.error("http", f"port {settings.http_port} cannot be opened: {error}")
        return None
    app.log.info("http", f"listening on port {settings.http_port}")
    return door
