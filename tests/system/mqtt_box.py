"""Runs on MicroPython: one client, driven by lines of JSON on stdin, telling on stdout.

The first line holds its settings: MicroPython takes no argument longer than 255 bytes.
"""

import asyncio
import gc
import json
import select
import sys
from time import ticks_diff, ticks_us

from firmware.codec.broker_url import broker_url
from firmware.link.mqtt import MqttClient, Options
from firmware.log import Log


def tell(kind, **values):
    values["event"] = kind
    print("@@ " + json.dumps(values))


class Box:
    """The client under test and what it has seen."""

    def __init__(self, settings):
        options = Options()
        for name in settings.get("options", {}):
            setattr(options, name, settings["options"][name])
        if "trust" in settings:
            options.trust = self.trust(settings["trust"])
        url = broker_url(settings["url"])
        self.client = MqttClient(url, settings["id"], Log(), settings.get("will"), options)
        attributes = settings.get("attributes", {})
        self.client.on_message = self.ignore if attributes.get("quiet") else self.message
        if attributes.get("eager"):
            self.hurrying = asyncio.create_task(self.hurry())
        self.client.on_delivered = lambda topic, payload: tell("delivered", topic=topic.decode())
        self.client.on_connected = lambda: tell("connected")
        self.worst_us = 0
        for topic, qos in settings.get("subscribe", []):
            self.client.subscribe(topic, qos)
        self.worst_us = 0

    def ignore(self, topic, payload, message):
        """For floods."""

    async def hurry(self):
        """Cut the waits between attempts short."""
        line = self.client.line
        while True:
            if line.state == "waiting":
                line.state = "off"
            await asyncio.sleep_ms(20)

    def trust(self, values):
        from firmware.link.tls import Trust

        trust = Trust()
        for name in values:
            setattr(trust, name, values[name])
        self.contactor_open = not values.get("held")
        trust.may_handshake = lambda: self.contactor_open
        return trust

    def message(self, topic, payload, message):
        text = bytes(payload).decode() if len(payload) < 200 else f"{len(payload)} bytes"
        tell("message", topic=topic.decode(), payload=text, qos=message.qos, retain=message.retain)

    def obey(self, order):
        if order["do"] == "publish":
            payload = order["payload"] * order.get("times", 1)
            done = self.client.publish(
                order["topic"],
                payload,
                order.get("qos", 0),
                order.get("retain", False),
                order.get("keep", 0),
            )
            tell("published", done=done)
        elif order["do"] == "subscribe":
            self.client.subscribe(order["topic"], order.get("qos", 0))
        elif order["do"] == "unsubscribe":
            self.client.unsubscribe(order["topic"])
        elif order["do"] == "contactor":
            self.contactor_open = order["open"]
        elif order["do"] == "status":
            gc.collect()
            tell("status", worst_us=self.worst_us, memory=gc.mem_alloc(), **self.client.status())

    async def listen(self):
        poll = select.poll()
        poll.register(sys.stdin, select.POLLIN)
        while True:
            while poll.poll(0):
                line = sys.stdin.readline()
                if not line or json.loads(line)["do"] == "quit":
                    return
                self.obey(json.loads(line))
            await asyncio.sleep_ms(5)

    async def watch(self):
        """How long others hold the loop at most."""
        while True:
            began = ticks_us()
            await asyncio.sleep_ms(1)
            self.worst_us = max(self.worst_us, ticks_diff(ticks_us(), began) - 1000)

    async def main(self):
        tasks = [asyncio.create_task(self.client.run()), asyncio.create_task(self.watch())]
        await self.listen()
        for task in tasks:
            task.cancel()
        await asyncio.sleep_ms(20)
        tell("gone")


if __name__ == "__main__":
    asyncio.run(Box(json.loads(sys.stdin.readline())).main())
