"""What has to be looked after once a second: authorisation, plans, diagnostic logging."""

from firmware.log import DEBUG, INFO, NAMES
from firmware.ticks import since


class Chores:
    """`tick(now)` is called by the app about once a second."""

    def __init__(self, box):
        self._box = box

    def tick(self, now: int):
        """Follow plug and clock."""
        box = self._box
        for device in box.devices:
            if device.dev_id.startswith("E"):
                if device.dev_id == "E1" and device.has_formulas():
                    device.follow(now, box.values().evaluate)
                else:
                    device.tick(now)
                self._plan(device, now)
        if box.debug_until is not None and since(now, box.debug_until) >= 0:
            box.debug_until = None
            box.log.level = INFO
            box.log.info("log", "diagnostic logging has ended")
        elif box.debug_until is not None:
            box.log.level = DEBUG

    def _plan(self, device, now):
        box = self._box
        if not box.settings.plans and not box.temporary_plans:
            if device.planned:
                device.plan(None, now)
            return
        from firmware.api.plans import limit_at, plan_of

        # Without a clock no plan holds: it can only lower what other limits allow.
        minute = box.minute_of_day()
        limits = () if minute is None else (plan_of(box, device.dev_id), plan_of(box, "$G"))
        values = [value for plan in limits if (value := limit_at(plan, minute)) is not None]
        device.plan(min(values) if values else None, now)


def entry_shown(entry: tuple) -> dict:
    """One entry of the log as clients see it: {"nr", "time", "level", "topic", "text"}."""
    number, at, level, topic, text = entry
    return {"nr": number, "time": at, "level": NAMES[level], "topic": topic, "text": text}
