"""Ctrl-C at the serial port: open contactors, commands at the REPL, and a way back."""

import sys

from chip import until
from firmware_bench import app, box, charging, started
from silicon import SILICON


class Terminal:
    """Stands for `sys` in firmware/app.py; frozen, that is half of the firmware."""

    def __init__(self):
        self.text = ""
        self.stdout = self
        self.modules = sys.modules

    def write(self, text):
        self.text += text


async def interrupt():
    raise KeyboardInterrupt


def stopped(chip):
    """For stories: press Ctrl-C while a car charges."""
    yield from started(chip)
    yield from charging(chip)
    app(chip)._start("ctrl-c", interrupt)
    yield from until(lambda: not chip.world.contactor.closed, 2000, "the contactor stayed closed")


def typed(chip, query, body=None):
    terminal = Terminal()
    sys.modules["firmware.app"].sys = terminal
    try:
        app(chip).cmd(query, body)
    finally:
        sys.modules["firmware.app"].sys = sys
    return terminal.text


def test_the_repl_stays_with_open_contactors_and_a_watchdog_that_bites_after_half_an_hour():
    chip = box()

    def story():
        yield from stopped(chip)
        yield 25 * 60000
        assert chip.boots == 1 and not chip.world.contactor.closed
        # The twin of the watchdog forgets after nine minutes when it was fed last.
        assert SILICON.watchdog._timeout_us == 1800 * 1000000

    chip.run(story(), limit_ms=5000000)


def test_what_is_set_at_the_repl_is_kept():
    chip = box()

    def story():
        yield from stopped(chip)
        assert typed(chip, "set_params", {"title": "Garage"}) == '"ok"\n'
        assert '"title": "Garage"' in typed(chip, "get_params").replace('":"', '": "')
        chip.reset()
        yield from started(chip, 2)
        assert app(chip).settings.params.title == "Garage"

    chip.run(story(), limit_ms=60000)


def test_what_needs_the_running_firmware_says_so():
    chip = box()

    def story():
        yield from stopped(chip)
        assert "not_supported" in typed(chip, "modbus_get&id=1&reg=5")

    chip.run(story(), limit_ms=60000)


def ended(query):
    """Type a command that starts the box again; its title afterwards."""
    chip = box()

    def story():
        yield from stopped(chip)
        typed(chip, "set_params", {"title": "Garage"})
        chip.clock.after(1000, lambda what: typed(chip, query), None)
        yield from started(chip, 2)
        return app(chip).settings.params.title

    return chip.run(story(), limit_ms=60000)


def test_restart_and_factory_reset_work_at_the_repl():
    assert ended("restart") == "Garage"
    assert ended("factory_reset&confirm=1") == "Wallbox"
