"""The table of commands, asked alike over MQTT, over HTTP and at the REPL."""

import sys

from micropython import const

from firmware.api.errors import ApiError
from firmware.checks import take
from firmware.codec import json_text, query_string
from firmware.schema import SettingError

ANYONE = const(0)
USER = const(1)
ADMIN = const(2)
OWNER = const(3)
_LONG = const(512)
ROLES = ("anyone", "user", "admin", "owner")

# Modules and the commands they hold. Each module describes its commands in a text COMMANDS, a line
# each: name, least role, what it writes, what it answers, parameters; so that a command nobody
# calls costs no more than its name here. A parameter is name:type:lowest:highest as in
# firmware/schema.py, with "?" when it may be left out. Types of our own: three (up to three
# numbers, a list or "1,2,3"), numbers ("[1,2]"), any. body is the JSON that comes along, and the
# members of +body are parameters. A line that starts with a blank continues the one before.
# The tables are bytes, because MicroPython looks through all the names it knows for each new str,
# and a request would have a hundred of them.
INDEX = b"""
info get_dev_info get_params
catalogue get_dev_types help
parameters set_params get_devices set_device del_device reset_device get_settings
inputs set_ajax_meter set_ajax_evse soft_meter
variables set_cm_vars get_cm_vars
users enter_rfid override_device get_users get_user set_user del_user get_new_user_id
plans set_cplan get_cplan
maintenance change_admin_pwd accept_license set_diag_logging get_status
maintenance get_log get_transactions backup restore sync restart clear_faults
maintenance factory_reset
registers modbus
modbus_proxy modbus_get modbus_set
update update update_status update_rollback
"""
# What anyone may call; who has no role loads no modules but theirs.
OPEN = (
    " get_dev_info get_params get_dev_types enter_rfid override_device get_user set_user"
    " change_admin_pwd accept_license "
)


def names():
    """The name of every command, in the order of the index."""
    for line in str(INDEX, "utf-8").strip().split("\n"):
        yield from line.split(" ")[1:]


def rows():
    """The row of every command; loads all their modules."""
    for name in names():
        yield row(name)


def _word(text: bytes, word: bytes, before: bytes, after: bytes) -> int:
    """Where `word` stands in `text` between the two characters; -1: nowhere."""
    place = text.find(before + word + after)
    return place if place < 0 else place + 1


def _place(name: str) -> int:
    """Where a command stands in the index; -1: no such command."""
    word = name.encode()
    if not word or b" " in word or b"\n" in word:
        return -1
    return max(_word(INDEX, word, b" ", b" "), _word(INDEX, word, b" ", b"\n"))


def row(name: str) -> list | None:
    """A command as [name, role, writes, answers, module, parameters...]; None: no such command."""
    found = _found(name)
    if found is None:
        return None
    columns = [str(column, "utf-8") for column in found[0]]
    columns.insert(4, found[1])
    return columns


def _found(name: str) -> tuple | None:
    """The words that describe a command, as bytes, and its function; None: no such command."""
    place = _place(name)
    if place < 0:
        return None
    start = INDEX.rfind(b"\n", 0, place) + 1
    module = "firmware.api." + str(INDEX[start : INDEX.find(b" ", start)], "utf-8")
    # Imported when first called; asking again would look through all names that there are.
    known = sys.modules.get(module) or __import__(module, None, None, ("x",))
    module = known.__dict__
    table = module["COMMANDS"]
    start = _word(table, name.encode(), b"\n", b" ")
    end = table.find(b"\n", start)
    while table.startswith(b" ", end + 1):
        end = table.find(b"\n", end + 1)
    return table[start:end].split(), module[name]


