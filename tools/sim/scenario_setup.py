"""What the installer of the simulated box left on its flash: board name and configuration."""

from silicon import SILICON

from firmware.checks import take
from firmware.schema import row as setting_row

_FOLDER = "/data"
_DEVICES = (
    {"dev_id": "E1", "dev_type": "evse_powerbrain", "name": "Wallbox", "attach": "M2"},
    {
        "dev_id": "M1",
        "dev_type": "meter_powerbrain",
        "name": "Wallbox S0",
        "address": "meter1:",
        "role": 4,
        "pulses_per_kwh": 1000,
    },
    {"dev_id": "M2", "dev_type": "meter_dts353", "name": "Wallbox Modbus", "id": 101, "role": 4},
    {"dev_id": "M3", "dev_type": "meter_ajax", "name": "House"},
)


def initial_document(broker: str) -> dict:
    """The configuration of a box fresh from the installer; `broker` is a URL or empty."""
    return {
        "version": 1,
        "params": {},
        "charge": {"max_current_ma": 16000},
        "mqtt": {"broker": broker, "control": True},
        "network": {
            "wifi_ssid": "sim",
            "http": bool(broker),
            "http_port": 8080,
            "time_server": "",
        },
        "devices": [dict(device) for device in _DEVICES],
        "variables": [],
    }


def change(document: dict, name: str, text: str):
    """Set `charge.max_current_ma` and the like in a document; ValueError for what is not there."""
    row = setting_row(name)
    if row is None:
        raise ValueError(f"unknown setting {name}")
    section, key = name.split(".")
    document[section][key] = take(row[1], row[3], row[4], text)


def remove(document: dict, dev_id: str):
    """Take a device out of a document; ValueError when it is not there."""
    for device in document["devices"]:
        if device["dev_id"] == dev_id:
            document["devices"].remove(device)
            # The charge point's energy comes from the meter that is left.
            document["devices"][0]["attach"] = "M1"
            return
    raise ValueError(f"unknown device {dev_id}")


def commission(world, document: dict | None, broker: str, time_server: str = ""):
    """Put the board's name on the flash, and `document` unless the flash has one already.

    With `document` None the flash keeps its own, but for the broker's address and the time server.
    """
    from firmware.log import Log
    from firmware.store.config import ConfigStore
    from firmware.store.wear import Wear

    flash = world.flash
    was_dead = SILICON.dead
    charge = flash.charge
    SILICON.dead = flash.charge = False
    flash.mount(_FOLDER)
    try:
        with open(_FOLDER + "/board", "w") as file:
            file.write(world.board["name"])
        store = ConfigStore(_FOLDER, Log(echo=None), Wear())
        kept, _ = store.load()
        if document is None:
            document = kept or initial_document(broker)
            document.setdefault("mqtt", {})["broker"] = broker
            document.setdefault("network", {})["time_server"] = time_server
        store.save(document)
    finally:
        flash.unmount()
        SILICON.dead = was_dead
        flash.charge = charge
