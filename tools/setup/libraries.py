"""Fills lib/ with third-party modules for tests, measurements and optional features."""

import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import python_tools
from workspace import ROOT, SetupError, done, key, mark, pins, put, say, scratch, sha256

_LIB = ROOT / "lib"


def install():
    """Provide every library of the pins; only its modules, and only if the hash is right."""
    wanted = pins()["libraries"]
    finished = key(wanted, 1)
    if done("lib", finished):
        return
    say(f"fetching {', '.join(entry['requirement'] for entry in wanted)} into {_LIB}")
    with scratch() as folder:
        for entry in wanted:
            _install(entry, folder)
    mark("lib", finished, [_LIB / entry["folder"] for entry in wanted])


def _install(entry: dict, folder: Path):
    name = entry["folder"]
    archive = python_tools.package(
        entry["requirement"], folder / f"{name}.download", entry.get("wheel", False)
    )
    if sha256(archive) != entry["sha256"]:
        raise SetupError(
            f"{archive.name} has the SHA-256 {sha256(archive)}, but {entry['sha256']} is pinned"
        )
    target = folder / name
    target.mkdir()
    for path, data in _modules(archive, name):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_bytes(data)
    if not any(target.iterdir()):
        raise SetupError(f"{archive.name} holds no module {name}")
    put(target, _LIB / name)


def _modules(archive: Path, name: str):
    """Pairs of path below the folder `name` and content, for the .py files in there."""
    for path, read in _members(archive):
        parts = PurePosixPath(path).parts
        if archive.suffix != ".whl":
            parts = parts[1:]
        if parts[:1] == (name,) and ".." not in parts and path.endswith(".py"):
            yield Path(*parts[1:]), read()


def _members(archive: Path):
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            for path in wheel.namelist():
                yield path, lambda path=path: wheel.read(path)
        return
    with tarfile.open(archive) as source:
        for member in source:
            if member.isfile():
                yield member.name, lambda member=member: source.extractfile(member).read()
