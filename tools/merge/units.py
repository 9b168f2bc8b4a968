"""Which modules are merged into which.

A root takes in what it imports at its top, directly or through others, unless somebody else wants
that without wanting the root: a feature that is switched off must cost nothing. What the first
root takes is there as long as the firmware runs, so that everybody may want it.
"""

import ast
from dataclasses import dataclass, field
from pathlib import Path

# In this order: what one has taken, the next ones leave to it.
ROOTS = (
    "firmware.app",
    "firmware.mqtt_door",
    "firmware.meter.modbus_meter",
    "firmware.link.rtu",
    "firmware.link.sntp",
    "firmware.link.resolver",
)
_OUTSIDE = ("boot.py", "main.py")  # import what they need from modules that stay themselves


@dataclass
class Module:
    """A source file: `tops` are the modules that it imports when it is loaded, `late` later."""

    name: str
    text: str
    tree: ast.Module
    tops: list = field(default_factory=list)
    late: set = field(default_factory=set)


def read(root: Path) -> dict:
    """All modules of the firmware below `root`, packages left out: dotted name -> Module."""
    found = {}
    for path in sorted((root / "firmware").rglob("*.py")):
        if path.name != "__init__.py":
            name = ".".join(path.relative_to(root).with_suffix("").parts)
            text = path.read_text()
            found[name] = Module(name, text, ast.parse(text, str(path)))
    for module in found.values():
        _follow(module, found)
    return found


def imported(node: ast.ImportFrom, modules) -> list:
    """(name there, name here, module) of each name; module is set where the name is a module."""
    return [
        (alias.name, alias.asname or alias.name, _module(node, alias, modules))
        for alias in node.names
    ]


def _module(node, alias, modules) -> str:
    name = f"{node.module}.{alias.name}"
    return name if name in modules else ""


def _follow(module: Module, modules):
    at_top = {id(node) for node in module.tree.body}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import) and any(
            alias.name.startswith("firmware") for alias in node.names
        ):
            raise ValueError(f"{module.name}, line {node.lineno}: write `from … import …`")
        if isinstance(node, ast.ImportFrom):
            for _, _, inner in imported(node, modules):
                target = inner or node.module
                if target in modules and id(node) in at_top:
                    module.tops.append(target)
                elif target in modules:
                    module.late.add(target)


def members(root: Path, modules: dict, roots=ROOTS) -> dict:
    """What each root takes in, in the order of loading, itself last: root -> [names].

    Raises ValueError where a root and a module that stays itself would need each other.
    """
    kept = _named_outside(root, modules)
    units = {}
    taken = set()
    for number, name in enumerate(roots):
        able = {
            one
            for one in _closure(name, modules)
            if one not in taken and (one == name or (one not in roots and one not in kept))
        }
        if number:
            able = _alone(name, able, modules)
        _refuse_circles(name, able, modules)
        units[name] = [one for one in _closure(name, modules) if one in able]
        taken |= able
    return units


def _closure(name: str, modules: dict) -> list:
    """The module and all that it imports at the top, each behind what it needs itself."""
    order = []
    seen = set()

    def visit(one):
        if one not in seen:
            seen.add(one)
            for other in modules[one].tops:
                visit(other)
            order.append(one)

    visit(name)
    return order


def _refuse_circles(name: str, able: set, modules: dict):
    for one in _closure(name, modules):
        circle = able.intersection(_closure(one, modules)) if one not in able else ()
        if circle:
            raise ValueError(f"{one} stays itself, but needs {', '.join(circle)} of {name}")


def _alone(name: str, able: set, modules: dict) -> set:
    """Without what somebody outside imports, and what only that needs."""
    while True:
        wanted = {
            other
            for one, module in modules.items()
            if one not in able
            for other in (*module.tops, *module.late)
        }
        wanted |= {other for one in able for other in modules[one].late}
        left = {one for one in able if one == name or one not in wanted}
        if left == able:
            return able
        able = left


def _named_outside(root: Path, modules: dict) -> set:
    found = set()
    for file in _OUTSIDE:
        for node in ast.walk(ast.parse((root / file).read_text())):
            if isinstance(node, ast.ImportFrom) and node.module in modules:
                found.add(node.module)
    return found
