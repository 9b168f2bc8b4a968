"""CM variables: values and formulas that clients and charging rules share."""

from firmware.api.errors import ApiError
from firmware.schema import record

COMMANDS = """
set_cm_vars admin flash ok name?:text:1:32 val?:expr:-1e15:1e15 clear?:bool tmp?:bool
 body?:any
get_cm_vars admin - object
"""

_MOST = 32


class Variables:
    """The variables by name; those without `tmp=1` are kept in `settings.variables`.

    `lookup(name)`, given by the app, resolves what a formula names besides variables
    (`CM.…`, `E1.…`): a number, or None.
    """

    def __init__(self, settings, lookup=None):
        self._settings = settings
        self._temporary = {}
        self._formulas = {}
        self.lookup = lookup

    def set(self, values: dict, temporary: bool) -> bool:
        """Set one variable, `{"name", "expr"}`; SettingError when that makes no sense."""
        taken = record("variable", values)
        name = taken.get("name")
        if not name or not _is_name(name):
            raise ApiError("bad_value", "name: letters, digits and _ expected", "name")
        if "expr" not in taken:
            raise ApiError("missing_parameter", "a variable needs a value", "val")
        self._compile(name, taken["expr"])
        if temporary:
            if len(self._temporary) >= _MOST and name not in self._temporary:
                raise ApiError("too_many", f"at most {_MOST} temporary variables", "name")
            changed = self._temporary.get(name) != taken["expr"]
            self._temporary[name] = taken["expr"]
            return changed
        self._temporary.pop(name, None)
        return self._settings.put("variables", taken)

    def _compile(self, name, expression):
        self._formulas.pop(name, None)
        if isinstance(expression, str):
            from firmware.codec.formula import Formula, FormulaError

            try:
                self._formulas[name] = Formula(expression)
            except FormulaError as error:
                raise ApiError("bad_value", f"{name}: {error}", "val") from None

    def clear(self):
        """Delete all variables."""
        self._temporary = {}
        self._formulas = {}
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
                return self._evaluate(name, expression)
        return None

    def _evaluate(self, name, expression):
        if not isinstance(expression, str):
            return expression
        from firmware.codec.formula import FormulaError

        if name not in self._formulas:
            self._compile(name, expression)
        # A formula that names itself, directly or by way of others, finds no value.
        formula = self._formulas.pop(name, None)
        if formula is None:
            return None
        try:
            return formula.value(self._resolve)
        except FormulaError:
            return None
        finally:
            self._formulas[name] = formula

    def _resolve(self, name, argument=None):
        value = self.value(name[3:] if name.startswith("CM.") else name)
        return self.lookup(name) if value is None and self.lookup else value


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
    entries = [record("variable", entry) for entry in entries]
    if arguments.get("clear"):
        box.variables.clear()
    for entry in entries:
        box.variables.set(entry, temporary)
    return "ok"


def get_cm_vars(box, arguments: dict, role: int):
    """All CM variables with their expression and their value now."""
    return {
        "vars": [
            {"name": name, "expr": expression, "value": box.variables.value(name)}
            for name, expression in box.variables.expressions()
        ]
    }
