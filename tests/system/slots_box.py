"""Runs on MicroPython: the firmware from images in slots, on the simulated board; see test_slots.

Arguments: story, form (see _PARTITIONS), folder with the images, then the story's own.
The chip's `/` has boot.py and main.py only, so that whatever runs comes from an image.
"""

import struct
import sys
from binascii import crc32

sys.path[:0] = ["tools/sim", "."]

import otadata
from chip import Chip, until
from scenario_setup import commission, initial_document
from silicon import SILICON
from world.car import Car
from world.world import World

from firmware.boards.sim import BOARD

_FORM, _FOLDER = sys.argv[2:4]
_HALF_BLOCKS = 112
# As in tools/board/WALLBOX.
_PARTITIONS = {
    "files": {},
    "partition": {"rom_blocks": 2 * _HALF_BLOCKS},
    "application": {"blocks": 112, "app_blocks": 448},
}
_MINUTE = 60000
_TRIAL_MS = 7 * _MINUTE
_PROVED_MS = _TRIAL_MS + 10000  # each second of it may be longer by a collection


def file(name):
    return f"{_FOLDER}/{name}{'-app' if _FORM == 'application' else ''}.img"


def put(world, slot, name):
    """Put an image into a slot, as the installer does; an application comes without header."""
    if _FORM == "application":
        with open(f"{_FOLDER}/{name}-app.bin", "rb") as source:
            world.flash.put("app_" + slot, source.read())
        return
    with open(file(name), "rb") as source:
        data = source.read()
    if _FORM == "files":
        world.flash.files({f"slots/{slot}.img": data})
        return
    start = _HALF_BLOCKS * 4096 if slot == "b" else 0
    world.flash.rom[start : start + len(data)] = data


def box(slots, choice):
    """A commissioned board with images in its slots."""
    world = World(BOARD, partitions=_PARTITIONS[_FORM])
    chip = Chip(world, root=_FOLDER + "/board")
    document = initial_document("")
    document["network"]["time_server"] = ""
    commission(world, document, "")
    if choice:
        world.flash.files({"slots/choice": choice})
    if _FORM == "application" and choice[:1] == "b":
        # As it is after an update that was confirmed.
        entry = struct.pack(
            "<I20sII", 2, b"\xff" * 20, otadata.VALID, crc32(b"\2\0\0\0", 0xFFFFFFFF)
        )
        world.flash.put("otadata", entry)
    for slot, name in slots.items():
        put(world, slot, name)
    # From here on the checkout's own firmware cannot be found.
    for name in list(sys.path):
        if name not in (".frozen",) and "tools/sim" not in name:
            sys.path.remove(name)
    return chip


def app(chip):
    return chip.program["app"]


def runs(chip):
    running = chip.program.get("app")
    return running is not None and running.pilot_loop.cycles > 10


def started(chip, life, limit_ms=60000):
    yield from until(lambda: chip.boots >= life and runs(chip), limit_ms, "no pilot loop")


def ask(chip, query):
    return app(chip).commands.call(query, None, 3)


def status(chip):
    found = ask(chip, "cmd=update_status")
    assert "error" not in found, found
    return found


def logged(chip, part):
    return any(part in entry[4] for entry in app(chip).log.after(0))


def log_lines(chip):
    return [entry[4] for entry in app(chip).log.after(0)]


def updated(chip, name, life):
    """Update from a file that is not on the flash, until the next life's pilot loop runs."""
    answer = ask(chip, f"cmd=update&file={file(name)}")
    assert "error" not in answer, answer
    yield from until(lambda: chip.boots >= life, 120000, "no restart")


def charges(chip):
    chip.world.plug(Car({}))
    yield from until(lambda: chip.world.contactor.closed, 20000, "the contactor never closed")
    yield 2000
    chip.world.unplug()
    yield 5000


