"""The ignored folder .tools: its lock, its stamps, and how a finished folder gets into place."""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TOOLS = ROOT / ".tools"
BIN = TOOLS / "bin"
_HERE = Path(__file__).resolve().parent
_STAMPS = TOOLS / "stamps"


class SetupError(Exception):
    """Set-up cannot go on; the text says why and what to do."""


def say(text: str):
    print(f"set-up: {text}", flush=True)


def pins() -> dict:
    """The one table of versions and hashes, pins.json."""
    return json.loads((_HERE / "pins.json").read_text())


def path_of(name: str) -> Path:
    """A file that lies beside the set-up's own modules."""
    return _HERE / name


@contextlib.contextmanager
def locked():
    """Let only one set-up work in this checkout; a second one waits, then finds all done."""
    TOOLS.mkdir(exist_ok=True)
    with open(TOOLS / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up is at work in this checkout; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def scratch():
    """A folder for work in progress, on the same file system, gone afterwards."""
    base = TOOLS / "scratch"
    base.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=base))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def clear_scratch():
    """Remove what interrupted runs have left."""
    shutil.rmtree(TOOLS / "scratch", ignore_errors=True)


def key(*parts) -> str:
    """A digest of everything that a step depends on; the checkout's place is part of it."""
    text = json.dumps([str(ROOT), *parts], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def done(step: str, wanted: str) -> bool:
    """True when `step` was finished with this key and its results still exist."""
    try:
        stamp = json.loads((_STAMPS / step).read_text())
    except (OSError, ValueError):
        return False
    return stamp["key"] == wanted and all(os.path.exists(path) for path in stamp["results"])


def mark(step: str, finished: str, results):
    """Note that `step` is finished; `results` are the paths that must exist to believe it."""
    _STAMPS.mkdir(parents=True, exist_ok=True)
    beside = _STAMPS / f".{step}"
    beside.write_text(json.dumps({"key": finished, "results": [str(path) for path in results]}))
    os.replace(beside, _STAMPS / step)


def put(new: Path, target: Path):
    """Move a finished folder into place; an interrupted run leaves the old one or none."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        with scratch() as old:
            os.rename(target, old / "old")
            os.rename(new, target)
    else:
        os.rename(new, target)


def wrapper(name: str, command) -> Path:
    """A script .tools/bin/NAME that becomes `command` with the arguments it was given."""
    BIN.mkdir(parents=True, exist_ok=True)
    words = " ".join("'" + str(word).replace("'", "'\\''") + "'" for word in command)
    beside = BIN / f".{name}"
    beside.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    beside.chmod(0o755)
    os.replace(beside, BIN / name)
    return BIN / name


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
