"""CM variables: values and formulas that clients and charging rules share."""

from firmware.api.errors import ApiError
from firmware.schema import record

COMMANDS = b"""
set_cm_vars admin flash ok name?:text:1:32 val?:expr:-1e15:1e15 clear?:bool tmp?:bool
 body?:any
get_cm_vars admin - object
"""

_MOST = 32
_DEEPEST = 6


class Variables:
    """The variables by name; those without `tmp=1` are kept in `settings.variables`.

    What a formula names besides variables, `M1.power_w` or `date.hour`, is in
    firmware/api/objects.py.
    """

    def __init__(self, box):
        self._box = box
        self._settings = box.settings
        self._temporary = {}
        self._formulas = {}
        self._busy = []

    def check(self, values) -> tuple:
        """(name, number or formula text) of `{"name", "expr"}`; refuses by name."""
        taken = record("variable", values)
        name = taken.get("name")
        if not name or not _is_name(name):
            raise ApiError("bad_value", "name: letters, digits and _ expected", "name")
        if "expr" not in taken:
            raise ApiError("missing_parameter", "a variable needs a value", "val")
        check_formula(name, taken["expr"])
        return name, taken["expr"]

    def set(self, checked: list, temporary: bool, clear: bool):
        """Set all variables that `check` gave, after deleting all others when `clear`."""
        known = () if clear else [name for name, _ in self.expressions()]
        if len(set(known) | {name for name, _ in checked}) > _MOST:
            raise ApiError("too_many", f"at most {_MOST} variables", "name")
        if clear:
            self.clear()
        self._formulas = {}
        for name, expression in checked:
            self._temporary.pop(name, None)
            if temporary:
                self._temporary[name] = expression
            else:
                self._settings.put("variables", {"name": name, "expr": expression})

    def clear(self):
        """Delete all variables."""
        self._temporary = {}
        for entry in self._settings.variables[:]:
            self._settings.remove("variables", entry["name"])

    def expressions(self):
        """Yield (name, number or formula text); temporary values hide kept ones."""
        for entry in self._settings.variables:
            if entry["name"] not in self._temporary:
                yield entry["name"], entry.get("expr", 0)
        yield from self._temporary.items()

    def value(self, name: str):
        """The number a variable stands for now; None when there is no such variable or value."""
        for known, expression in self.expressions():
            if known == name:
                return self.evaluate(expression)
        return None

    def evaluate(self, expression):
        """The number that a number or a formula stands for now; None while it is unknown.

        A formula that names itself, directly or by way of others, has no value.
        """
        if not isinstance(expression, str):
            return expression
        if expression in self._busy or len(self._busy) >= _DEEPEST:
            return None
        from firmware.codec.formula import Formula, FormulaError

        self._busy.append(expression)
        try:
            formula = self._formulas.get(expression)
            if formula is None:
                formula = self._formulas[expression] = Formula(expression)
            return formula.value(self._resolve)
        except FormulaError:
            return None
        finally:
            self._busy.remove(expression)

    def _resolve(self, name, argument=None):
        value = self.value(name[3:] if name.startswith("CM.") else name)
        if value is not None:
            return value
        from firmware.api.objects import lookup

        return lookup(self._box, name)


def check_formula(name: str, expression):
    """Refuse the text of a formula that is none."""
    if not isinstance(expression, str):
        return
    from firmware.codec.formula import Formula, FormulaError

    try:
        Formula(expression)
    except FormulaError as error:
        raise ApiError("bad_value", f"{name}: {error}", name) from None


def _is_name(name):
    return not name[0].isdigit() and all(c.isalpha() or c.isdigit() or c == "_" for c in name)


def set_cm_vars(box, arguments: dict, role: int):
    """Set one CM variable (`name`, `val`) or several (body `{"vars": [{"name", "expr"}]}`)."""
    temporary = bool(arguments.get("tmp"))
    body = arguments.get("body")
    entries = []
    if isinstance(body, dict):
        entries = body.get("vars", [body] if "name" in body else [])
    if not isinstance(entries, list) or len(entries) > _MOST:
        raise ApiError("bad_value", f"vars: a list of at most {_MOST} expected", "vars")
    if "name" in arguments:
        entries = entries + [{"name": arguments["name"], "expr": arguments.get("val", 0)}]
    if not entries and not arguments.get("clear"):
        raise ApiError("missing_parameter", "set_cm_vars needs name and val, or vars", "name")
    checked = [box.values().check(entry) for entry in entries]
    box.values().set(checked, temporary, bool(arguments.get("clear")))
    return "ok"


def get_cm_vars(box, arguments: dict, role: int):
    """All CM variables with their expression and their value now."""
    return {
        "vars": [
            {"name": name, "expr": expression, "value": box.values().value(name)}
            for name, expression in box.values().expressions()
        ]
    }