def confirms():
    """The way it should be: b is written, tried for seven minutes, confirmed, and stays."""
    chip = box({"a": "base"}, "a good 0")

    def story():
        yield from started(chip, 1)
        found = status(chip)
        assert (found["slot"], found["state"], found["other"]) == ("a", "good", None), found
        assert found["form"] == _FORM, found
        yield from updated(chip, "good", 2)
        yield from started(chip, 2)
        found = status(chip)
        assert found["slot"] == "b" and found["state"] == "trial", found
        assert found["version"].startswith("3.") and found["other"]["slot"] == "a", found
        answer = ask(chip, f"cmd=update&file={file('good')}")
        assert answer["error"]["code"] == "busy" and "trial" in answer["error"]["text"], answer
        yield from charges(chip)
        yield _TRIAL_MS
        assert status(chip)["state"] == "good" and logged(chip, "is confirmed"), log_lines(chip)
        chip.cut_power(500)
        yield from started(chip, 3)
        assert status(chip)["slot"] == "b" and status(chip)["version"].startswith("3.")
        with open("/data/slots/pins") as pins:
            assert pins.read().split()[:3] == ["sim", "b", "19"]

    chip.run(story(), limit_ms=20 * _MINUTE)


def rolls_back(name, lives, reason):
    """A version that does not prove itself: the old one is back, says why, and charges."""
    chip = box({"a": "base"}, "a good 0")

    def story():
        yield from started(chip, 1)
        yield from updated(chip, name, 2)
        yield from until(
            lambda: chip.boots > 2 and runs(chip) and sys.modules["slot"][0] == "a",
            20 * _MINUTE,
            "never back",
        )
        yield 2000
        found = status(chip)
        assert (found["slot"], found["state"]) == ("a", "good"), found
        assert reason in found["why"], found
        assert chip.boots == int(lives) + 2, chip.deaths
        assert logged(chip, reason), log_lines(chip)
        yield from charges(chip)

    chip.run(story(), limit_ms=40 * _MINUTE)


def resets(how, delay_ms):
    """The chip resets within the trial, for whatever reason: how often each form allows it."""
    chip = box({"a": "base"}, "a good 0")
    lives = 1 if _FORM == "application" else 4

    def story():
        yield from started(chip, 1)
        yield from updated(chip, "good", 2)
        for life in range(2, 2 + lives):
            yield from started(chip, life)
            assert sys.modules["slot"][0] == "b", life
            yield int(delay_ms)
            chip.cut_power(500) if how == "power" else chip.reset()
        yield from started(chip, 2 + lives)
        yield 2000
        found = status(chip)
        assert (found["slot"], found["state"], found["next"]) == ("a", "good", "a"), found
        assert "b was not confirmed" in found["why"] and logged(chip, found["why"]), found
        yield from charges(chip)
        # It can be tried again.
        yield from updated(chip, "good", 3 + lives)
        yield from started(chip, 3 + lives)
        yield _PROVED_MS
        assert (status(chip)["slot"], status(chip)["state"]) == ("b", "good"), status(chip)

    chip.run(story(), limit_ms=60 * _MINUTE)


def first_start():
    """As the cable leaves it: one application, nothing in /data; then the first update."""
    chip = box({"a": "base"}, "")

    def story():
        yield from started(chip, 1)
        found = status(chip)
        assert (found["slot"], found["state"], found["why"]) == ("a", "good", ""), found
        assert found["other"] is None, found
        yield from updated(chip, "good", 2)
        yield from started(chip, 2)
        found = status(chip)
        assert (found["slot"], found["state"]) == ("b", "trial"), found
        # No update has brought it, but it is there.
        assert found["other"] == {"slot": "a", "version": None, "revision": None}, found
        yield _PROVED_MS
        assert status(chip)["state"] == "good", status(chip)
        assert ask(chip, "cmd=update_rollback") == "ok"
        yield from started(chip, 3)
        assert (status(chip)["slot"], status(chip)["state"]) == ("a", "trial"), status(chip)
        chip.reset()
        yield from started(chip, 4)
        assert (status(chip)["slot"], status(chip)["state"]) == ("b", "good"), status(chip)
        assert "a was not confirmed before a reset" in status(chip)["why"], status(chip)

    chip.run(story(), limit_ms=60 * _MINUTE)
    free = [block for block in chip.world.flash._data[:112] if block is None]
    print("blocks never used", len(free))


def cut(*places):
    """The power fails at these operations of an update: one version or the other starts."""
    chip = box({"a": "base"}, "a good 0")
    lives = [0]

    def story():
        for number, place in enumerate(places):
            yield from next_life()
            if sys.modules["slot"][0] == "b":
                break
            chip.world.flash.cut_after(int(place), number % 3)
            before = chip.boots
            ask(chip, f"cmd=update&file={file('good')}")
            yield from until(lambda: chip.boots > before, 120000, "neither a cut nor a restart")
        yield from next_life()
        yield from charges(chip)

    def next_life():
        lives[0] = chip.boots or 1
        yield from started(chip, lives[0])
        assert status(chip)["slot"] in ("a", "b")

    chip.run(story(), limit_ms=60 * _MINUTE)
    print("operations", chip.world.flash.operations())


