"""Commands that read and change the settings and the list of devices."""

from firmware.api.errors import ApiError
from firmware.api.variables import check_formula
from firmware.checks import take
from firmware.codec.time_zone import ZoneError, offset_s
from firmware.schema import record, row
from firmware.settings import SECTIONS

COMMANDS = b"""
set_params admin flash ok body:any
get_devices admin - array
set_device admin flash ok body:any
del_device admin flash ok dev_id:dev
reset_device admin - ok dev_id:dev
get_settings admin - object section?:text:1:16
"""

# Members of get_devices and get_dev_info that clients send back with set_device unchanged.
_READ_ONLY = """
 com_err com_err_secs com_errors status last_error is_evse user_info model ip_address inputs
 outputs import export power_w soc total_energy ta_en charging_dur phases state lreason paused
 pause_reason pause_time pause_min_time needs_auth overrides ov_cur evse charging_enabled
 last_set_charging_cur current_l1 current_l2 current_l3 voltage_l1 voltage_l2 voltage_l3
 """.split()


def set_params(box, arguments: dict, role: int) -> str:
    """Change any parameters: `{"max_total_cur_prc": 70}`; sections of our own by their name,
    `{"charge": {"max_current_ma": 16000}}`. A `devices` list changes one device, as set_device.
    """
    body = _object(arguments)
    devices = body.pop("devices", None)
    values = {}
    for name, value in body.items():
        if name in SECTIONS and isinstance(value, dict):
            for member, inner in value.items():
                values[f"{name}.{member}"] = inner
        else:
            values[name if "." in name else "params." + name] = value
    for name, value in values.items():
        line = row(name)
        if line and line[5] == "owner":
            raise ApiError("not_allowed", f"{name} has a command of its own", name)
        _check_text(name, value)
    entry = None if devices is None else _entry(box, devices, values)
    box.settings.change(values)
    if entry:
        box.settings.put("devices", entry)
        box.devices.renew()
    return "ok"


def _check_text(name, value):
    """Texts with a language of their own."""
    if name == "params.max_total_current":
        check_formula(name, value)
    elif name == "network.time_zone" and isinstance(value, str):
        try:
            offset_s(value, 0)
        except ZoneError as error:
            raise ApiError("bad_value", f"{name}: {error.args[0]}", name) from None


def set_device(box, arguments: dict, role: int) -> str:
    """Change or add one device: `{"devices": [{"dev_id": "M1", ...}]}`."""
    body = _object(arguments)
    values = {}
    entry = _entry(box, body.get("devices", [body]), values)
    box.settings.change(values)
    box.settings.put("devices", entry)
    box.devices.renew()
    return "ok"


def _object(arguments):
    body = arguments.get("body")
    if not isinstance(body, dict) or not body:
        raise ApiError("bad_value", "a body with a JSON object expected", "body")
    return body


def _entry(box, devices, values):
    """The device's entry, checked; what belongs elsewhere goes into `values`."""
    if not isinstance(devices, list) or len(devices) != 1 or not isinstance(devices[0], dict):
        raise ApiError("bad_value", "devices: a list of one object expected", "devices")
    asked = devices[0]
    entry = {name: value for name, value in asked.items() if name not in _READ_ONLY}
    try:
        dev_id = take("dev", "", "", entry.get("dev_id"))
    except ValueError as error:
        raise ApiError("bad_value", f"dev_id: {error.args[0]} expected", "dev_id") from None
    known = box.settings.find("devices", dev_id)
    if known is None:
        kind = entry.get("dev_type")
        if kind not in box.devices.makers:
            raise ApiError("bad_value", f"dev_type: {str(kind)[:32]!r} is not known", "dev_type")
        if kind.split("_")[0] != ("evse" if dev_id[0] == "E" else "meter"):
            raise ApiError("bad_value", "dev_id: E for charge points, M for meters", "dev_id")
    elif entry.get("dev_type", known["dev_type"]) != known["dev_type"]:
        raise ApiError("bad_value", "dev_type cannot change; delete the device first", "dev_type")
    if "allow_ph_sw" in entry:
        values["charge.phase_switching"] = entry.pop("allow_ph_sw")
    check_formula("max_charging_cur", entry.get("max_charging_cur"))
    return record("device", entry)


def get_devices(box, arguments: dict, role: int) -> list:
    """The settings of all devices, defaults included."""
    return [box.devices.defaults | device.entry for device in box.devices]


def del_device(box, arguments: dict, role: int) -> str:
    """Delete a device; E1, the charge point itself, stays."""
    dev_id = _known(box, arguments)
    if dev_id == "E1":
        raise ApiError("not_allowed", "E1 is this charge point and stays", "dev_id")
    box.settings.remove("devices", dev_id)
    box.devices.drop(dev_id)
    return "ok"


def reset_device(box, arguments: dict, role: int) -> str:
    """Make a device anew from its settings; what it measured so far is forgotten."""
    dev_id = _known(box, arguments)
    if dev_id == "E1":
        raise ApiError("not_allowed", "E1 is reset with cmd=restart", "dev_id")
    box.devices.drop(dev_id)
    box.devices.renew()
    return "ok"


def _known(box, arguments):
    dev_id = arguments["dev_id"]
    if box.devices.get(dev_id) is None:
        raise ApiError("unknown_device", f"no device {dev_id}", "dev_id")
    return dev_id


def get_settings(box, arguments: dict, role: int) -> dict:
    """The settings of the firmware by section, passwords as stars."""
    section = arguments.get("section")
    if section is None:
        return {name: box.settings.shown(name) for name in SECTIONS}
    if section not in SECTIONS:
        raise ApiError("bad_value", f"section: {' or '.join(SECTIONS)} expected", "section")
    return box.settings.shown(section)
