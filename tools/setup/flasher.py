"""esptool, which writes MicroPython onto a chip: in .tools/esptool, when somebody flashes.

It is published as source only. That is plain Python, so it is unpacked and not built; what it
needs comes as wheels.
"""

import re
import shutil
import tarfile
from pathlib import Path

import python_tools
from command import run
from workspace import (
    TOOLS,
    SetupError,
    done,
    key,
    mark,
    path_of,
    put,
    say,
    scratch,
    sha256,
)

FOLDER = TOOLS / "esptool"


def _finished() -> str:
    return key(sha256(path_of("esptool.txt")), sha256(path_of("requirements.txt")), 1)


def ready() -> bool:
    """Whether .tools/esptool is there as it is pinned."""
    return done("esptool", _finished())


def install():
    """Provide .tools/esptool, to be put on the path of .tools/venv's Python."""
    if ready():
        return
    say("fetching esptool, once")
    others, requirement, hashes = split(path_of("esptool.txt").read_text())
    with scratch() as folder:
        listed = folder / "others.txt"
        listed.write_text(others)
        target = folder / "esptool"
        run(
            "Installing what esptool needs",
            [*python_tools.pip(), "install", *python_tools.OPTIONS, "--no-deps"]
            + ["--target", target, "-r", listed],
        )
        source = python_tools.package(requirement, folder / "source", False)
        if sha256(source) not in hashes:
            raise SetupError(f"{source.name} has another hash than the pinned one")
        _unpack(source, target)
        put(target, FOLDER)
    mark("esptool", _finished(), [FOLDER / "esptool" / "__main__.py"])


def split(pinned: str) -> tuple[str, str, list[str]]:
    """(all requirements but esptool, esptool's own, its hashes)"""
    others, own = [], ""
    for block in re.split(r"\n(?=\S)", pinned.strip()):
        if block.startswith("esptool=="):
            own = block
        else:
            others.append(block)
    return "\n".join(others) + "\n", own.split()[0], re.findall(r"sha256:(\w+)", own)


def _unpack(source: Path, target: Path):
    inside = source.parent / "unpacked"
    with tarfile.open(source) as archive:
        # The hash has been checked; nothing in it is a stranger's.
        archive.extractall(inside)
    shutil.move(next(inside.glob("*/esptool")), target / "esptool")
    shutil.move(next(inside.glob("*/LICENSE")), target / "esptool" / "LICENSE")
