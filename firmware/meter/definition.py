"""The file that describes a meter, in the user-defined meter format, compiled for use."""

from micropython import const

from firmware.codec.relaxed_json import JsonError, loads
from firmware.meter.register_map import NAMES, RegisterMap

_LONGEST = const(12000)
_MODBUS = const(0)
_MOST_VARIABLES = const(64)
_MOST_INPUTS = const(32)
_GLOBALS = (
    "rtype mtype name dev_type manufacturer rtu modbus_read modbus_read_max_registers "
    "modbus_allow_gaps tcp upd_delay delay_accumulated ui_addr reserved inputs outputs resets"
)
_PROPERTIES = "fixed expr type resolution once address query order length regex"
_INFORMATION = ("type_designation", "version", "firmware_version", "serial")


class DefinitionError(Exception):
    """What is wrong in a definition file, and in which line (from 1)."""

    def __init__(self, problem: str, line: int):
        self.problem = problem
        self.line = line

    def __str__(self):
        return f"line {self.line}: {self.problem}"


class Definition:
    """A meter's description; raises DefinitionError.

    rtype      0 = Modbus, 1 = HTTP, 2 = MQTT; mtype 0 other, 1 meter, 2 inverter, 4 battery
    registers  RegisterMap, for Modbus
    paths      what to ask for or to subscribe to, for HTTP and MQTT
    sources    lines of path number, target, numerator, denominator, query, regex, with tabs
    extras     further names, `extra_count` of them, by target number minus len(NAMES), whose
               values are kept in thousandths
    given      targets that the file gives; what is missing is derived
    shown      names that the file marks with "*", to be shown with the device
    inputs     (place among the extra values, bits) of switch inputs
    formulas   [(target, Formula)]
    fixed      {name: text}; asked {name: (address, kind, registers)} for texts asked once
    """

    def __init__(self, text):
        data = text if isinstance(text, str) else bytes(text).decode()
        document = _parse(data)
        self._text = data
        self._names = NAMES.split()
        self.given = []
        self.shown = ""
        self.registers = None
        self.rows = []
        self.paths = []
        self.sources = ""
        self.formulas = []
        self.fixed = {}
        self.asked = {}
        self._globals(document)
        for name in sorted(document):
            if name not in _GLOBALS.split():
                self._variable(name, document[name])
        self.inputs = self._inputs(document.get("inputs", []))
        if len(self._names) > _MOST_VARIABLES:
            raise DefinitionError(f"more than {_MOST_VARIABLES} variables", 1)
        extras = self._names[len(NAMES.split()) :]
        self.extras = " ".join(extras)
        self.extra_count = len(extras)
        if self.rtype == _MODBUS:
            self._plan(document)
        del self._text, self._names, self.rows

    def _globals(self, document: dict):
        self.rtype = self._number(document, "rtype", (0, 2), None)
        self.mtype = self._number(document, "mtype", (0, 4), 1)
        self.function = self._number(document, "modbus_read", (3, 4), 3)
        self.longest = self._number(document, "modbus_read_max_registers", (1, 125), 100)
        self.poll_ms = self._number(document, "upd_delay", (100, 3600000), 1000)
        for key in ("name", "manufacturer", "dev_type", "ui_addr"):
            if not isinstance(document.get(key, ""), str):
                raise self._error("a text is wanted", key)
        self.name = document.get("name", "")
        self.manufacturer = document.get("manufacturer", "")
        self.dev_type = document.get("dev_type", "")
        self.rtu = self._timing(document, "rtu")
        self.tcp = self._timing(document, "tcp")
        self.outputs = document.get("outputs", [])

    def _timing(self, document: dict, key: str) -> dict:
        timing = document.get(key, {})
        if not isinstance(timing, dict):
            raise self._error("an object is wanted", key)
        for name in timing:
            self._number(timing, name, (0, 60000), 0)
        return timing

    def _number(self, document: dict, key: str, bounds: tuple, default: int | None):
        number = document.get(key, default)
        if not isinstance(number, int) or not bounds[0] <= number <= bounds[1]:
            raise self._error(f"a number from {bounds[0]} to {bounds[1]} is wanted", key)
        return int(number)

    def _plan(self, document: dict):
        registers = RegisterMap("", self.function, self.longest)
        registers.gaps = bool(document.get("modbus_allow_gaps", False))
        registers.poll_ms = self.poll_ms
        reserved = document.get("reserved", [])
        if not isinstance(reserved, list):
            raise self._error("a list of numbers is wanted", "reserved")
        registers.reserved = tuple(reserved)
        registers.extras = self.extra_count
        registers.settle(self.rows)
        if document.get("delay_accumulated", True) is False:
            registers.fast = len(registers.blocks)
        self.registers = registers

    def _variable(self, name: str, variable):
        self._expect_variable(name, variable)
        if "fixed" in variable:
            self.fixed[name] = str(variable["fixed"])
        elif name in _INFORMATION or variable.get("type") == "string":
            self._information(name, variable)
        elif "expr" in variable:
            self._formula(name, variable["expr"])
        elif "address" not in variable:
            raise self._error("one of address, expr and fixed is wanted", name)
        elif self.rtype == _MODBUS:
            self._row(name, variable)
        else:
            self._source(name, variable)

    def _inputs(self, inputs) -> tuple:
        """(place in the extra values, bits) of each switch input."""
        if not isinstance(inputs, list) or len(inputs) > _MOST_INPUTS:
            raise self._error(f"a list of at most {_MOST_INPUTS} inputs is wanted", "inputs")
        places = []
        for number, variable in enumerate(inputs):
            if not isinstance(variable, dict) or "address" not in variable:
                raise self._error("an input is an object with an address", "inputs")
            count = self._number(variable, "count", (1, 16), 1)
            name = f"_in{number}"
            if self.rtype == _MODBUS:
                self._row(name, variable)
            else:
                self._source(name, variable)
            places.append((self._names.index(name) - len(NAMES.split()), count))
        return tuple(places)

    def _expect_variable(self, name: str, variable):
        if not isinstance(variable, dict):
            raise self._error("unknown key, or no object", name)
        for key in variable:
            if key not in _PROPERTIES.split():
                raise self._error(f"unknown property {key}", name)
        if not _is_name(name):
            raise self._error("a name has only letters, digits, '_' and '.'", name)

    def _target(self, name: str) -> int:
        if name.startswith("*"):
            name = name[1:]
            self.shown += name + " "
        if name not in self._names:
            self._names.append(name)
        target = self._names.index(name)
        self.given.append(target)
        return target

    def _information(self, name: str, variable: dict):
        if self.rtype != _MODBUS or "address" not in variable:
            return  # texts of HTTP and MQTT meters are not shown
        length = self._number(variable, "length", (1, 32), 16)
        self.asked[name] = (self._address(name, variable), variable.get("type", ""), length)

    def _formula(self, name: str, text):
        from firmware.codec.formula import Formula, FormulaError

        try:
            self.formulas.append((self._target(name), Formula(str(text))))
        except FormulaError as error:
            raise self._error(f"expr: {error}", name)

    def _row(self, name: str, variable: dict):
        from firmware.codec.modbus_values import LOW_FIRST, TYPES

        kind = variable.get("type", "uint16")
        order = variable.get("order", "hl")
        if kind not in TYPES:
            raise self._error(f"type is one of {', '.join(TYPES)}, string", name)
        if order not in ("hl", "lh"):
            raise self._error("order is hl or lh", name)
        kind = TYPES.index(kind) | (LOW_FIRST if order == "lh" else 0)
        target = self._target(name)
        numerator, denominator = self._resolution(name, variable, target)
        if not -0x800000 <= numerator < 0x800000:
            raise self._error("resolution has too many digits", name)
        places = len(str(denominator)) - 1
        self.rows.append((self._address(name, variable), kind, target, numerator, places))

    def _address(self, name: str, variable: dict) -> int:
        address = variable["address"]
        if isinstance(address, str) and address[:2] in ("0x", "0X"):
            address = int(address, 16) if len(address) < 8 else -1
        if not isinstance(address, int) or not 0 <= address <= 0xFFFF:
            raise self._error("address is a number from 0 to 65535", name)
        return address

    def _resolution(self, name: str, variable: dict, target: int) -> tuple:
        from firmware.meter.decimal import ratio

        try:
            numerator, denominator = ratio(str(variable.get("resolution", 1)))
        except ValueError:
            raise self._error("resolution is a number", name)
        return numerator * (1000 if target >= len(NAMES.split()) else 1), denominator

    def _source(self, name: str, variable: dict):
        path = variable["address"]
        if not isinstance(path, str) or not path:
            raise self._error("address is a path or a topic", name)
        query = self._checked(name, variable, "query")
        regex = self._checked(name, variable, "regex")
        if path not in self.paths:
            self.paths.append(path)
        target = self._target(name)
        numerator, denominator = self._resolution(name, variable, target)
        number = self.paths.index(path)
        self.sources += f"{number}\t{target}\t{numerator}\t{denominator}\t{query}\t{regex}\n"

    def _checked(self, name: str, variable: dict, key: str) -> str:
        """A query or a regular expression that can be compiled; it is compiled again in use."""
        from firmware.codec.json_query import QueryError, compile_query
        from firmware.codec.regex import Regex, RegexError

        text = variable.get(key, "")
        if not isinstance(text, str) or "\t" in text or "\n" in text:
            raise self._error(f"{key}: a text without line ends is wanted", name)
        try:
            if key == "regex":
                Regex(text)
            for part in text.split(" + ") if key == "query" else ():
                compile_query(part)
        except (QueryError, RegexError) as error:
            raise self._error(f"{key}: {error}", name)
        return text

    def _error(self, problem: str, key: str) -> DefinitionError:
        return DefinitionError(f"{key}: {problem}", _line(self._text, self._text.find(f'"{key}"')))


def _parse(text: str) -> dict:
    try:
        document = loads(text, _LONGEST)
    except JsonError as error:
        raise DefinitionError(error.problem, _line(text, error.position))
    if not isinstance(document, dict):
        raise DefinitionError("an object is wanted", 1)
    return document


def _line(text: str, position: int) -> int:
    return text[: max(0, position)].count("\n") + 1


def _is_name(name: str) -> bool:
    allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_."
    body = name[1:] if name.startswith("*") else name
    return 0 < len(body) <= 40 and all(char in allowed for char in body)
