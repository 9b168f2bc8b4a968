"""Runs on MicroPython: what one connection costs in memory. Arguments: URL, path of the CA or -.

Prints heap bytes (gc) and kilobytes of the whole process (mbedTLS takes its memory from C).
"""

import gc
import sys
from time import sleep_ms, ticks_ms

from firmware.codec.broker_url import parse
from firmware.link.mqtt import MqttClient, Options


class Quiet:
    def note(self, level, topic, text):
        pass


def process_kb() -> int:
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith("RssAnon"):
                return int(line.split()[1])
    return 0


def main():
    url, ca = sys.argv[1:]
    options = Options()
    if ca != "-":
        from firmware.link.tls import Trust

        options.trust = Trust(ca)
    client = MqttClient(parse(url), "bench", Quiet(), None, options)
    gc.collect()
    heap, process = gc.mem_alloc(), process_kb()
    peak = process
    while not client.connected:
        client.step(ticks_ms() & 0x3FFFFFFF)
        peak = max(peak, process_kb())
        sleep_ms(1)
    gc.collect()
    print(gc.mem_alloc() - heap, process_kb() - process, peak - process)


main()
