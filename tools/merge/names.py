"""What the modules of a unit call things, once they share one table of names.

A name is followed to the module that defines it. Two modules may use one name for two things: the
root keeps its own, the others get the name of their module behind it. An integer constant gets a
leading underscore, so that the compiler puts its value where it is used and keeps no entry.
"""

import ast
import builtins
from collections import namedtuple

# Where something is defined: module "" for MicroPython's own modules; "" as name for the module.
Thing = namedtuple("Thing", "module name")

CONST = Thing("micropython", "const")  # for the compiler alone, which needs no import for it
_COUNTED = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.expr_context)
_BUILT_IN = frozenset((*dir(builtins), CONST.name))


class Names:
    """The names of all units. `units` is root -> [modules]; see units.py."""

    def __init__(self, modules: dict, units: dict):
        self.modules = modules
        self.root = {one: root for root, members in units.items() for one in members}
        self.members = units
        self.values = {}  # of integer constants: Thing -> int
        self._tops = {}
        self._called = {root: {} for root in units}
        self._used = {root: {} for root in units}
        for root, members in units.items():
            for one in members:
                self._read(one)
            for name in self.defined(root):
                self._call(root, Thing(root, name), name)
            for one in members:
                for name in self._tops[one]:
                    self._call(root, self.thing(one, name), name)

    def thing(self, module: str, name: str) -> Thing:
        """What a module's global name stands for, followed through what it imports; or None."""
        known = self._tops.get(module)
        if known is None and module in self.modules:
            self._read(module)
            known = self._tops[module]
        if known is None:
            return Thing(module, name)
        found = known.get(name)
        if found is None or found.module == module or not found.name:
            return found
        return self.thing(*found) if found.module in self.modules else found

    def called(self, root: str, thing: Thing) -> str:
        """The name of something in a unit; a new one for what only an attribute has named."""
        if thing not in self._called[root]:
            self._call(root, thing, thing.name)
        return self._called[root][thing]

    def imported_as(self, thing: Thing) -> tuple:
        """(module, name) by which other units import something; no name for a whole module."""
        root = self.root.get(thing.module)
        return (root, self.called(root, thing)) if root and thing.name else tuple(thing)

    def merged(self, module: str) -> bool:
        """Whether a module has become a part of another."""
        return self.root.get(module, module) != module

    def defined(self, module: str) -> list:
        """The names that a module defines itself."""
        return [name for name, thing in self._tops[module].items() if thing.module == module]

    def _call(self, root, thing, wanted):
        """Give a thing its name in the unit; constants of others and merged modules need none."""
        called, used = self._called[root], self._used[root]
        if thing in called or thing == CONST or (not thing.name and self.merged(thing.module)):
            return
        if thing in self.values:
            if self.root.get(thing.module) != root:
                return
            if wanted[0] != "_" and thing.module != root:
                wanted = "_" + wanted
        elif wanted in _BUILT_IN and thing.module != root:
            wanted = f"{wanted}_{thing.module.rpartition('.')[2]}"
        while used.setdefault(wanted, thing) != thing:
            wanted = f"{wanted}_{thing.module.rpartition('.')[2]}"
        called[thing] = wanted

    def _read(self, module: str):
        """Find the module's own names, in the order in which it gives them their values."""
        if module in self._tops:
            return
        self._tops[module] = tops = {}
        for node in self.modules[module].tree.body:
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    inner = f"{node.module}.{alias.name}"
                    here = alias.asname or alias.name
                    known = inner in self.modules
                    tops[here] = Thing(inner, "") if known else Thing(node.module, alias.name)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    tops[alias.asname or alias.name] = Thing(alias.name, "")
            else:
                for name in _bound(node, module):
                    tops[name] = Thing(module, name)
                self._constant(node, module)

    def _constant(self, node, module):
        if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)):
            return
        function, target = node.value.func, node.targets[0]
        if not (isinstance(function, ast.Name) and function.id == "const"):
            return
        value = self.value(node.value.args[0], module)
        if isinstance(value, int) and isinstance(target, ast.Name):
            self.values[Thing(module, target.id)] = value

    def value(self, node, module: str):
        """What the expression of a constant comes to; None when that is not known here."""
        known = {}
        for part in ast.walk(node):
            if isinstance(part, ast.Name):
                thing = self.thing(module, part.id)
                if thing not in self.values:
                    return None
                known[part.id] = self.values[thing]
            elif not isinstance(part, _COUNTED):
                return None
        return eval(compile(ast.Expression(node), module, "eval"), {"__builtins__": {}}, known)


def _bound(node, module: str):
    """Yield the names that a statement at the top of a module gives a value."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.For)):
        for target in getattr(node, "targets", None) or [node.target]:
            yield from _stored(target)
        for one in getattr(node, "body", ()):
            yield from _bound(one, module)
    elif not isinstance(node, ast.Expr):
        raise ValueError(f"{module}, line {node.lineno}: {type(node).__name__} at the top")


def _stored(target):
    for part in ast.walk(target):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id
