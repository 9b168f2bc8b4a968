"""Commands around the update of the firmware; the image itself comes through POST /update."""

COMMANDS = b"""
update admin flash object file:text:1:64
update_status admin - object
update_rollback admin flash ok
"""


def update(box, arguments: dict, role: int) -> dict:
    """Take the image from a file on the box; answers at once, update_status tells the rest."""
    return _asked(box, "start", arguments["file"])


def update_status(box, arguments: dict, role: int) -> dict:
    """Slot and state of this version, the version in the other slot, and how an update goes."""
    return _asked(box, "status")


def update_rollback(box, arguments: dict, role: int) -> str:
    """Restart with the version in the other slot, on trial; this one stays to come back to."""
    return _asked(box, "roll_back")


def _asked(box, what, *arguments):
    """Ask firmware/slots/manage.py, which then gives its memory back."""
    slots = box.system.slots()
    try:
        return getattr(slots, what)(box, *arguments)
    finally:
        slots.choice.forget()
