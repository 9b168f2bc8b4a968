"""On MicroPython: a broker in memory, for days of traffic in virtual time without a socket."""


class Broker:
    """What the firmware's MQTT client takes for a TCP stream and its socket; 3.1.1, QoS 0 and 1.

    `counts` tells how many messages came on each topic; what is in them is not kept, so that
    the broker takes no memory of the heap whose use is watched.
    """

    def __init__(self):
        self.socket = self
        self.counts = {}
        self._heard = bytearray()
        self._skip = 0
        self._said = []

    def open(self, address, port):
        """A new connection."""
        self._heard = bytearray()
        self._skip = 0
        self._said = []
        return self

    def ready(self) -> bool:
        return True

    def close(self):
        """The client hangs up."""

    def readinto(self, buffer):
        if not self._said:
            return None
        data = self._said.pop(0)
        buffer[: len(data)] = data
        return len(data)

    def write(self, buffer, start, count=-1):
        if count < 0:
            start, count = 0, start
        end = start + count
        while start < end:
            skipped = min(self._skip, end - start)
            self._skip -= skipped
            start += skipped
            if start < end:
                self._heard.append(buffer[start])
                start += 1
                self._answer()
        return count

    def publish(self, topic: str, text: str):
        """Send a message with QoS 0."""
        body = len(topic).to_bytes(2, "big") + topic.encode() + text.encode()
        size = len(body)
        length = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
        self._said.append(b"\x30" + length + body)

    def _answer(self):
        """Look at what has come of a packet; answer it, or skip what is not needed of it."""
        heard = self._heard
        size, at = 0, 1
        while True:
            if at >= len(heard):
                return
            size |= (heard[at] & 127) << 7 * (at - 1)
            at += 1
            if heard[at - 1] < 128:
                break
        body = bytes(heard[at:])
        if len(body) < _needed(heard[0], body):
            return
        self._reply(heard[0], body)
        self._skip = size - len(body)
        self._heard = bytearray()

    def _reply(self, head: int, body: bytes):
        if head == 0x10:
            self._said.append(b"\x20\x02\x00\x00")
        elif head == 0x82:
            self._said.append(b"\x90\x03" + body[:2] + b"\x01")
        elif head == 0xC0:
            self._said.append(b"\xd0\x00")
        elif head & 0xF0 == 0x30:
            end = 2 + (body[0] << 8 | body[1])
            topic = str(body[2:end], "utf-8")
            self.counts[topic] = self.counts.get(topic, 0) + 1
            if head & 6:
                self._said.append(b"\x40\x02" + body[end : end + 2])


def _needed(head: int, body) -> int:
    """As many bytes of a packet's body it takes to answer it, as far as is known yet."""
    if head == 0x82:
        return 2
    if head & 0xF0 != 0x30:
        return 0
    return 2 if len(body) < 2 else 2 + (body[0] << 8 | body[1]) + (2 if head & 6 else 0)
