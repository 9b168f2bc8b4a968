"""Helpers of the twins' tests: a board with a small program on it."""

import os

from chip import Chip
from silicon import SILICON
from world.world import World

BOARD = {
    "name": "bench",
    "pilot_pwm": 19,
    "pilot_adc": 36,
    "pilot_scale": (11, 1300),
    "pilot_disconnect": 25,
    "contactor": 27,
    "phase_contactor": 26,
    "contactor_mirror": 32,
    "phase_mirror": 33,
    "residual_trip": 4,
    "residual_test": 23,
    "emergency_stop": 13,
    "proximity_adc": 39,
    "proximity_pullup": (1000, 3300),
    "temperature_adc": 34,
    "lock": 22,
    "lock_feedback": 35,
    "s0": (18, 14),
    "rs485": (2, 17, 16, 21),
    "led": 2,
    "button": 0,
    "max_current_ma": 32000,
    "phases": 3,
}


def powered(**options):
    """A world whose chip is awake, for tests that call the twins themselves."""
    world = World(BOARD, **options)
    SILICON.begin()
    SILICON.power(world)
    world.chip_started()
    return world


def programmed(main: str, boot: str = "", **options) -> Chip:
    """A chip with these two programs, not started yet; `chip.world` is its world."""
    folder = "/tmp/twin-test-" + "".join(f"{byte:02x}" for byte in os.urandom(6))
    os.mkdir(folder)
    for name, text in (("boot.py", boot), ("main.py", main)):
        with open(f"{folder}/{name}", "w") as file:
            file.write(text)
    return Chip(World(BOARD, **options), folder)


def remove(chip: Chip):
    """Delete the folder that `programmed` made."""
    for name in ("boot.py", "main.py"):
        os.remove(f"{chip.root}/{name}")
    os.rmdir(chip.root)


def refused(error, call, *arguments, **options) -> bool:
    """Whether the call raises exactly this kind of exception."""
    try:
        call(*arguments, **options)
    except error:
        return True
    return False
