"""The table of commands, asked alike over MQTT, over HTTP and at the REPL."""

from micropython import const

from firmware.api.errors import ApiError
from firmware.codec import query_string, relaxed_json
from firmware.schema import SettingError, take

ANYONE = const(0)
USER = const(1)
ADMIN = const(2)
OWNER = const(3)
_LONG = const(512)
ROLES = ("anyone", "user", "admin", "owner")

# name, module with the handler, least role, what it writes, what it answers, parameters.
# A parameter is name:type:lowest:highest as in firmware/schema.py, with "?" when it may be left
# out. Types of our own: three (up to three numbers, a list or "1,2,3"), numbers ("[1,2]"), any.
# body: the JSON that comes with the request, and +body: its members are parameters.
# A line that starts with a blank continues the one before.
TABLE = """
get_dev_info info anyone - object
get_params info anyone - object
get_dev_types info anyone - object
help info anyone - array name?:text:1:32
set_params parameters admin flash ok body:any
get_devices parameters admin - array
set_device parameters admin flash ok body:any
del_device parameters admin flash ok dev_id:dev
reset_device parameters admin - ok dev_id:dev
get_settings parameters admin - object section?:text:1:16
set_ajax_meter inputs admin - ok dev_id:dev model?:text:0:127
 import_wh?:num:0:1e15 import_vah?:num:0:1e15 export_wh?:num:0:1e15 export_vah?:num:0:1e15
 voltage?:three:0:1000 current?:three:-1e7:1e7 power_w?:num:-1e7:1e7 power_va?:num:-1e7:1e7
 is_va?:bool soc?:num:0:100 +body:any
set_ajax_evse inputs admin - object dev_id:dev model?:text:0:127 state?:int:1:6
 max_charging_current?:num:0:1e6 current?:three:0:1e6 total_energy?:num:0:1e15
 rfid?:text:0:32 +body:any
soft_meter inputs admin - number dev_id:dev val?:num:0:1e15
set_cm_vars variables admin flash ok name?:text:1:32 val?:expr:-1e15:1e15 clear?:bool tmp?:bool
 body?:any
get_cm_vars variables admin - object
enter_rfid users anyone - ok rfid:text:1:32 dev_id?:dev
override_device users anyone - ok dev_id:dev flags?:text:0:6 mamps?:int:0:80000 rfid?:text:0:32
get_users users admin - array
get_user users anyone - object id:text:1:32
set_user users anyone flash ok body:any
del_user users admin flash ok id:text:1:32
get_new_user_id users admin - text
set_cplan plans admin flash ok dev_id:text:2:4 tmp?:bool body:any
get_cplan plans admin - object dev_id:text:2:4
change_admin_pwd maintenance anyone flash ok old_pwd?:text:0:64 new_pwd:text:0:64
accept_license maintenance anyone - ok acc?:bool allow_usage_stats?:bool
set_diag_logging maintenance admin - ok enable:bool
get_status maintenance admin - object
get_log maintenance admin - array after?:int:0:1e9 count?:int:1:1000
 level?:error|warning|info|debug
get_transactions maintenance admin - array from?:int:0:4294967295 to?:int:0:4294967295
 format?:json|csv
backup maintenance admin - object secrets?:bool
restore maintenance admin flash object dry?:bool body:any
sync maintenance admin flash ok
restart maintenance admin - ok
factory_reset maintenance admin flash ok confirm:bool
modbus registers admin flash any device:text:1:16 read?:text:1:8 count?:int:1:125
 write?:text:1:8 value?:int:-2147483648:4294967295 values?:numbers:0:65535
modbus_get registers admin - any addr?:text:0:64 func?:int:3:4 id:int:1:247 reg:text:1:8
 type?:w|d|f|q|s cnt?:int:1:64 order?:hl|lh
modbus_set registers admin - ok addr?:text:0:64 func?:int:6:16 id:int:1:247 reg:text:1:8
 val:text:1:32 type?:w|d|f|q order?:hl|lh
"""


