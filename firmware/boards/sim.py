"""The simulated board: a generic ESP32 with every option fitted.

`tools/sim` wires its world from this same table, so pins and scaling stand in one place only.
The keys are explained in `devkit.py`.
"""

from firmware.boards.devkit import BOARD as _DEVKIT

BOARD = _DEVKIT | {"name": "sim"}
