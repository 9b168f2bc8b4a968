"""Runs on MicroPython: the whole firmware on the simulated board, told by lines on stdin.

The first line holds {"speed", "flash", "broker", "document"}; without a document the
flash keeps its own. The flash file is written when stdin ends, and nothing else is.
Then each line is a list: ["cmd", query, body] at the REPL's door, ["plug"], ["unplug"], ["reset"],
["sessions"] or ["closed"]; each is answered by one line on stdout that begins with @@.
"""

import json
import select
import sys

sys.path.insert(0, "tools/sim")

from chip import Chip

sys.path.append(".")

from scenario_setup import commission
from world.car import Car
from world.world import World

from firmware.boards.sim import BOARD

_LOOK_MS = 20


class Terminal:
    """Stands for `sys` in firmware/app.py: keeps what the REPL's door prints."""

    def __init__(self):
        self.pieces = []
        self.stdout = self

    def write(self, text):
        self.pieces.append(text)

    def complete(self):
        return self.pieces and self.pieces[-1] == "\n"


def type_in(chip, query, body=None):
    """app.cmd(query, body), as a person would type it."""
    terminal = Terminal()
    sys.modules["firmware.app"].sys = terminal
    chip.program["app"].cmd(query, body)
    return terminal


def answer(chip, name, arguments):
    if name == "plug":
        chip.world.plug(Car({}))
    elif name == "unplug":
        chip.world.unplug()
    elif name == "reset":
        chip.reset()
    elif name == "sessions":
        return json.dumps(list(chip.program["app"].sessions.entries(0)))
    elif name == "closed":
        return json.dumps(bool(chip.world.contactor.closed))
    return "null"


def story(chip):
    poll = select.poll()
    poll.register(sys.stdin, select.POLLIN)
    while not (chip.program.get("app") and chip.program["app"].pilot_loop.cycles > 10):
        yield 50
    print("@@ ready")
    while True:
        if not poll.poll(0):
            yield _LOOK_MS
            continue
        line = sys.stdin.readline()
        if not line:
            return
        name, *arguments = json.loads(line)
        if name == "cmd":
            terminal = type_in(chip, *arguments)
            while not terminal.complete():
                yield _LOOK_MS
            print("@@ " + "".join(terminal.pieces).strip())
        else:
            print("@@ " + answer(chip, name, arguments))


def main():
    given = json.loads(sys.stdin.readline())
    world = World(BOARD, flash_path=given["flash"])
    chip = Chip(world, root=".", speed=given["speed"])
    commission(world, given["document"], given["broker"])
    chip.run(story(chip))


main()
