"""What formulas can name: members of devices, the house, the date."""

from micropython import const

from firmware.codec.time_zone import civil

_DAY = const(86400)
# Names in formulas that get_dev_info calls otherwise.
_MEMBERS = {
    "import_wh": "import",
    "export_wh": "export",
    "txn_energy": "ta_en",
    "min_current": "min_charging_cur",
    "cphases": "phases",
}
_GLOBALS = {
    "GM.grid_demand.power_w": "grid_pwr",
    "GM.consumed.power_w": "cons_pwr",
    "GM.produced.power_w": "prod_pwr",
    "GM.consumed_evse.power_w": "cons_evse_power",
    "GM.available_evse.power_w": "avail_evse_power",
    "GM.surplus.power_w": "surplus_power",
    "GM.storage_home.power_w": "storage_home",
    "GM.storage_all.power_w": "storage_all",
    "CM._surplus": "surplus_power",
}


def lookup(box, name: str):
    """The number `name` stands for, an integer; None while it is unknown."""
    if name in _GLOBALS:
        from firmware.api.info import powers

        return powers(box)[_GLOBALS[name]]
    first, _, member = name.partition(".")
    if first == "date":
        return _date(box, member)
    if first == "CM":
        return _house(box, member)
    device = box.devices.get(first)
    return _member(device, member, box.now()) if device else None


def _member(device, member, now):
    info = device.info(now)
    if member == "com_err2":
        return int(info["com_err"] and info["com_err_secs"] > 12)
    # A silent meter must not look like a house that draws nothing: only its counts still hold.
    if info["com_err"] and member not in ("com_err", "import_wh", "export_wh"):
        return None
    if member == "current":
        return max(info[f"current_l{phase}"] for phase in (1, 2, 3))
    value = info.get(_MEMBERS.get(member, member))
    return int(value) if isinstance(value, (int, float, bool)) else None


def _house(box, member):
    params = box.settings.params
    if member == "_num_charging":
        return sum(device.info(box.now())["state"] in (3, 4) for device in _points(box))
    if member == "_max_total_current_prc":
        return params.max_total_cur_prc
    if member == "_max_total_evse_current":
        return params.max_total_evse_current
    if member == "_max_total_current":
        total = params.max_total_current
        return None if isinstance(total, str) else total
    if member[:5] == "_flag" and member[5:].isdigit():
        return params.cm_flags >> (int(member[5:]) - 1) & 1
    return None


def _points(box):
    return [device for device in box.devices if device.dev_id[0] == "E"]


def _date(box, member):
    seconds = box.clock()
    if seconds is None:
        return None
    if member == "timestamp":
        return seconds
    seconds = box.local_time()
    days, second = seconds // _DAY, seconds % _DAY
    times = {
        "hour": second // 3600,
        "minute": second % 3600 // 60,
        "second": second % 60,
        "daysecond": second,
        "dayminute": second // 60,
        "weekday": (days + 4) % 7,
    }
    if member in times:
        return times[member]
    year, month, day = civil(days)
    return {"year": year, "month": month - 1, "day": day}.get(member)
