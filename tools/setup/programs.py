"""MicroPython and Mosquitto: the machine's own where new enough, else Debian's, unpacked."""

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

import debian
from command import run
from workspace import (
    BIN,
    TOOLS,
    SetupError,
    done,
    key,
    mark,
    pins,
    put,
    say,
    scratch,
    wrapper,
)

_PROBE = """
import asyncio, deflate, json, select, socket, sys, tls, vfs
vfs.VfsLfs2
print("version", *sys.implementation[1][:3])
"""
_BROKER = ("mosquitto", "mosquitto_pub", "mosquitto_sub", "mosquitto_passwd")
_BROKER_EXTRA = ("mosquitto_ctrl",)
_SEARCH = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin", "/opt/homebrew/bin")
_NO_APT = (
    "There is neither a MicroPython of {oldest} or later nor apt on this machine. With Homebrew: "
    "`brew install micropython mosquitto`; elsewhere build MicroPython's unix port and put it on "
    "the PATH as `micropython`. Then run the same command again."
)


def install():
    """Provide .tools/bin/micropython, micropython32 and Mosquitto's programs."""
    wanted = pins()
    own = _own_micropython(wanted["micropython"]["oldest"])
    broker = _own_broker(wanted["mosquitto"]["oldest"])
    finished = key(wanted["micropython"], wanted["mosquitto"], own, broker, platform.machine(), 1)
    if done("programs", finished):
        return
    results = []
    if own:
        say(f"using {own}")
        results.append(wrapper("micropython", [own]))
    for name, path in (broker or {}).items():
        results.append(wrapper(name, [path]))
    if own and broker and not debian.reachable():
        say("using the machine's own programs; without a Debian mirror there is no 32-bit one")
        return
    if debian.available():
        results += _from_debian(wanted, micropython=not own, broker=not broker)
    elif not own or not broker:
        raise SetupError(_missing_without_apt(own, wanted["micropython"]["oldest"]))
    mark("programs", finished, [*results, *([own] if own else [])])


def _missing_without_apt(own, oldest: str) -> str:
    if own:
        return "Mosquitto is missing: `brew install mosquitto`, then run the same command again."
    return _NO_APT.format(oldest=oldest)


def _from_debian(wanted: dict, micropython: bool, broker: bool) -> list:
    arch = debian.architecture()
    pin = wanted["micropython"]
    packages = [f"micropython={pin['version']}"] if micropython else []
    if micropython and arch not in pin["sha256"]:
        raise SetupError(
            f"no MicroPython is pinned for {arch}; put one of {pin['oldest']} on the PATH"
        )
    packages += ["mosquitto", "mosquitto-clients"] if broker else []
    results = _unpacked(arch, packages, pin["suite"]) if packages else []
    if micropython:
        results.append(_start("micropython", arch, "usr/bin/micropython"))
        _check_runs("micropython")
    if broker:
        results += _broker_wrappers(arch)
    other = pin["counterpart"].get(arch)
    if other:
        results += _narrow(other, pin)
    return results


def _unpacked(arch: str, packages, suite: str) -> list:
    target = TOOLS / arch
    say(f"fetching {', '.join(packages)} for {arch} and what they need, unpacking into {target}")
    with scratch() as folder:
        apt = debian.PrivateApt(folder / "apt", arch, suite)
        apt.update()
        debs = apt.fetch(packages)
        if packages[0].startswith("micropython"):
            debian.check_micropython(debs, arch)
        debian.unpack(debs, folder / "root")
        put(folder / "root", target)
    return [target]


def _start(name: str, arch: str, program: str) -> Path:
    root = TOOLS / arch
    return wrapper(name, [*debian.loader(root), root / program])


def _broker_wrappers(arch: str) -> list:
    results = []
    for name in _BROKER + _BROKER_EXTRA:
        for folder in ("usr/bin", "usr/sbin"):
            if (TOOLS / arch / folder / name).exists():
                results.append(_start(name, arch, f"{folder}/{name}"))
    return results


def _narrow(arch: str, pin: dict) -> list:
    """The 32-bit interpreter, where the machine can run one."""
    results = _unpacked(arch, [f"micropython={pin['version']}"], pin["suite"])
    path = _start("micropython32", arch, "usr/bin/micropython")
    try:
        _check_runs("micropython32")
    except SetupError as error:
        os.unlink(path)
        say(f"this machine cannot run 32-bit programs, so tests run without them ({error})")
        return results
    return [*results, path]


def _check_runs(name: str):
    run(f"Trying {name}", [BIN / name, "-c", "import asyncio, vfs; vfs.VfsLfs2"])


def _own_micropython(oldest: str):
    path = _which("micropython")
    if not path:
        return None
    try:
        answer = subprocess.run(
            [path, "-c", _PROBE], capture_output=True, text=True, timeout=10, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    return path if _is_at_least(oldest, answer) else None


def _own_broker(oldest: str):
    """Mosquitto's programs where all of them are installed and new enough, else None."""
    found = {name: _which(name) for name in _BROKER}
    if not all(found.values()):
        return None
    answer = subprocess.run(
        [found["mosquitto"], "-h"], capture_output=True, text=True, check=False
    ).stdout
    if not _is_at_least(oldest, answer):
        return None
    extra = {name: _which(name) for name in _BROKER_EXTRA}
    return {**found, **{name: path for name, path in extra.items() if path}}


def _is_at_least(oldest: str, answer: str) -> bool:
    """True when what a program says of its version is no older than `oldest`."""
    match = re.search(r"version (\d+)[ .](\d+)[ .](\d+)", answer)
    return bool(match) and [int(part) for part in match.groups()] >= [
        int(part) for part in oldest.split(".")
    ]


def _which(name: str):
    path = os.pathsep.join([os.environ.get("PATH", ""), *_SEARCH])
    folders = [folder for folder in path.split(os.pathsep) if folder and Path(folder) != BIN]
    return shutil.which(name, path=os.pathsep.join(folders))
