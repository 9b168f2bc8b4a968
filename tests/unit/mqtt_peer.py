"""A broker's end of a connection in memory, with levers for the tests to pull."""


class Peer:
    """Looks like TcpStream and its socket at once; what the client writes piles up in `heard`."""

    def __init__(self):
        self.attempts = 0
        self.address = None
        self.fresh()

    def fresh(self):
        self.incoming = bytearray()
        self.heard = bytearray()
        self.writes = []
        self.is_ready = True
        self.accepts = 1000000  # bytes that a write may still take
        self.portion = 1000000  # bytes that one read gives at most
        self.closed = False
        self.cut = False
        self.refusal = None
        self.socket = self

    def open(self, address, port):
        """What the client calls for a new connection."""
        self.fresh()
        self.prepare(self)
        self.attempts += 1
        self.address = (address, port)
        return self

    def prepare(self, peer):
        """Replace by a function that sets levers for the next connection."""

    def ready(self):
        if self.refusal:
            raise self.refusal
        return self.is_ready

    def close(self):
        self.closed = True

    def readinto(self, buffer):
        count = min(len(buffer), len(self.incoming), self.portion)
        if count == 0:
            return 0 if self.cut else None
        for index in range(count):
            buffer[index] = self.incoming[index]
        self.incoming = self.incoming[count:]
        return count

    def write(self, buffer, start, count=-1):
        if count < 0:
            start, count = 0, start
        count = min(count, self.accepts)
        if count == 0:
            return None
        self.accepts -= count
        self.writes.append(bytes(buffer[start : start + count]))
        self.heard.extend(self.writes[-1])
        return count

    def say(self, data):
        self.incoming.extend(data)

    def take(self):
        """The bytes written since the last call."""
        heard = bytes(self.heard)
        self.heard = bytearray()
        return heard


class SilentLog:
    """Keeps texts instead of printing them."""

    def __init__(self):
        self.texts = []

    def note(self, level, topic, text):
        self.texts.append(text)

    def error(self, topic, text):
        self.texts.append(text)

    warning = info = debug = error
