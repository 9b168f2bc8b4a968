"""The wiring of `devkit.py` for a module with PSRAM (ESP32-WROVER), for a box with a fixed cable.

GPIO 16 and 17 belong to the PSRAM there. RS485 takes the pins of the socket's lock instead.
"""

from firmware.boards.devkit import BOARD as _DEVKIT

BOARD = _DEVKIT | {
    "name": "wrover",
    "psram": True,
    "lock": None,
    "lock_feedback": None,
    "proximity_adc": None,
    "proximity_pullup": None,
    "rs485": (2, 22, 35, 21),
}
