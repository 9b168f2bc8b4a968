"""Console commands that only look: help, status, live values, the log."""

from firmware.console import words
from firmware.log import NAMES

_SECOND_MS = 1000
_LOOK_MS = 50
_HEAD_EVERY = 20
_MOST = 64


async def help(session, arguments: dict):
    """All commands, or one of them."""
    if "name" in arguments:
        _, _, form, text = words.row(arguments["name"].split("(")[0])
        await session.say(f"{form}\n  {text}\n")
        return
    for name in words.names():
        _, _, form, text = words.row(name)
        await session.say(f"{form.split(' or ')[0]}\n    {text.split('. ')[0].rstrip('.')}.\n")
    if session.running:
        await session.say("Ctrl-C gives up a line or a command; twice, it stops the firmware.\n")
    else:
        await session.say("The firmware is stopped: restart() or Ctrl-D starts it again.\n")


async def status(session, arguments: dict):
    """The box at a glance."""
    app = session.app
    point = app.point.status()
    loop = app.pace.status()
    offer = f"{point['offered_ma'] / 1000:.1f} A" if point["offered_ma"] else "no current"
    why = ", ".join(point["blocked"])
    lines = [
        f"Version     {app.system.version} on {app.board.wiring['name']}, {app.system.serial}",
        f"State       {point['state']}, offers {offer}{' (' + why + ')' if why else ''}",
        f"Limit       {point['limit_ma'] / 1000:.1f} A by {point['limit_owner']}",
        f"Contactor   {'closed' if point['contactor'] else 'open'}, {point['phases']} phases, "
        f"closed {point['switches']} times",
        f"Energy      {app.ledger.value('E1.wh') / 1000:.3f} kWh",
    ]
    lines += _meters(app)
    lines += [
        f"Wi-Fi       {_wifi(app)}",
        f"MQTT        {_mqtt(app)}",
        f"Loop        worst {loop['worst_ms']} ms, with contactor closed "
        f"{loop['worst_closed_ms']} ms",
    ]
    for fault in point["faults"]:
        measured = (
            f", measured {fault['measured']} {fault['unit']}" if fault["unit"] != "-" else ""
        )
        lines.append(f"FAULT       {fault['name']}: {fault['text']}{measured}")
    if not session.running:
        lines.append("The firmware is stopped: this is how it was.")
    await session.say("\n".join(lines) + "\n")


def _meters(app):
    now = app.board.now()
    for device in app.devices:
        if device.dev_id[0] == "M":
            reading = device.reading
            power = "no answer" if reading.stale(now) else f"{reading.power_w or 0} W"
            wh = reading.import_wh
            energy = "" if wh is None else f", {wh / 1000:.3f} kWh"
            kind = device.entry["dev_type"][6:]
            yield f"Meter {device.dev_id}    {kind}: {power}{energy}"


def _wifi(app) -> str:
    if not app.wifi:
        return "none is set"
    state = app.wifi.status()
    return f"{state['ssid']} as {state['address']}" if state["connected"] else "not connected"


def _mqtt(app) -> str:
    if not app.mqtt:
        return "none is set"
    return ", ".join([f"{one['broker']} {one['state']}" for one in app.mqtt.status()])


async def watch(session, arguments: dict):
    """One line a second until a key is pressed."""
    if not session.running:
        await session.say("Nothing moves while the firmware is stopped; restart() starts it.\n")
        return
    count = 0
    await session.say("Press Enter to end.\n")
    while not session.key():
        if count % _HEAD_EVERY == 0:
            await session.say("state    CP+ V   CP- V  offer A     L1     L2     L3 A  power W\n")
        count += 1
        await session.say(_line(session.app.point))
        for _ in range(_SECOND_MS // _LOOK_MS):
            if session.key():
                break
            await session.pause(_LOOK_MS)


def _line(point) -> str:
    inputs, measured = point.inputs, point.measured
    levels = f"{inputs.high_mv / 1000:7.2f} {inputs.low_mv / 1000:7.2f}"
    if not inputs.levels_known:
        levels = "      ?       ?"
    head = f"{point.state_name():<7}{levels} {point.offered_ma / 1000:8.1f} "
    if not measured.known:
        return head + "      -      -      -        -\n"
    currents = " ".join([f"{ma / 1000:6.1f}" for ma in measured.current_ma])
    return f"{head}{currents} {measured.power_w:8}\n"


async def log(session, arguments: dict):
    """The newest entries, oldest first."""
    kept = session.app.log
    for entry in kept.after(kept.number - arguments.get("count", 20)):
        if entry:
            _, at, level, topic, text = entry
            await session.say(f"{_clock(at)}{NAMES[level]}: {topic}: {text}\n")


def _clock(at) -> str:
    """Hours, minutes and seconds in UTC; nothing while the clock is not set."""
    if at is None:
        return ""
    return f"{at // 3600 % 24:02}:{at // 60 % 60:02}:{at % 60:02} "
