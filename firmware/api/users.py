"""Users, cards and PINs: who may charge, and the commands that say so."""

from firmware.api.commands import ADMIN
from firmware.api.errors import ApiError
from firmware.api.guard import guard, same

COMMANDS = b"""
enter_rfid anyone - ok rfid:text:1:32 dev_id?:dev
override_device anyone - ok dev_id:dev flags?:text:0:6 mamps?:int:0:80000 rfid?:text:0:32
get_users admin - array
get_user anyone - object id:text:1:32
set_user anyone flash ok body:any
del_user admin flash ok id:text:1:32
get_new_user_id admin - text
"""


def find_card(users: list, number: str) -> tuple:
    """(user, card) to whom a card, PIN or user id belongs; (None, None) when it is unknown."""
    found = None, None
    for user in users:
        if same(number.encode(), user["id"].encode()):
            found = user, {"id": number}
        for card in user.get("rfids", []):
            if same(number.encode(), card.get("id", "").encode()):
                found = user, card
    return found


def may_use(user: dict, dev_id: str) -> bool:
    """Whether a user is assigned to a charge point."""
    return dev_id in user.get("dev_ids", [])


def _owner(box, number, dev_id):
    """(user, card) for a number that someone entered; ApiError when it is none of the device's."""
    judge = guard(box)
    judge.listen()
    user, card = find_card(box.settings.users, number)
    known = user is not None and (dev_id is None or may_use(user, dev_id))
    if not judge.judge(known):
        box.log.warning("rfid", f"card {masked(number)} is not known at {dev_id or 'this box'}")
        raise ApiError("unknown_card", "this card or PIN is not known here", "rfid")
    return user, card


def masked(number: str) -> str:
    """A card's number as logs may show it."""
    return "…" + number[-2:] if len(number) > 4 else "…"


def _point(box, dev_id):
    device = box.devices.get(dev_id)
    if device is None or dev_id[0] != "E":
        raise ApiError("unknown_device", f"no charge point {dev_id[:8]}", "dev_id")
    return device


def _own_point(box, dev_id):
    device = _point(box, dev_id)
    if not hasattr(device, "override"):
        raise ApiError("wrong_device", f"{dev_id} takes neither cards nor overrides", "dev_id")
    return device


def enter_rfid(box, arguments: dict, role: int) -> str:
    """A card was shown, or a PIN typed; without `dev_id` the box chooses the charge point."""
    number = arguments["rfid"]
    dev_id = arguments.get("dev_id")
    device = _own_point(box, dev_id or _waiting(box))
    device.note_card(number)
    user, card = _owner(box, number, device.dev_id)
    if card.get("ac_auth", True):
        device.authorise(user.get("name") or user["id"][:4], box.now(), number)
    if card.get("ac_ovch", False):
        device.override(device.overrides ^ 1, device.override_ma, box.now())
    box.log.info("rfid", f"card {masked(number)} accepted at {device.dev_id}")
    return "ok"


def _waiting(box):
    for device in box.devices:
        if device.dev_id[0] == "E" and getattr(device, "needs_auth", False):
            return device.dev_id
    return "E1"


_LETTERS = "CEU"


def override_device(box, arguments: dict, role: int) -> str:
    """Bend the rules for the car that is plugged in, until it leaves.

    `flags`: C disables charging, E the box's rules, U the user's rules; small letters undo.
    `mamps`: a current limit in mA, 0 takes it away. Admin, or a user's `rfid`.
    """
    device = _own_point(box, arguments["dev_id"])
    flags = arguments.get("flags", "")
    if role < ADMIN:
        _owner(box, arguments.get("rfid", ""), device.dev_id)
        if "E" in flags.upper():
            raise ApiError("not_allowed", "E and e need the admin", "flags")
    bits = device.overrides
    for letter in flags:
        bit = _LETTERS.find(letter.upper())
        if bit < 0:
            raise ApiError("bad_value", "flags: letters of CcEeUu expected", "flags")
        bits = bits | 1 << bit if letter.upper() == letter else bits & ~(1 << bit)
    limit_ma = device.override_ma
    if "mamps" in arguments:
        limit_ma = arguments["mamps"] or None
    device.override(bits, limit_ma, box.now())
    return "ok"


def get_users(box, arguments: dict, role: int) -> list:
    """All users with their cards."""
    return box.settings.users


def get_user(box, arguments: dict, role: int) -> dict:
    """One user, for the admin or whoever knows the user's id."""
    judge = guard(box)
    judge.listen()
    user = box.settings.find("users", arguments["id"])
    if not judge.judge(user is not None):
        raise ApiError("unknown_user", "no such user", "id")
    return user


def set_user(box, arguments: dict, role: int) -> str:
    """Add or change a user; who is not the admin changes only himself, and not his devices."""
    body = arguments["body"]
    if not isinstance(body, dict) or not isinstance(body.get("id"), str):
        raise ApiError("bad_value", "a user object with an id expected", "id")
    if role < ADMIN:
        get_user(box, {"id": body["id"]}, role)
        if "dev_ids" in body:
            raise ApiError("not_allowed", "dev_ids need the admin", "dev_ids")
    _check_cards(box, body)
    for dev_id in body.get("dev_ids", []):
        _point(box, str(dev_id))
    box.settings.put("users", body)
    return "ok"


def _check_cards(box, body):
    cards = body.get("rfids", [])
    for card in cards if isinstance(cards, list) else []:
        number = card.get("id") if isinstance(card, dict) else None
        owner, _ = find_card(box.settings.users, str(number))
        if owner and owner["id"] != body["id"]:
            raise ApiError("bad_value", "this card belongs to another user", "rfids")


def del_user(box, arguments: dict, role: int) -> str:
    """Delete a user and his cards."""
    if not box.settings.remove("users", arguments["id"]):
        raise ApiError("unknown_user", "no such user", "id")
    return "ok"


def get_new_user_id(box, arguments: dict, role: int) -> str:
    """An id that no user has and nobody can guess."""
    return "".join(f"{byte:02x}" for byte in box.system.random(8))