class Commands:
    """Checks a request against the table and has it done; `box` as in firmware/api/box.py."""

    def __init__(self, box):
        self._box = box

    def call(self, query: str, body=None, role: int = ANYONE):
        """Do what `cmd=...&name=value` asks; the answer can be written as JSON.

        `body` is the JSON text that came along: str, bytes-like or None. A refusal is an answer
        too: {"error": {...}}. With a parameter `id` the answer comes as {"id", "answer"}.
        The answer may contain `Live` values (firmware/codec/json_stream.py writes them).
        """
        request = None
        try:
            given = query_string.parse(query)
            name = given.pop("cmd", "")
            if role < ADMIN and f" {name} " not in OPEN and _place(name) >= 0:
                raise ApiError("not_allowed", f"{name} needs the role admin", "")
            found = _found(name)
            if found is None:
                raise ApiError("unknown_command", f"no such command: {name[:32]!r}", "cmd")
            if "id" in given and not any(word.startswith(b"id") for word in found[0][4:]):
                request = given.pop("id")[:64]
            answer = self._run(name, found, given, body, role)
        except ApiError as error:
            answer = error.answer()
        except (query_string.QueryError, json_text.JsonError) as error:
            answer = ApiError("unreadable", str(error), error.where).answer()
        except SettingError as error:
            answer = ApiError("bad_value", str(error), error.name).answer()
        return answer if request is None else {"id": request, "answer": answer}

    def run(self, name: str, given: dict, body=None, role: int = ADMIN):
        """As `call`, for a request that is taken apart already; raises what `call` answers."""
        return self._run(name, _found(name), given, body, role)

    def _run(self, name, found, given, body, role):
        words, do = found
        least = str(words[1], "utf-8")
        if role < ROLES.index(least):
            raise ApiError("not_allowed", f"{name} needs the role {least}", "")
        needed, known = _parameters(words)
        arguments = {}
        if b"body" in known:
            arguments["body"] = self.document(body)
        elif b"+body" in known:
            given = merged(given, self.document(body))
        for member, value in given.items():
            if not member.startswith("_"):
                arguments[member] = _taken(name, known, member, value)
        for member in needed:
            if arguments.get(member) is None:
                raise ApiError("missing_parameter", f"{name} needs {member}", member)
        return do(self._box, arguments, role)

    def document(self, body):
        """The value of a body; JsonError, or ApiError when reading it would take too long now."""
        # Reading takes the ESP32 some 100 us per byte, and the pilot loop must not wait for that.
        if not body:
            return None
        if len(body) > _LONG and self._box.may_hold and not self._box.may_hold():
            text = f"a body of more than {_LONG} bytes has to wait until charging has ended"
            raise ApiError("busy", text, "body")
        return json_text.loads(body)


def _parameters(words: list):
    """The names that a command needs, and the types of all that it knows, by name as bytes."""
    needed = []
    known = {}
    for place in range(4, len(words)):
        name, _, kind = words[place].partition(b":")
        if name.endswith(b"?"):
            name = name[:-1]
        elif not name.startswith(b"+"):
            needed.append(str(name, "utf-8"))
        known[name] = kind
    return needed, known


def _taken(command: str, known: dict, name: str, value):
    kind = known.get(name.encode())
    if kind is None or name in ("body", "+body"):
        raise ApiError("unknown_parameter", f"{command} has no parameter {name[:32]!r}", name[:32])
    try:
        return taken(kind.split(b":") + [b"", b""], value)
    except ValueError as error:
        raise ApiError("bad_value", f"{name}: {error.args[0]} expected", name) from None


def merged(given: dict, document) -> dict:
    """The parameters of the query and those in the body; the body's win."""
    if document is None:
        return given
    if not isinstance(document, dict):
        raise ApiError("bad_value", "the body must be an object", "body")
    return given | document


def taken(parameter: list, value):
    """`value` as [type, lowest, highest] wants it; ValueError with what was expected otherwise."""
    kind, lowest, highest = parameter[:3]
    kind = str(kind, "utf-8")
    if kind not in ("three", "numbers"):
        return take(kind, lowest, highest, value)
    values = value.strip("[]").split(",") if isinstance(value, str) else value
    most = 3 if kind == "three" else 16
    if not isinstance(values, list) or not 1 <= len(values) <= most:
        raise ValueError(f"one to {most} numbers")
    return [take("num", lowest, highest, each) for each in values]
