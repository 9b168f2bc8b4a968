"""What somebody without a computer types in: Wi-Fi and password, checked and explained."""

from firmware.api.errors import ApiError
from firmware.api.guard import guard
from firmware.codec import query_string
from firmware.schema import SettingError

_SHORTEST = 8
_LONGEST_NAME = 32  # bytes, IEEE 802.11


def taken(box, body: bytes) -> list:
    """Check a form and set what it says; what is wrong in words, empty when all of it is set.

    Nothing is set unless all is right. Members: `known` or `ssid`, `key`, `old`, `new`, `again`.
    """
    try:
        form = query_string.parse(str(body, "utf-8"))
    except (query_string.QueryError, UnicodeError):
        return ["The form could not be read: please fill it in again."]
    name = form.get("ssid", "") or form.get("known", "")
    key = form.get("key", "")
    problems = _network(name, key)
    judge = guard(box)
    new = form.get("new", "")
    problems += _password(box.settings.network.admin_password, new, form.get("again", ""))
    if not problems:
        problems = _refused(judge, form.get("old", ""))
    if problems:
        return problems
    values = {"network.wifi_ssid": name, "network.wifi_password": key}
    if new:
        values["network.admin_password"] = judge.sealed(new)
    try:
        box.settings.change(values)
    except SettingError as error:
        return [f"{error}."]
    box.system.sync()
    box.log.warning("access", "Wi-Fi was set up at the access point")
    return []


def _network(name, key):
    problems = []
    if not name:
        problems.append("Choose a Wi-Fi, or type its name.")
    elif len(name.encode()) > _LONGEST_NAME:
        problems.append("A Wi-Fi name has at most 32 bytes.")
    if key and not _SHORTEST <= len(key.encode()) <= 63:
        problems.append(
            "A Wi-Fi password has 8 to 63 characters; leave it empty for a network without one."
        )
    return problems


def _password(present, new, again):
    if not new:
        return [] if present else ["Choose a password for this box, so that only you set it up."]
    if new != again:
        return ["The two passwords for this box differ."]
    return [] if _SHORTEST <= len(new) <= 64 else ["The box's password has 8 to 64 characters."]


def _refused(judge, old):
    try:
        right = judge.admin(old)
    except ApiError as error:
        return [f"{error}."]
    return [] if right else ["The present password of this box is wrong."]
