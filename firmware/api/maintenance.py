"""Commands that look after the box: restart, log, password, backup, transactions."""

from firmware.api.chores import entry_shown
from firmware.api.errors import ApiError
from firmware.api.guard import guard
from firmware.codec.json_stream import Items
from firmware.log import NAMES
from firmware.schema import MASK, masked, row
from firmware.settings import SECTIONS, VERSION, Settings
from firmware.ticks import after

COMMANDS = b"""
change_admin_pwd anyone flash ok old_pwd?:text:0:64 new_pwd:text:0:64
accept_license anyone - ok acc?:bool allow_usage_stats?:bool
set_diag_logging admin - ok enable:bool
get_status admin - object
get_log admin - array after?:int:0:1e9 count?:int:1:1000
 level?:error|warning|info|debug
get_transactions admin - array from?:int:0:4294967295 to?:int:0:4294967295
 format?:json|csv
backup admin - object secrets?:bool
restore admin flash object dry?:bool body:any
sync admin flash ok
restart admin - ok
clear_faults admin - ok
factory_reset admin flash ok confirm:bool
"""

_DIAGNOSIS_MS = 300000


def get_status(box, arguments: dict, role: int) -> dict:
    """Everything the box knows about itself: loop, memory, limits, brokers, flash."""
    return box.system.status()


def restart(box, arguments: dict, role: int) -> str:
    """Restart once the contactor is open and everything is saved."""
    box.system.restart()
    return "ok"


def clear_faults(box, arguments: dict, role: int) -> str:
    """Somebody has looked: faults that stand clear 30 s after their cause was last seen."""
    box.log.warning("users", "the faults were acknowledged")
    box.devices.get("E1").point.acknowledge()
    return "ok"


def factory_reset(box, arguments: dict, role: int) -> str:
    """Forget all settings and restart; `confirm=1` is needed. The energy ledger stays."""
    if not arguments["confirm"]:
        raise ApiError("bad_value", "confirm=1 expected", "confirm")
    box.system.factory_reset()
    return "ok"


def sync(box, arguments: dict, role: int) -> str:
    """Write changed settings to flash now instead of within a minute."""
    box.system.sync()
    return "ok"


def change_admin_pwd(box, arguments: dict, role: int) -> str:
    """Change the admin's password; the old one is needed, empty at first."""
    judge = guard(box)
    if not judge.admin(arguments.get("old_pwd", "")):
        raise ApiError("wrong_password", "the old password is wrong", "old_pwd")
    box.settings.change({"network.admin_password": judge.sealed(arguments["new_pwd"])})
    box.log.warning("users", "the admin's password was changed")
    return "ok"


def accept_license(box, arguments: dict, role: int) -> str:
    """Accepted for the sake of clients that send it; open firmware needs no acceptance."""
    return "ok"


def set_diag_logging(box, arguments: dict, role: int) -> str:
    """Log everything for five minutes, or stop doing so."""
    box.debug_until = after(box.now(), _DIAGNOSIS_MS if arguments["enable"] else 0)
    return "ok"


def get_log(box, arguments: dict, role: int):
    """The log since entry number `after`, oldest first, at most `count` entries."""
    wanted = NAMES.index(arguments.get("level", NAMES[-1]))
    first = max(arguments.get("after", 0), box.log.number - arguments.get("count", 64))
    return Items(
        lambda: (entry_shown(entry) for entry in box.log.after(first) if entry[2] <= wanted)
    )


_COLUMNS = """nr dev_id begin end duration_s charging_s energy_wh
meter_begin_wh meter_end_wh user rfid reason estimated"""


def get_transactions(box, arguments: dict, role: int):
    """Transactions that began between `from` and `to` (unix seconds), as JSON or as CSV lines."""
    if box.transactions is None:
        raise ApiError("not_supported", "this box keeps no transactions", "cmd")
    first, last = arguments.get("from", 0), arguments.get("to", 4294967295)
    if arguments.get("format", "json") == "json":
        return Items(lambda: box.transactions.entries(first, last))
    return Items(lambda: _lines(box.transactions.entries(first, last)), True)


def _lines(entries):
    names = _COLUMNS.split()
    yield ",".join(names)
    for entry in entries:
        yield ",".join(_quoted(entry.get(name)) for name in names)


def _quoted(value):
    text = "" if value is None else str(value)
    # A spreadsheet must not take what a card or a user calls himself for a formula.
    if text[:1] in ("=", "+", "@") or (text[:1] == "-" and not text[1:].isdigit()):
        text = "'" + text
    if any(c in text for c in ',";\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def backup(box, arguments: dict, role: int) -> dict:
    """All settings as one document; passwords are stars unless `secrets=1`."""
    document = box.settings.document()
    if arguments.get("secrets"):
        return document
    return {name: _hidden(name, value) for name, value in document.items() if name != "aside"}


def _hidden(section, values):
    if section == "users":
        return []
    if section not in SECTIONS:
        return values
    return {name: masked(row(section + "." + name), value) for name, value in values.items()}


def restore(box, arguments: dict, role: int) -> dict:
    """Take a document as `backup` gives it; `dry=1` only says what would change.

    Stars stand for the password in force. Answers with a line for each change, and with what
    was not taken.
    """
    body = arguments["body"]
    if not isinstance(body, dict) or not isinstance(body.get("version"), int):
        raise ApiError("bad_value", f"a backup with version {VERSION} expected", "body")
    settings = box.settings
    for section in SECTIONS:
        _reveal(settings, section, body.get(section))
    if body.get("users") == []:
        body["users"] = settings.users
    trial = Settings(settings.board)
    messages = trial.load(body)
    from firmware.api.differences import differences

    changes = list(differences(settings.document(), trial.document()))
    if not arguments.get("dry") and changes:
        settings.load(body)
        settings.renewed()
        box.devices.renew()
    return {"changes": changes, "messages": messages}


def _reveal(settings, section, values):
    for name, value in values.items() if isinstance(values, dict) else ():
        line = row(section + "." + name)
        if line and isinstance(value, str) and MASK in value:
            known = settings.get(section + "." + name)
            if value == masked(line, known):
                values[name] = known
