"""Charging plans: limits that follow the time of day."""

from micropython import const

from firmware.api.errors import ApiError
from firmware.schema import record

COMMANDS = b"""
set_cplan admin flash ok dev_id:text:2:4 tmp?:bool body:any
get_cplan admin - object dev_id:text:2:4
"""

_DAY = const(1440)


def limit_at(plan: list, minute: int):
    """The smallest limit of the slots that hold at this minute of the day; None without one."""
    smallest = None
    for slot in plan:
        begun = (minute - slot.get("st", 0)) % _DAY
        if begun < slot.get("dr", _DAY) and not slot.get("dc", False):
            value = int(slot.get("lm", 0))
            smallest = value if smallest is None else min(smallest, value)
    return smallest


def plan_of(box, dev_id: str) -> list:
    """The plan in force for a device or for `$G`; a temporary one hides a kept one."""
    temporary = box.temporary_plans.get(dev_id) if box.temporary_plans else None
    if temporary is not None:
        return temporary
    entry = box.settings.find("plans", dev_id)
    return entry.get("cplan", []) if entry else []


def _target(box, dev_id):
    if dev_id != "$G" and box.devices.get(dev_id) is None:
        raise ApiError("unknown_device", f"no device {dev_id[:8]!r}", "dev_id")
    return dev_id


def set_cplan(box, arguments: dict, role: int) -> str:
    """Plan of a device or, for `$G`, of the house: `{"cplan": [{"st", "dr", "lm", "dc"}]}`.

    st: minute of the day; dr: minutes; lm: mA per phase (W for batteries). `tmp=1` is not kept.
    """
    dev_id = _target(box, arguments["dev_id"])
    body = arguments["body"]
    if not isinstance(body, dict):
        raise ApiError("bad_value", "an object with cplan expected", "body")
    taken = record("plan", {"dev_id": dev_id, "cplan": body.get("cplan")})
    if arguments.get("tmp"):
        box.temporary_plans = (box.temporary_plans or {}) | {dev_id: taken["cplan"]}
        return "ok"
    if box.temporary_plans:
        box.temporary_plans.pop(dev_id, None)
    if taken["cplan"]:
        box.settings.put("plans", taken)
    else:
        box.settings.remove("plans", dev_id)
    return "ok"


def get_cplan(box, arguments: dict, role: int) -> dict:
    """The plan of a device or of `$G`, and the limit that it sets now."""
    plan = plan_of(box, _target(box, arguments["dev_id"]))
    minute = box.minute_of_day()
    return {"cplan": plan, "limit": None if minute is None else limit_at(plan, minute)}
