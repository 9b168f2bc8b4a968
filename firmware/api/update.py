"""Commands around the update of the firmware; the image itself comes through POST /update."""

COMMANDS = """
update admin flash object file:text:1:64
update_status admin - object
update_rollback admin flash ok
"""


def update(box, arguments: dict, role: int) -> dict:
    """Take the image from a file on the box; answers at once, update_status tells the rest."""
    slots = box.system.slots()
    slots.start(box, arguments["file"])
    return slots.status(box)


def update_status(box, arguments: dict, role: int) -> dict:
    """Slot and state of this version, the version in the other slot, and how an update goes."""
    return box.system.slots().status(box)


def update_rollback(box, arguments: dict, role: int) -> str:
    """Restart with the version in the other slot, on trial; this one stays to come back to."""
    box.system.slots().roll_back(box)
    return "ok"
