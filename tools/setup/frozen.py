"""Builds a MicroPython with the ESP32's numbers and the firmware of this checkout frozen into it.

The firmware is merged before (tools/merge), as for a controller.
"""

import hashlib
import sys
from pathlib import Path

import esp32like
from workspace import ROOT, SetupError

_MERGED = ROOT / "build" / "merged"


def install():
    """Provide .tools/bin/micropython-frozen; anew when a file of the firmware has changed."""
    folder = str(ROOT / "tools" / "merge")
    if folder not in sys.path:
        sys.path.append(folder)
    import merge

    try:
        merge.merge(ROOT, _MERGED)
    except ValueError as error:
        raise SetupError(f"the firmware cannot be merged: {error}") from error
    esp32like.install_frozen(_MERGED, _digest(_MERGED))


def _digest(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        found.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return found.hexdigest()
