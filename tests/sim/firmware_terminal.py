"""Helpers of the tests in which somebody types at the simulated board's serial line."""

from chip import Chip, until
from silicon import SILICON
from world.world import World

from firmware.boards.sim import BOARD

PROMPT = "wallbox> "


def blank() -> Chip:
    """A board that nobody has set up: an empty flash, no name of a board."""
    SILICON.new()
    return Chip(World(BOARD), root=".")


def typed(text: str, end: str = PROMPT, limit_ms: int = 30000):
    """For stories: type a line and wait until what comes ends like this; the answer is that."""
    line = SILICON.serial
    line.text = ""
    line.type(text + "\r")
    yield from until(
        lambda: line.text.endswith(end) and len(line.text) > len(end),
        limit_ms,
        f"{text!r} was answered with {line.text!r}",
    )
    return line.text


def shown(part: str, limit_ms: int = 30000):
    """For stories: wait until this is on the terminal."""
    yield from until(
        lambda: part in SILICON.serial.text, limit_ms, f"{part!r} not in {SILICON.serial.text!r}"
    )
