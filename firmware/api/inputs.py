"""Commands that bring values in: meters and charge points without a wire to this box."""

from firmware.api.errors import ApiError

COMMANDS = b"""
set_ajax_meter admin - ok dev_id:dev model?:text:0:127
 import_wh?:num:0:1e15 import_vah?:num:0:1e15 export_wh?:num:0:1e15 export_vah?:num:0:1e15
 voltage?:three:0:1000 current?:three:-1e7:1e7 power_w?:num:-1e7:1e7 power_va?:num:-1e7:1e7
 is_va?:bool soc?:num:0:100 +body:any
set_ajax_evse admin - object dev_id:dev model?:text:0:127 state?:int:1:6
 max_charging_current?:num:0:1e6 current?:three:0:1e6 total_energy?:num:0:1e15
 rfid?:text:0:32 +body:any
soft_meter admin - number dev_id:dev val?:num:0:1e15
"""


def _device(box, arguments):
    device = box.devices.get(arguments["dev_id"])
    if device is None:
        raise ApiError("unknown_device", f"no device {arguments['dev_id']}", "dev_id")
    return device


def set_ajax_meter(box, arguments: dict, role: int) -> str:
    """Values of an HTTP-input meter; power and current positive on import, all optional."""
    device = _device(box, arguments)
    if device.entry["dev_type"] != "meter_ajax":
        raise ApiError("wrong_device", f"{device.dev_id} is no HTTP-input meter", "dev_id")
    device.set(arguments, box.now())
    return "ok"


def set_ajax_evse(box, arguments: dict, role: int) -> dict:
    """State of an HTTP-input charge point; the answer is what it has to do now."""
    device = _device(box, arguments)
    if device.entry["dev_type"] != "evse_ajax":
        raise ApiError("wrong_device", f"{device.dev_id} is no HTTP-input charge point", "dev_id")
    return device.set(arguments, box.now())


def soft_meter(box, arguments: dict, role: int):
    """The energy of a meter in Wh; with `val` an HTTP-input meter is set to it first.

    Answers the reading before the change.
    """
    device = _device(box, arguments)
    reading = getattr(device, "reading", None)
    if reading is None:
        return device.energy_wh()
    old = reading.import_wh or 0
    if "val" in arguments:
        if device.entry["dev_type"] != "meter_ajax":
            raise ApiError("wrong_device", f"{device.dev_id} measures for itself", "dev_id")
        reading.import_wh = int(arguments["val"])
    return old
