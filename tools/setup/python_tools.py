"""The Python tools: a virtual environment in .tools/venv, everything pinned with hashes."""

import json
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import debian
from command import run
from workspace import (
    ROOT,
    TOOLS,
    SetupError,
    done,
    key,
    mark,
    path_of,
    pins,
    put,
    say,
    scratch,
    sha256,
)

_OLDEST = (3, 10)
_FOLDER = TOOLS / "venv"
_PYTHON = _FOLDER / "bin" / "python"
_TYPINGS = TOOLS / "typings"
_LIB = ROOT / "lib"


def install():
    """Provide .tools/venv, .tools/typings and the contents of lib/."""
    if sys.version_info < _OLDEST:
        raise SetupError(
            f"the tools need Python 3.10 or later; this is {sys.version.split()[0]} "
            f"({sys.executable}). Say which one to use: `make PYTHON=/path/to/python3 ...`"
        )
    _environment()
    _stubs()


def _environment():
    requirements = path_of("requirements.txt")
    finished = key(sha256(requirements), sys.version, sys.executable, 1)
    if done("venv", finished):
        return
    say(f"installing the Python tools into {_FOLDER}")
    shutil.rmtree(_FOLDER, ignore_errors=True)
    with scratch() as folder:
        pip = _with_pip(folder)
        run("Installing the Python tools", [*pip, "install", *OPTIONS, "-r", requirements])
    mark("venv", finished, [_PYTHON, _FOLDER / "bin" / "pytest"])


OPTIONS = (
    "--require-hashes",
    "--only-binary=:all:",
    "--no-compile",
    "--disable-pip-version-check",
    "--no-input",
    "--quiet",
)


def pip() -> list:
    """The words that start pip in the environment."""
    return [_PYTHON, "-m", "pip"]


def _with_pip(folder: Path) -> list:
    """Make the environment; the words that start a pip which installs into it."""
    works = [sys.executable, "-c", "import ensurepip; ensurepip.version()"]
    if subprocess.run(works, capture_output=True, check=False).returncode == 0:
        venv.create(_FOLDER, with_pip=True, symlinks=True)
        return [_PYTHON, "-m", "pip"]
    if not debian.available():
        raise SetupError("this Python has no ensurepip: install it (Python's venv package)")
    say("this Python cannot make pip by itself; fetching Debian's copy of it")
    venv.create(_FOLDER, with_pip=False, symlinks=True)
    apt = debian.PrivateApt(folder / "apt", debian.architecture(), pins()["micropython"]["suite"])
    apt.update()
    debian.unpack(apt.fetch_alone(["python3-pip-whl"]), folder / "root")
    wheel = next((folder / "root" / "usr" / "share" / "python-wheels").glob("pip-*.whl"))
    run("Installing pip", [_PYTHON, wheel / "pip", "install", "--no-index", "--quiet", wheel])
    return [_PYTHON, "-m", "pip"]


def _stubs():
    requirements = path_of("stubs.txt")
    finished = key(sha256(requirements), 1)
    if done("typings", finished):
        return
    with scratch() as folder:
        run(
            "Fetching the type stubs",
            [
                _PYTHON,
                "-m",
                "pip",
                "install",
                *OPTIONS,
                "--target",
                folder / "typings",
                "-r",
                requirements,
            ],
        )
        put(folder / "typings", _TYPINGS)
    mark("typings", finished, [_TYPINGS])


def _index() -> list:
    """The machine's own choice of package index, where pip is configured to use one."""
    listed = run("Reading pip's configuration", [_PYTHON, "-m", "pip", "config", "list"])
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        if name.endswith(".index-url"):
            return ["--index-url", value.strip("'\"")]
    return []


def package(requirement: str, folder: Path, binary: bool) -> Path:
    """Download one exact version as published, into `folder`."""
    kind = "--only-binary" if binary else "--no-binary"
    folder.mkdir(parents=True)
    run(
        f"Fetching {requirement}",
        [_PYTHON, "-m", "unearth", requirement, kind, *_index(), "--download", folder],
    )
    files = [path for path in folder.iterdir() if path.is_file()]
    if len(files) != 1:
        raise SetupError(
            f"{requirement}: expected one file, got {json.dumps(list(map(str, files)))}"
        )
    return files[0]
