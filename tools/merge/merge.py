"""Merges modules of the firmware before they are frozen into a MicroPython of our own.

Each module costs 96 bytes of RAM and 8 for each name that it imports. Merged, they behave as
before; what was imported by the old names still is, by modules that cost nothing until somebody
asks for them. The form and the reasons: docs/budget.md.
"""

import shutil
from pathlib import Path

import units
from names import Names
from rewrite import rewritten

MARK = "# In this file: "


def merge(root: Path, target: Path, roots=units.ROOTS) -> dict:
    """Write the package `firmware` of the checkout `root` into the folder `target`, merged.

    The answer is what became one file: name of its module -> [modules]. Raises ValueError, with
    the place, for what cannot be merged.
    """
    modules = units.read(root)
    merged = units.members(root, modules, roots)
    taken = {one for members in merged.values() for one in members}
    every = merged | {one: [one] for one in modules if one not in taken}
    names = Names(modules, every)
    beside = target.with_name(target.name + ".new")
    shutil.rmtree(beside, ignore_errors=True)
    for package in (root / "firmware").rglob("__init__.py"):
        _write(beside, ".".join(package.relative_to(root).with_suffix("").parts), "")
    for name, members in every.items():
        _write(beside, name, _unit(name, members, names))
        for one in members:
            if one != name:
                _write(beside, one, _stand_in(one, names))
    shutil.rmtree(target, ignore_errors=True)
    beside.rename(target)
    return merged


def _unit(name: str, members: list, names: Names) -> str:
    known = set()
    parts = []
    for one in members:
        text = rewritten(one, name, names, known)
        if len(members) > 1:
            text = f"{MARK}{path(one)}\n{text}"
        parts.append(text)
    return "".join(parts)


def _stand_in(module: str, names: Names) -> str:
    """A module that has become part of another, for who imports it by its name."""
    root = names.root[module]
    lines = [f'_merged_into = "{root}"']
    for name in names.defined(module):
        thing = names.thing(module, name)
        if thing in names.values:
            lines.append(f"{name} = {names.values[thing]}")
        else:
            called = names.called(root, thing)
            lines.append(f"from {root} import {called}" + f" as {name}" * (called != name))
    return "\n".join((*lines, ""))


def origin(folder: Path, place: str) -> str:
    """Where in the source a line of a merged file is: "firmware/app.py:4312" in, as much out.

    Raises ValueError for another form or a line that is not there, OSError without such a file.
    """
    file, _, number = place.rpartition(":")
    if not (file and number.isdigit()):
        raise ValueError(f"{place!r} is not FILE:LINE")
    lines = (folder / file).read_text().split("\n")
    if not 0 < int(number) <= len(lines):
        raise ValueError(f"{file} has {len(lines)} lines")
    for back, line in enumerate(reversed(lines[: int(number)])):
        if line.startswith(MARK):
            return f"{line[len(MARK) :]}:{back}"
    return place


def path(module: str) -> str:
    """The file of a module, from the root of the checkout."""
    return module.replace(".", "/") + ".py"


def _write(folder: Path, module: str, text: str):
    file = folder / path(module)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
