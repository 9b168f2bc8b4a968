"""On the 32-bit MicroPython under callgrind: the whole firmware, every stretch between two yields.

Arguments: folder of tools/sim, folder of the image, file for the flash, `commission` or `run`, the
broker's port, the HTTP door's port, folder of the story. The story prints `phase <name>` and goes
on when the file <folder>/<name> exists. At the end a line `slice <task> <phase>` for each count.
"""

import gc
import os
import sys

import utime
from micropython import mem_total

_SIM, _IMAGE, _FLASH, _TASK, _BROKER, _PORT, _STORY = sys.argv[1:8]
_DEVICES = 25
# A stretch is counted when it took at least this share of its task's longest one in this phase.
_WORTH = 50
_LOOK_MS = 200
# The host's heap is collected between stretches, and often: a large one full of garbage makes the
# interpreter search long for room, which no chip does.
_GARBAGE = 500000
_collect = gc.collect  # the host's; the chip gets a `gc` of its own
_PHASES = ("steady", "MQTT", "HTTP", "commands", "settings", "unplugged", "broker away")

sys.path.insert(0, _SIM)

from chip import Chip, until  # noqa: E402

sys.path.append(_IMAGE)

import tasks  # noqa: E402
from world.car import Car  # noqa: E402
from world.world import World  # noqa: E402

from firmware.boards.sim import BOARD  # noqa: E402


class Watch:
    """What runs now, in which phase, and which stretches were counted."""

    def __init__(self, chip):
        self.chip = chip
        self.phase = "start"
        self.task = None  # of this stretch: the supervisor's name, what was asked, and by whom
        self.asked = None
        self.world = False
        self.counted = []
        self._longest = {}
        self._cycles = self._loaded = self._collected = 0

    def begin(self):
        self.task = self.asked = None
        self.world = False
        if mem_total() - self._collected > _GARBAGE:
            _collect()
            self._collected = mem_total()
        self._cycles = self._count_cycles()
        self._loaded = len(sys.modules)

    def end(self, took_us: int):
        """Write the count down if this may be the longest stretch of its kind."""
        task = self.task
        if task is None:
            task = "pilot loop" if self._count_cycles() != self._cycles else "app"
        if self.world and task == "pilot loop":
            return
        phase = self.phase
        if self.asked:
            phase += ": " + self.asked
        if len(sys.modules) != self._loaded:
            phase += ", import"
        key = (task, phase)
        longest = self._longest.get(key, 0)
        if took_us * 100 >= longest * _WORTH:
            self._longest[key] = max(longest, took_us)
            self.counted.append(key)
            os.unsetenv("MARK")

    def _count_cycles(self) -> int:
        app = self.chip.program.get("app")
        return app.pilot_loop.cycles if app is not None else 0


class Stretches:
    """Runs a coroutine of the firmware and has each of its stretches counted."""

    def __init__(self, coroutine, watch):
        self._coroutine = coroutine
        self._watch = watch

    def send(self, value):
        return self._run(self._coroutine.send, value)

    def throw(self, error):
        return self._run(self._coroutine.throw, error)

    def close(self):
        self._coroutine.close()

    def _run(self, resume, value):
        watch = self._watch
        watch.begin()
        began = utime.ticks_us()
        os.getenv("MARK")
        try:
            return resume(value)
        finally:
            watch.end(utime.ticks_diff(utime.ticks_us(), began))


def watch_tasks(watch):
    """Have every task of the firmware's asyncio counted."""
    original = tasks.Task.__init__

    def init(self, coro, context=None):
        original(self, Stretches(coro, watch), context)

    tasks.Task.__init__ = init


def watch_world(watch, clock):
    """Note when the world has moved: a pilot cycle in which it did tells nothing."""
    original = clock.due

    def due():
        watch.world = True
        original()

    clock.due = due


def name_tasks(watch):
    """The supervisor tells after each stretch whose it was."""
    supervisor = sys.modules["firmware.supervisor"].Supervisor
    original = supervisor.ran

    def ran(self, name, us):
        watch.task = name
        original(self, name, us)

    supervisor.ran = ran
    # What was asked in a stretch is only a hint: where it cannot be seen, it is left out.
    for module, kind, method in (
        ("firmware.api.topics", "Topics", "received"),
        ("firmware.api.commands", "Commands", "call"),
    ):
        if module in sys.modules:
            _note_calls(watch, getattr(sys.modules[module], kind), method)


def _note_calls(watch, kind, method: str):
    """Have `watch.asked` tell the first argument of each call of this method."""
    original = getattr(kind, method)

    def noted(self, what, *arguments, **named):
        text = what if isinstance(what, str) else bytes(what).decode()
        watch.asked = text[:40]
        return original(self, what, *arguments, **named)

    setattr(kind, method, noted)


def story(chip, watch):
    """Charge, and let the peers do their part phase by phase."""
    world = chip.world
    while not (chip.program.get("app") and chip.program["app"].pilot_loop.cycles > 10):
        yield 10
    name_tasks(watch)
    world.plug(Car({"battery_wh": 100000}))
    app = chip.program["app"]
    yield from until(lambda: world.contactor.closed, 60000, "the contactor never closed")
    yield from until(lambda: app.mqtt.status()[0]["state"] == "connected", 60000, "no broker")
    yield 5000
    for phase in _PHASES:
        watch.phase = phase
        if phase == "unplugged":
            world.unplug()
        print("phase", phase)
        while not _exists(f"{_STORY}/{phase}"):
            yield _LOOK_MS
        yield 5000
    if chip.boots != 1:
        raise RuntimeError(f"the chip reset: {chip.deaths}")


def _exists(path: str) -> bool:
    try:
        os.stat(path)
        return True
    except OSError:
        return False


def commissioned(world):
    """Everything on: HTTP, MQTT with all topics, RS485 and S0, 25 devices."""
    from scenario_setup import commission, initial_document

    broker = f"mqtt://127.0.0.1:{_BROKER}"
    document = initial_document(broker)
    document["network"]["http_port"] = int(_PORT)
    document["mqtt"]["log"] = True
    devices = document["devices"]
    for number in range(len(devices), _DEVICES):
        devices.append({"dev_id": f"M{number + 10}", "dev_type": "meter_ajax", "name": "Input"})
    commission(world, document, broker)
    world.flash.save()


def nothing():
    """A coroutine whose stretches do nothing: what the marks cost."""
    while True:
        yield


def main():
    world = World(BOARD, flash_path=_FLASH)
    if _TASK == "commission":
        commissioned(world)
        return
    chip = Chip(world, root=_IMAGE)
    watch = Watch(chip)
    idle = Stretches(nothing(), watch)
    watch.phase = "marks"
    for _ in range(10):
        idle.send(None)
    watch.phase = "start"
    watch_tasks(watch)
    watch_world(watch, chip.clock)
    chip.run(story(chip, watch), limit_ms=3600000)
    for task, phase in watch.counted:
        print(f"slice {task}|{phase}")


main()
