"""Commands that bring values in: meters and charge points without a wire to this box."""

from firmware.api.errors import ApiError


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
