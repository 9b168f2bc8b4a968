"""The console command for meters: what kinds there are, and the meter of this charge point."""

import os

from firmware.api.errors import ApiError

_HERE = __file__.rsplit("/", 2)[0]
_FOLDERS = (_HERE + "/meter/definitions", "/data/meters")
_EV_ROLE = 4
_MOST = 10
_WIDTH = 78


async def meter(session, arguments: dict):
    """List, add or remove."""
    kind = arguments.get("kind")
    if kind is None:
        await _list(session)
    elif kind == "none":
        _remove(session.app, arguments.get("address") or "M1")
        await session.say("Removed.\n")
    else:
        dev_id = add(session.app, kind, arguments.get("address"), arguments.get("number"))
        await session.say(f"{dev_id} is the meter of this charge point. status() shows it.\n")


async def _list(session):
    now = session.app.board.now()
    for device in session.app.devices:
        if device.dev_id[0] == "M":
            heard = "silent" if device.reading.stale(now) else "answers"
            kind = device.entry["dev_type"][6:]
            await session.say(f"{device.dev_id}: {kind}, {heard}\n")
    await session.say("Kinds: s0 (input 1 or 2, pulses per kWh), dts353 (Modbus address),\n")
    line = ""
    for kind in sorted(kinds()):
        if len(line) + len(kind) > _WIDTH:
            await session.say(line + "\n")
            line = ""
        line += kind + " "
    await session.say(line + "(Modbus address or URL)\n")


def kinds() -> list:
    """Names of all definitions, shipped and the owner's."""
    found = []
    for folder in _FOLDERS:
        try:
            found += [name[:-5] for name in os.listdir(folder) if name.endswith(".json")]
        except OSError:
            continue
    return found


def add(app, kind: str, address=None, number: int | None = None) -> str:
    """Make a meter of this kind the charge point's own; its device id. ApiError: it cannot be."""
    from firmware.api.parameters import set_device

    kind = kind.lower()
    entry = {"role": _EV_ROLE}
    if kind == "s0":
        entry["dev_type"] = "meter_powerbrain"
        entry["address"] = f"meter{_input(address)}:"
        entry["pulses_per_kwh"] = number or 1000
    else:
        if kind != "dts353" and kind not in kinds():
            raise ApiError("bad_value", f"{kind}: no such meter. {_near(kind)}")
        entry["dev_type"] = "meter_" + kind
        if isinstance(address, int):
            if not 1 <= address <= 247:
                raise ApiError("bad_value", "address: a Modbus address is 1 to 247")
            entry["id"] = address
        elif address:
            entry["address"] = address
    entry["dev_id"] = dev_id = _place(app, entry)
    set_device(app.box, {"body": entry}, 3)
    set_device(app.box, {"body": {"dev_id": "E1", "attach": dev_id}}, 3)
    app.box.bus = app.meters.bus
    return dev_id


def _input(address) -> int:
    if address not in (None, 1, 2, "1", "2"):
        raise ApiError("bad_value", "address: an S0 meter is on input 1 or 2")
    return int(address or 1)


def _near(kind) -> str:
    from firmware.console.words import distance

    known = kinds() + ["s0", "dts353"]
    similar = [name for name in known if kind in name] or known
    nearest = min(similar, key=lambda name: distance(kind, name))
    return f"Did you mean {nearest}? meter() lists them."


def _place(app, entry) -> str:
    """M1 to M10: the same meter again, or the first that is free."""
    for number in range(1, _MOST + 1):
        known = app.settings.find("devices", f"M{number}")
        if known is None:
            return f"M{number}"
        same = ("dev_type", "id", "address")
        if all(known.get(name) == entry.get(name) for name in same):
            return f"M{number}"
    raise ApiError("bad_value", f'{_MOST} meters are enough; meter("none", "M1") removes one')


def _remove(app, dev_id):
    from firmware.api.parameters import del_device

    if app.settings.find("devices", dev_id) is None or dev_id[0] != "M":
        raise ApiError("unknown_device", f"{dev_id}: no such meter. meter() lists them.")
    del_device(app.box, {"dev_id": dev_id}, 3)
