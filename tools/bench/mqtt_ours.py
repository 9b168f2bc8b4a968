"""Runs on MicroPython: our client receives or publishes `count` messages; prints figures."""

import asyncio
import gc
import json
import sys
from time import sleep_ms, ticks_add, ticks_diff, ticks_us

_WINDOW = 8

gc.collect()
before = gc.mem_alloc()
from firmware.link.mqtt import ALWAYS, MqttClient  # noqa: E402
from firmware.store.once import forget  # noqa: E402

gc.collect()
imported = gc.mem_alloc() - before


class Quiet:
    """A log that keeps nothing."""

    def note(self, *_):
        return

    error = warning = info = debug = note


def broker(url):
    """As the box does it: the parser goes once it has done its work."""
    from firmware.codec.broker_url import broker_url

    made = broker_url(url)
    forget("broker_url", "firmware.codec")
    return made


class Run:
    """One measurement: mode is rx or tx, qos 0 or 1."""

    def __init__(self, mode, qos, count, port):
        self.mode, self.qos, self.count = mode, qos, count
        self.done = self.sent = self.bytes = self.held_us = 0
        self.client = MqttClient(broker(f"mqtt://127.0.0.1:{port}"), "bench", Quiet())
        self.client.on_message = self.message
        self.client.on_delivered = self.delivered

    def message(self, topic, payload, message):
        self.done += 1

    def delivered(self, topic, payload):
        self.done += 1
        if self.sent < self.count:
            self.sent += 1
            self.client.publish(topic, payload, 1)

    async def main(self):
        task = asyncio.create_task(self.client.run())
        while not self.client.connected:
            await asyncio.sleep_ms(5)
        gc.collect()
        self.ram = gc.mem_alloc() - before
        gc.collect()
        if len(sys.argv) < 6 and self.count < 3000:
            gc.disable()
        held = gc.mem_alloc()
        began = ticks_us()
        watch = asyncio.create_task(self.watch())
        if self.mode == "hold":
            self.client.subscribe("bench/topic", self.qos)
        elif self.mode == "rx":
            await self.receive()
        else:
            await self.publish()
        if self.mode == "hold":
            await asyncio.sleep_ms(3000)
        self.took_us = ticks_diff(ticks_us(), began)
        self.bytes = gc.mem_alloc() - held
        gc.enable()
        task.cancel()
        watch.cancel()
        await asyncio.sleep_ms(0)

    async def watch(self):
        """The longest time that others hold the loop; not while instructions are counted."""
        while len(sys.argv) < 6:
            began = ticks_us()
            await asyncio.sleep_ms(1)
            self.held_us = max(self.held_us, ticks_diff(ticks_us(), began) - 1000)

    async def receive(self):
        self.client.subscribe("bench/topic", self.qos)
        while self.done < self.count:
            await asyncio.sleep_ms(20)

    async def publish(self):
        topic, payload, client = b"bench/topic", b"x" * 200, self.client
        if self.qos:
            while self.sent < min(_WINDOW, self.count):
                self.sent += 1
                client.publish(topic, payload, 1)
            while self.done < self.count:
                await asyncio.sleep_ms(20)
            return
        # more than four arguments, keywords counting double, cost a bound method a heap block
        publish = client.publish
        for _ in range(self.count // 8):
            for _ in range(8):
                while not publish(topic, payload, keep=ALWAYS):
                    await asyncio.sleep_ms(1)
            await asyncio.sleep_ms(0)


class IdleClock:
    """Stands still while anything runs: an instruction counter makes everything but sleep slow."""

    def __init__(self):
        import asyncio.core
        from time import ticks_ms

        self.now = ticks_ms()
        asyncio.core.ticks = self.ticks
        asyncio.core.IOQueue.wait_io_event = self.wait

    def ticks(self):
        return self.now

    def wait(self, ms):
        if ms > 0:
            sleep_ms(ms)
            self.now = ticks_add(self.now, ms)


run = Run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
if len(sys.argv) > 5:
    run.client.clock = IdleClock().ticks
asyncio.run(run.main())
print(
    json.dumps(
        {
            "imported": imported,
            "connected": run.ram,
            "bytes": run.bytes / run.count,
            "held_us": run.held_us,
            "per_s": run.count * 1000000 // max(1, run.took_us),
        }
    )
)
