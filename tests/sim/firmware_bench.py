"""Helpers of the tests that run the whole firmware on the simulated board, in virtual time."""

from chip import Chip, until
from scenario_setup import commission, initial_document
from silicon import SILICON
from world.car import Car
from world.world import World

from firmware.boards.sim import BOARD

STORED = ("config.0.json", "config.1.json")


def box(document=None) -> Chip:
    """A commissioned board, not started yet; `document` changes its first configuration."""
    SILICON.new()
    chip = Chip(World(BOARD), root=".")
    commission(chip.world, document or initial_document(""), "")
    return chip


def app(chip):
    """The running firmware's App."""
    return chip.program["app"]


def started(chip, life: int = 1):
    """For stories: wait until the pilot loop runs in the chip's first, second ... life."""
    yield from until(lambda: chip.boots >= life and _runs(chip), 20000, "no pilot loop")


def _runs(chip):
    running = chip.program.get("app")
    return running is not None and running.pilot_loop.cycles > 10


def charging(chip, settings=None):
    """For stories: plug a car in and wait until it charges."""
    chip.world.plug(Car(settings or {}))
    yield from until(lambda: chip.world.contactor.closed, 20000, "the contactor never closed")
    yield 3000


def logged(chip, part: str) -> bool:
    """Whether a line of the log of this life contains `part`."""
    return any(part in entry[4] for entry in app(chip).log.after(0))


def stored(chip, name: str, text: str):
    """Put a file on the flash, as something else than the firmware would have left it there."""
    chip.world.flash.files({name: text})
