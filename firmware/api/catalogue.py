"""What this firmware can do: its commands and the types of devices it knows."""

from firmware.api.commands import names, row
from firmware.api.errors import ApiError

COMMANDS = b"""
get_dev_types anyone - object
help admin - any name?:text:1:32
"""
_TYPES = """
evse_powerbrain Charge point of this box
evse_ajax Charge point, HTTP or MQTT input
meter_powerbrain Meter, S0
meter_dts353 Meter YTL DTS353
meter_ajax Meter, HTTP or MQTT input
"""


def get_dev_types(box, arguments: dict, role: int) -> dict:
    """The device types this firmware knows, with their names."""
    return dict(line.split(" ", 1) for line in _TYPES.strip().split("\n"))


def help(box, arguments: dict, role: int):
    """The names of all commands; with `name`, who may call that one, and its parameters."""
    if "name" not in arguments:
        return list(names())
    line = row(arguments["name"])
    if line is None:
        raise ApiError("unknown_command", "no such command", "name")
    return {
        "cmd": line[0],
        "role": line[1],
        "writes": "" if line[2] == "-" else line[2],
        "answer": line[3],
        "parameters": line[5:],
    }
