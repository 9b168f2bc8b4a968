"""Runs on MicroPython: umqtt.simple receives or publishes `count` messages; prints figures."""

import gc
import json
import sys
from time import ticks_diff, ticks_us

gc.collect()
before = gc.mem_alloc()
from umqtt.simple import MQTTClient  # noqa: E402

gc.collect()
imported = gc.mem_alloc() - before


class Run:
    """One measurement: mode is rx or tx, qos 0 or 1."""

    def __init__(self, mode, qos, count, port):
        self.mode, self.qos, self.count = mode, qos, count
        self.done = 0
        self.client = MQTTClient("bench", "127.0.0.1", port)
        self.client.set_callback(self.message)

    def message(self, topic, payload):
        self.done += 1

    def main(self):
        client = self.client
        client.connect()
        gc.collect()
        self.ram = gc.mem_alloc() - before
        if len(sys.argv) < 6 and self.count < 3000:
            gc.disable()
        held = gc.mem_alloc()
        began = ticks_us()
        if self.mode == "rx":
            client.subscribe(b"bench/topic", self.qos)
            while self.done < self.count:
                client.wait_msg()
        else:
            topic, payload = b"bench/topic", b"x" * 200
            for _ in range(self.count):
                client.publish(topic, payload, False, self.qos)
        self.took_us = ticks_diff(ticks_us(), began)
        self.bytes = gc.mem_alloc() - held
        gc.enable()


run = Run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
run.main()
print(
    json.dumps(
        {
            "imported": imported,
            "connected": run.ram,
            "bytes": run.bytes / run.count,
            "per_s": run.count * 1000000 // max(1, run.took_us),
        }
    )
)