def counts():
    """How many operations an update has, restart included: where there is a place to cut."""
    chip = box({"a": "base"}, "a good 0")

    def story():
        yield from started(chip, 1)
        yield 5000
        before = chip.world.flash.operations()
        yield from updated(chip, "good", 2)
        print("operations", chip.world.flash.operations() - before)

    chip.run(story(), limit_ms=5 * _MINUTE)


def by_hand():
    """update_rollback starts the other version, on trial."""
    chip = box({"a": "base", "b": "good"}, "b good 0")

    def story():
        yield from started(chip, 1)
        assert status(chip)["version"].startswith("3."), status(chip)
        assert ask(chip, "cmd=update_rollback") == "ok"
        yield from started(chip, 2)
        assert (status(chip)["slot"], status(chip)["state"]) == ("a", "trial"), status(chip)
        yield _PROVED_MS
        assert status(chip)["state"] == "good"

    chip.run(story(), limit_ms=20 * _MINUTE)


def nobody_charging():
    """No update while a car charges, and one that is under way ends when a car begins."""
    chip = box({"a": "base"}, "a good 0")

    def story():
        yield from started(chip, 1)
        chip.world.plug(Car({}))
        yield from until(lambda: chip.world.contactor.closed, 20000, "the contactor never closed")
        for query in (f"cmd=update&file={file('good')}", "cmd=update_rollback"):
            answer = ask(chip, query)
            assert answer["error"]["code"] == "busy", answer
        chip.world.unplug()
        yield from until(lambda: not chip.world.contactor.closed, 20000)
        chip.world.plug(Car({}))
        yield from until(lambda: log_lines(chip).count("state B2") == 2, 20000, "no second car")
        chip.world.flash.longest_closed_us = 0
        ask(chip, f"cmd=update&file={file('good')}")
        yield from until(lambda: chip.world.contactor.closed, 60000, "the contactor never closed")
        yield 5000
        assert logged(chip, "a car is charging"), log_lines(chip)
        longest = chip.world.flash.longest_closed_us
        assert longest <= 10000, longest
        assert status(chip)["received"] is None and chip.boots == 1
        chip.world.unplug()
        yield 5000
        yield from updated(chip, "good", 2)
        yield from started(chip, 2)
        assert status(chip)["slot"] == "b"

    chip.run(story(), limit_ms=20 * _MINUTE)


def refuses(*names):
    """Images that may not be: each is refused with a reason, and the box works as before."""
    chip = box({"a": "base"}, "a good 0")

    def story():
        yield from started(chip, 1)
        for name in names:
            name, _, reason = name.partition("=")
            ask(chip, f"cmd=update&file={file(name)}")
            yield 20000
            assert logged(chip, reason), (name, reason, log_lines(chip))
            assert status(chip)["slot"] == "a" and status(chip)["received"] is None
        yield from charges(chip)
        chip.reset()
        yield from started(chip, 2)
        assert (status(chip)["slot"], status(chip)["state"]) == ("a", "good")

    chip.run(story(), limit_ms=20 * _MINUTE)


def starts(slot, choice, *slots):
    """With this choice and these images the version in `slot` runs; outputs are safe at once."""
    chip = box(dict(entry.split(":") for entry in slots), choice)

    def story():
        yield from started(chip, 1)
        assert status(chip)["slot"] == slot, status(chip)
        yield from charges(chip)
        chip.reset()
        yield from started(chip, 2)
        assert status(chip)["slot"] == slot, status(chip)

    chip.run(story(), limit_ms=20 * _MINUTE)


def starts_not(*slots):
    """Without an image to start: no reset after reset, nothing is driven, and it says so."""
    chip = box(dict(entry.split(":") for entry in slots), "a good 0")

    def story():
        chip.world.plug(Car({}))
        yield 30000
        assert chip.boots == 1 and not chip.world.contactor.coil

    chip.run(story(), limit_ms=20 * _MINUTE)


globals()[sys.argv[1]](*sys.argv[4:])
print("passed", SILICON.clock.ms())
