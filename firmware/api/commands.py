"""The table of commands, asked alike over MQTT, over HTTP and at the REPL."""

from micropython import const

from firmware.api.errors import ApiError
from firmware.checks import numbers, take
from firmware.codec import json_text, query_string
from firmware.schema import SettingError

ANYONE = const(0)
USER = const(1)
ADMIN = const(2)
OWNER = const(3)
_LONG = const(512)
ROLES = (b"anyone", b"user", b"admin", b"owner")  # as in the tables

# Modules and the commands they hold. Each module describes its commands in a text COMMANDS, a line
# each: name, least role, what it writes, what it answers, parameters; so that a command nobody
# calls costs no more than its name here. A parameter is name:type:lowest:highest as in
# firmware/schema.py, with "?" when it may be left out. Types of our own: three (up to three
# numbers, a list or "1,2,3"), numbers ("[1,2]"), any. body is the JSON that comes along, and the
# members of +body are parameters; either comes last. A line that starts with a blank continues the
# one before.
# The tables are bytes, because MicroPython looks through all the names it knows for each new str,
# and a request would have a hundred of them. What meters ask for every second is found first.
INDEX = b"""
inputs set_ajax_meter set_ajax_evse soft_meter
info get_dev_info get_params
catalogue get_dev_types help
parameters set_params get_devices set_device del_device reset_device get_settings
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
_modules = {}  # those that were called
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
    place = _word(INDEX, word, b" ", b" ")
    return place if place >= 0 else _word(INDEX, word, b" ", b"\n")


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
    module = _loaded(INDEX[start : INDEX.find(b" ", start)])
    table = module["COMMANDS"]
    start = _word(table, name.encode(), b"\n", b" ")
    end = table.find(b"\n", start)
    while table.startswith(b" ", end + 1):
        end = table.find(b"\n", end + 1)
    return table[start:end].split(), module[name]


def _loaded(name: bytes) -> dict:
    """What the names in a module of commands mean; it is imported when first called."""
    if name not in _modules:
        path = "firmware.api." + str(name, "utf-8")
        _modules[name] = __import__(path, None, None, ("x",)).__dict__
    return _modules[name]


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
        if role < ROLES.index(words[1]):
            raise ApiError("not_allowed", f"{name} needs the role {str(words[1], 'utf-8')}", "")
        words = words[4:]
        arguments = {}
        if words and words[-1].startswith(b"body"):
            arguments["body"] = self.document(body)
        elif words and words[-1].startswith(b"+"):
            given = self._merged(given, body)
        for member, value in given.items():
            if not member.startswith("_"):
                arguments[member] = _taken(name, words, member, value)
        _complete(name, words, arguments)
        return do(self._box, arguments, role)

    def _merged(self, given: dict, body) -> dict:
        """The parameters of the query and those in the body; the body's win."""
        document = self.document(body)
        if document is None:
            return given
        if not isinstance(document, dict):
            raise ApiError("bad_value", "the body must be an object", "body")
        return given | document

    def document(self, body):
        """The value of a body; JsonError, or ApiError when reading it would take too long now."""
        # Reading takes the ESP32 some 100 us per byte, and the pilot loop must not wait for that.
        if not body:
            return None
        if len(body) > _LONG and self._box.may_hold and not self._box.may_hold():
            text = f"a body of more than {_LONG} bytes has to wait until charging has ended"
            raise ApiError("busy", text, "body")
        return json_text.loads(body)


def _taken(command: str, parameters: list, name: str, value):
    """`value` as the parameter `name` wants it; ApiError otherwise."""
    word = name.encode()
    for parameter in parameters:
        if parameter.startswith(word):  # most are passed over at a glance
            types = parameter.split(b":")
            if types[0].rstrip(b"?") == word and types[1] != b"any":
                break
    else:
        raise ApiError("unknown_parameter", f"{command} has no parameter {name[:32]!r}", name[:32])
    try:
        return _fitting(types, value)
    except ValueError as error:
        raise ApiError("bad_value", f"{name}: {error.args[0]} expected", name) from None


def _complete(command: str, parameters: list, arguments: dict):
    for parameter in parameters:
        if b"?" not in parameter and not parameter.startswith(b"+"):
            word = parameter.split(b":", 1)[0]
            for name, value in arguments.items():
                if name.encode() == word and value is not None:
                    break
            else:
                name = str(word, "utf-8")
                raise ApiError("missing_parameter", f"{command} needs {name}", name)


def _fitting(parameter: list, value):
    """`value` as [name, type, lowest, highest] wants it; ValueError with what was expected."""
    kind = parameter[1]
    lowest, highest = parameter[2:] if len(parameter) > 2 else (b"", b"")
    if kind != b"three" and kind != b"numbers":
        return take(kind, lowest, highest, value)
    values = value.strip("[]").split(",") if isinstance(value, str) else value
    most = 3 if kind == b"three" else 16
    if not isinstance(values, list) or not 1 <= len(values) <= most:
        raise ValueError(f"one to {most} numbers")
    return numbers(lowest, highest, values)
