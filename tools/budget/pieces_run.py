"""On the 32-bit MicroPython under callgrind: what the API does in one go, one thing at a time.

Arguments: folder of tools/sim, folder of the image, file for the flash, this folder, and where the
firmware's modules are (see place.py). The firmware runs with 25 devices and no broker. Prints a
line `pass` for each of some equal passes, and in it a line `piece <name>` for each count.
"""

import gc
import os
import sys

_SIM, _IMAGE, _FLASH, _HERE, _PLACE = sys.argv[1:6]
_DEVICES = 25
_PASSES = 4
_disable = gc.disable  # the host's; the chip gets a `gc` of its own

sys.path[:0] = [_SIM, _HERE]

import place  # noqa: E402
from chip import Chip  # noqa: E402

place.enter(_PLACE)

from scenario_setup import commission, initial_document  # noqa: E402
from world.world import World  # noqa: E402

from firmware.boards.sim import BOARD  # noqa: E402

_ONE = '{"power_w": 1234}'
_NINE = (
    '{"import_wh":12345,"export_wh":6,"power_w":1234,"voltage":[230,231,229],"current":[1,2,3]}'
)
_MESSAGES = (
    ("ctl for one device", "ctl", '{"E1":{"cur":8000}}'),
    ("set of one value", "set/M3", _ONE),
    ("set of nine values", "set/M3", _NINE),
)


class Message:
    """What the MQTT client tells of a message beside topic and payload."""

    retain = duplicate = False
    response_topic = correlation = None


def counted(name: str, call):
    """Have one call counted; what it answers."""
    print("piece", name)
    os.getenv("MARK")
    try:
        return call()
    finally:
        os.unsetenv("MARK")


def nothing():
    """What the marks and the call cost."""


def messages(topics):
    """Requests that come often."""
    for name, topic, payload in _MESSAGES:
        arrived = memoryview(f"{topics.root}/{topic}".encode()), memoryview(payload.encode())
        counted(name, lambda arrived=arrived: topics.received(*arrived, Message))


def answered(topics, now: int):
    """What is left of the answers on their way, and all that was to be published before."""
    while topics.busy():
        counted("look for what is due", lambda: topics.due(now))


def published(topics, now: int):
    """get/dev_info on its way: every look for what is due, then every chunk for the socket."""
    due = None
    for _ in range(5000):
        due = counted("look for what is due", lambda: topics.due(now))
        if due and due[1].endswith("dev_info"):
            break
    else:
        raise RuntimeError("get/dev_info was never due")
    chunks = due[2].chunks()
    length = 0
    while (chunk := counted("chunk of dev_info", lambda: next(chunks, None))) is not None:
        length += len(chunk)
    if length != due[2].length() or length < 500 * _DEVICES:
        raise RuntimeError(f"get/dev_info has {length} bytes")


def asked(commands):
    """The same over HTTP: the command, and all chunks without measuring them first."""
    from firmware.codec.json_stream import JsonStream

    answer = counted("cmd=get_dev_info", lambda: commands.call("cmd=get_dev_info", None, 2))
    chunks = JsonStream(answer).chunks()
    while counted("chunk of dev_info", lambda: next(chunks, None)) is not None:
        pass


def story(chip):
    """All of it, once the firmware runs."""
    while not (chip.program.get("app") and chip.program["app"].pilot_loop.cycles > 10):
        yield 10
    from firmware.api.topics import Topics  # not before: a start loads all modules anew

    app = chip.program["app"]
    for device in app.devices:
        if device.dev_id != "E1" and device.entry["dev_type"] == "meter_ajax":
            device.set({"power_w": 1500, "voltage": [230] * 3, "import_wh": 1}, app.board.now())
    _disable()
    for _ in range(_PASSES):
        print("pass")
        topics = Topics(app.box, lambda *arguments: None)
        counted("marks", nothing)
        messages(topics)
        answered(topics, app.board.now())
        asked(app.commands)
        published(topics, app.board.now())


def main():
    world = World(BOARD, flash_path=_FLASH)
    document = initial_document("")
    document["mqtt"]["control"] = True
    for number in range(len(document["devices"]), _DEVICES):
        document["devices"].append(
            {"dev_id": f"M{number + 10}", "dev_type": "meter_ajax", "name": "Input", "role": 3}
        )
    commission(world, document, "")
    chip = Chip(world, root=_IMAGE)
    chip.run(story(chip), limit_ms=600000)


main()
