"""Runs on MicroPython: days of a broker's moods in virtual time; prints what became of it.

Arguments: days, seed; the same seed brings the same days. The broker restarts, stalls, cuts,
refuses and floods at random; between two looks of the client up to a second passes.
"""

import gc
import json
import random
import sys

from mqtt_peer import Peer, SilentLog

from firmware.codec.broker_url import broker_url
from firmware.link import line
from firmware.link.mqtt import ALWAYS, LATEST, NEWEST, MqttClient
from firmware.link.stream import LinkError
from firmware.ticks import PERIOD, after, since

DAY_MS = 86400000
MESSAGE = b"\x32\x09\x00\x04to/x\x00\x07h"


class Moody(Peer):
    """A broker in memory that answers, or does not."""

    def __init__(self):
        self.mood = "well"
        super().__init__()

    def fresh(self):
        super().fresh()
        if self.mood == "gone":
            self.refusal = LinkError("nothing listens there", True)
        elif self.mood == "stalled":
            self.accepts = 0

    def write(self, buffer, start, count=-1):
        taken = super().write(buffer, start, count)
        if self.mood == "well":
            self.answer()
        return taken

    def answer(self):
        """Answer every packet that has come whole; ours are short or have short lengths."""
        while len(self.heard) >= 2:
            size, at = self.heard[1], 2
            if size > 127:
                if len(self.heard) < 3:
                    return
                size, at = size & 127 | self.heard[2] << 7, 3
            if len(self.heard) < at + size:
                return
            head, body = self.heard[0], self.heard[at : at + size]
            self.heard = self.heard[at + size :]
            self.reply(head, body)
        self.writes.clear()

    def reply(self, head, body):
        if head == 0x10:
            self.say(b"\x20\x02\x00\x00")
        elif head == 0x82:
            self.say(b"\x90\x03" + bytes(body[:2]) + b"\x01")
        elif head == 0xC0:
            self.say(b"\xd0\x00")
        elif head & 0xF6 == 0x32:
            topic = body[0] << 8 | body[1]
            self.say(b"\x40\x02" + bytes(body[2 + topic : 4 + topic]))


class Soak:
    """The client, its broker, and the clock."""

    def __init__(self, seed):
        random.seed(seed)
        line.urandom = lambda count: bytes(random.randint(0, 255) for _ in range(count))
        self.now = PERIOD - 60000
        self.peer = Moody()
        log = SilentLog()
        log.error = log.warning = log.info = log.note = lambda *_: None
        self.client = MqttClient(broker_url("mqtt://10.0.0.1"), "box", log)
        self.client.line.open = self.peer.open
        self.client.clock = lambda: self.now
        self.client.subscribe("to/#", 1)
        self.connected_ms = self.longest_ms = self.well_ms = self.steps = 0
        self.until = self.now
        self.lost_at = None

    def change_mood(self):
        self.peer.mood = random.choice(("well", "well", "well", "gone", "stalled", "cut", "mute"))
        self.until = after(self.now, random.randint(1000, 1800000))
        peer = self.peer
        if self.peer.mood in ("cut", "gone"):
            peer.cut = True
        if self.peer.mood == "cut":
            self.peer.mood = "well"
        if self.peer.mood == "stalled":
            peer.accepts = 0
        if self.peer.mood == "well" and not peer.accepts:
            peer.accepts = 1000000000

    def traffic(self):
        choice = random.randint(0, 9)
        if choice == 0:
            self.client.publish("state", "x" * random.randint(1, 300), 0, keep=LATEST)
        elif choice == 1:
            self.client.publish("log", "y" * 50, 1, keep=NEWEST)
        elif choice == 2:
            self.client.publish("bill", "z" * 20, 1, keep=ALWAYS)
        elif choice == 3 and self.client.connected and self.peer.mood == "well":
            self.peer.say(MESSAGE)

    def step(self):
        if since(self.until, self.now) <= 0:
            self.change_mood()
            self.well_since = self.now if self.peer.mood == "well" else None
        self.traffic()
        wait = self.client.step(self.now)
        passed = max(wait, random.randint(1, 1000) if wait else 1)
        self.now = after(self.now, passed)
        self.steps += 1
        well = self.peer.mood == "well"
        if self.client.connected or not well:
            self.lost_at = None
        elif self.lost_at is None:
            self.lost_at = self.now
        else:
            self.longest_ms = max(self.longest_ms, since(self.now, self.lost_at))
        return passed

    def settle(self):
        """A broker that is well and no new messages, so that none that waits is weighed."""
        self.peer.mood = "well"
        self.peer.accepts = 1000000000
        end = after(self.now, 100000)
        while since(end, self.now) > 0:
            self.now = after(self.now, max(1, self.client.step(self.now)))
        self.lost_at = None  # it is back, without step() having seen it


def main(days, seed):
    soak = Soak(seed)
    memory = [0] * (days * 2)
    for half in range(days * 2):
        left = DAY_MS // 2
        while left > 0:
            left -= soak.step()
        soak.settle()
        gc.collect()
        memory[half] = gc.mem_alloc()
    status = soak.client.status()
    status["longest_ms"] = soak.longest_ms
    status["grown"] = memory[-1] - memory[0]
    status["steps"] = soak.steps
    print(json.dumps(status))


main(int(sys.argv[1]), int(sys.argv[2]))