def rows():
    """Each row of the table, split."""
    start = 1
    while start < len(TABLE):
        end = _end(start)
        yield TABLE[start:end].split()
        start = end + 1


def row(name: str) -> list | None:
    """The row of a command, split; None when there is none."""
    if not name or len(name) > 32 or " " in name or "\n" in name:
        return None
    start = TABLE.find("\n" + name + " ") + 1
    return TABLE[start : _end(start)].split() if start else None


def _end(start):
    end = TABLE.find("\n", start)
    while TABLE.startswith(" ", end + 1):
        end = TABLE.find("\n", end + 1)
    return end


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
            line = row(name)
            if line is None:
                raise ApiError("unknown_command", f"no such command: {name[:32]!r}", "cmd")
            if "id" in given and not any(p.startswith("id") for p in line[5:]):
                request = given.pop("id")[:64]
            answer = self._run(line, given, body, role)
        except ApiError as error:
            answer = error.answer()
        except (query_string.QueryError, relaxed_json.JsonError) as error:
            answer = ApiError("unreadable", str(error), error.where).answer()
        except SettingError as error:
            answer = ApiError("bad_value", str(error), error.name).answer()
        return answer if request is None else {"id": request, "answer": answer}

    def run(self, name: str, given: dict, body=None, role: int = ADMIN):
        """As `call`, for a request that is taken apart already; raises what `call` answers."""
        return self._run(row(name), given, body, role)

    def _run(self, line, given, body, role):
        least = ROLES.index(line[2])
        if role < least:
            raise ApiError("not_allowed", f"{line[0]} needs the role {line[2]}", "")
        parameters = line[5:]
        arguments = {}
        if parameters and "body" in parameters[-1]:
            document = self._document(body)
            if parameters[-1][0] == "+":
                given = merged(given, document)
            else:
                arguments["body"] = document
        for name, value in given.items():
            if name[:1] != "_":
                arguments[name] = self._taken(line[0], parameters, name, value)
        for parameter in parameters:
            name = parameter.split(":")[0]
            if name[-1] != "?" and name[0] != "+" and arguments.get(name) is None:
                raise ApiError("missing_parameter", f"{line[0]} needs {name}", name)
        return _handler(line)(self._box, arguments, role)

    def _document(self, body):
        # Reading takes the ESP32 some 100 us per byte, and the pilot loop must not wait for that.
        if not body:
            return None
        if len(body) > _LONG and self._box.may_hold and not self._box.may_hold():
            text = f"a body of more than {_LONG} bytes has to wait until charging has ended"
            raise ApiError("busy", text, "body")
        return relaxed_json.loads(body)

    def _taken(self, command, parameters, name, value):
        for parameter in parameters:
            if parameter.startswith((name + ":", name + "?:")) and "body" not in name:
                try:
                    return taken(parameter.split(":") + ["", ""], value)
                except ValueError as error:
                    raise ApiError(
                        "bad_value", f"{name}: {error.args[0]} expected", name
                    ) from None
        raise ApiError("unknown_parameter", f"{command} has no parameter {name[:32]!r}", name[:32])


def merged(given: dict, document) -> dict:
    """The parameters of the query and those in the body; the body's win."""
    if document is None:
        return given
    if not isinstance(document, dict):
        raise ApiError("bad_value", "the body must be an object", "body")
    return given | document


def taken(parameter: list, value):
    """`value` as the table wants it; ValueError with what was expected otherwise."""
    kind, lowest, highest = parameter[1:4]
    if kind not in ("three", "numbers"):
        return take(kind, lowest, highest, value)
    values = value.strip("[]").split(",") if isinstance(value, str) else value
    most = 3 if kind == "three" else 16
    if not isinstance(values, list) or not 1 <= len(values) <= most:
        raise ValueError(f"one to {most} numbers")
    return [take("num", lowest, highest, each) for each in values]


def _handler(line):
    # Imported when first called: a command that nobody uses costs no RAM.
    module = __import__("firmware.api." + line[1], None, None, (line[0],))
    return getattr(module, line[0])
