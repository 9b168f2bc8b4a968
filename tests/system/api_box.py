"""Runs on MicroPython: the API on a bench, with real doors: HTTP, MQTT, and lines on stdin.

The first line on stdin holds the settings; then each line is [command, body] for the REPL door.
"""

import asyncio
import json
import select
import sys
import time

from firmware.api.chores import Chores
from firmware.api.console import ConsoleDoor
from firmware.link.http import WORKERS, HttpDoor, listening
from firmware.mqtt_door import MqttDoor
from tests.unit.api.requests import bench


def now():
    return time.ticks_ms() & 0x3FFFFFFF


class NoMeters:
    def topics(self):
        return ()

    def received(self, topic, payload, now):
        return False


class Transactions:
    def entries(self, first, last):
        for number in range(3):
            yield {"nr": number, "dev_id": "E1", "begin": 1700000000 + number}


async def typed(box):
    """Answer the lines on stdin, each with one line."""
    poll = select.poll()
    poll.register(sys.stdin, select.POLLIN)
    pieces = []
    door = ConsoleDoor(box, pieces.append)
    while True:
        if poll.poll(0):
            line = sys.stdin.readline()
            if not line:
                return
            pieces.clear()
            command, body = json.loads(line)
            door.cmd(command, body)
            print("@@ " + "".join(pieces).strip())
        await asyncio.sleep_ms(10)


async def look_after(box):
    chores = Chores(box)
    while True:
        chores.tick(now())
        await asyncio.sleep_ms(100)


async def main():
    settings = json.loads(sys.stdin.readline())
    built = bench()
    box = built.box
    box.now = now
    box.transactions = Transactions()
    box.settings.change({"mqtt.broker": settings["broker"]})
    mqtt = MqttDoor(box, NoMeters(), lambda: True)
    mqtt.connect()
    http = HttpDoor(box, listening(settings["port"]))
    print("@@ ready")
    await asyncio.gather(
        typed(box),
        look_after(box),
        mqtt.serve(),
        *[client.run() for client in mqtt.clients.values()],
        *[http.serve() for _ in range(WORKERS)],
    )


asyncio.run(main())
