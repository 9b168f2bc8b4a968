"""On MicroPython: days of a household in virtual time, within a small heap.

Arguments: folder of tools/sim, folder with boot.py and main.py, file for the flash, where the
firmware's modules are (see place.py), the number of hours, how many minutes a day has, and the
bytes that are free, in one piece, when the simulated board is ready and the firmware begins. What
is in use is printed after each hour, or each day when that is shorter; the last line is JSON.

A day: the charge point is plugged twice and charges for a third of it, a house meter reports by
MQTT every ten seconds, a controller sets the current every minute and asks for everything every
ten, and all topics are published.
"""

import gc
import json
import sys

import holes
import place

_SIM, _IMAGE, _FLASH, _PLACE, _HOURS, _MINUTES, _FREE = sys.argv[1:8]
_HEAD = 16  # bytes that a bytearray takes beside its contents
_BLOCKS = 128  # of the flash that are ever used
sys.path.insert(0, _SIM)
place.enter(_PLACE)
_collect = gc.collect
_used = gc.mem_alloc

from broker import Broker  # noqa: E402
from chip import Chip  # noqa: E402
from silicon import SILICON  # noqa: E402
from world.car import Car  # noqa: E402
from world.world import World  # noqa: E402

from firmware.boards.sim import BOARD  # noqa: E402

_HOUR = 3600
_DAY = int(_MINUTES) * 60
_MARK = min(_HOUR, _DAY)
_PLUGGED = ((1, 3), (17, 23))  # from and to, in twenty-fourths of a day


def household(world, chip, broker, before: int):
    """The story; prints the live bytes of everything now and then, those `before` taken off."""
    yield lambda: chip.program.get("app") and chip.program["app"].mqtt
    for client in chip.program["app"].mqtt.clients.values():
        client.line.open = broker.open
    marks = []
    for second in range(0, int(_HOURS) * _HOUR, 10):
        yield 10000
        act(world, broker, second)
        if second % _MARK == _MARK - 10:
            _collect()
            marks.append(_used() - before)
            print(f"after {(second + 10) / _HOUR:.1f} h: {marks[-1]} bytes")
    yield 1000
    tasks = chip.program["app"].supervisor.status()
    return {"live": marks, "restarts": {name: tasks[name]["restarts"] for name in tasks}}


def act(world, broker, second: int):
    """What happens in these ten seconds of the day."""
    broker.publish("cfos_mqtt/set/M3", '{"power_w": %d}' % (second % 5000))
    if second % 60 == 0:
        broker.publish("cfos_mqtt/ctl", "{E1: {cur: %d}}" % (6000 + second // 60 % 10 * 1000))
    if second % 600 == 0:
        broker.publish("cfos_mqtt/api/cmd=get_dev_info", "")
    part = second % _DAY * 24
    for begin, end in _PLUGGED:
        if part == begin * _DAY:
            world.plug(Car({"phases": 3, "battery_wh": 60000, "soc_permille": 200}))
        elif part == end * _DAY:
            world.unplug()


def provide(flash):
    """Give the simulated flash all the blocks it will use, so that it takes no memory later."""
    data = flash._data
    spare = [bytearray(4096) for _ in range(_BLOCKS)]
    left = [_BLOCKS]

    def block(number):
        if data[number] is None:
            left[0] -= 1
            data[number] = spare[left[0]]
            for at in range(4096):
                data[number][at] = 0xFF
        return data[number]

    def clear(number):
        if data[number] is not None:
            spare[left[0]] = data[number]
            left[0] += 1
            data[number] = None

    for number, content in enumerate(data):
        if content is not None:
            data[number] = None
            block(number)[:] = content
    flash._block = block
    flash._clear = clear


def collect_really(heap):
    """A collection that the firmware asks for is one of the interpreter, too: no time is saved."""
    told, set_threshold = heap.collect, heap.threshold
    threshold = gc.threshold

    def collect():
        told()
        _collect()

    def at(amount):
        if amount is not None:
            threshold(amount)
        return set_threshold(amount)

    heap.collect = collect
    heap.threshold = at


def squeeze(free: int) -> tuple:
    """Take all memory but `free` bytes in one piece, for as long as the answer is kept."""
    kept = holes.fill()
    size = len(holes.largest()) - free - _HEAD
    _collect()
    rest = bytearray(size)
    _collect()
    if abs(gc.mem_free() - free) > 1024:
        raise MemoryError(f"{gc.mem_free()} bytes are free instead of {free}")
    return kept, rest


def warm_up(world, chip):
    """Let the simulated board do what it will do, with nothing on the chip; it keeps memory."""
    for twin in ("esp32", "machine", "network", "select", "socket", "vfs", "_thread"):
        __import__(twin)
    chip.root = "nothing"

    def story():
        yield 10000
        world.plug(Car({"phases": 3, "battery_wh": 60000, "soc_permille": 200}))
        yield 10000
        world.unplug()
        yield 10000

    chip.run(story(), limit_ms=100000)
    world.deaths.clear()
    chip.root = _IMAGE


def main():
    world = World(BOARD, flash_path=_FLASH)
    provide(world.flash)
    world.flash._path = None  # what this writes is not kept: that would take memory at the end
    chip = Chip(world)
    broker = Broker()
    warm_up(world, chip)
    collect_really(SILICON.heap)
    _collect()
    kept = squeeze(int(_FREE))
    before = _used()
    story = household(world, chip, broker, before)
    found = chip.run(story, limit_ms=(int(_HOURS) + 1) * 3600000)
    found["deaths"] = world.deaths
    found["topics"] = broker.counts
    print(json.dumps(found))
    kept[1][0] = 0  # until here


main()
