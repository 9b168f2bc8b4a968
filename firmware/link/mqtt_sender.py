"""What leaves over one MQTT connection: messages, acknowledgements, subscriptions."""

from micropython import const

from firmware.codec.mqtt_encoder import Encoder
from firmware.link.mqtt_outbox import LATEST, NEWEST, Outbox
from firmware.link.stream import failure

_PUBREL = const(0x60)
_HEAD = const(16)  # a packet's bytes besides topic, payload and properties
_TICKS = const(0x3FFFFFFF)


class Sender:
    """Packets of one client on their way out; survives its connections.

    `owner` has clock and note(level, text). Nothing here raises: `broken` says what went wrong.
    """

    def __init__(self, owner, options):
        self.encoder = Encoder(options.send_buffer)
        self.outbox = Outbox(options.queue, options.queue_bytes, options.window)
        self.open = False  # CONNACK has come, messages may be sent
        self.published = 0
        self.agreed = {}  # MQTT 5: properties of the broker's CONNACK
        self.owed = []  # acknowledgements that found no room
        self.asks = []  # (filter, QoS or -1 to unsubscribe) to be sent
        self.asked = {}  # packet identifier: filter
        self.asked_at = self.now = 0
        self.socket = self.broken = None
        self.spoke = False
        self._filters = {}
        self._window = options.window
        self._owner = owner

    def begin(self, socket, five):
        """A new connection: greet the broker."""
        self.socket = socket
        self.broken = None
        self.encoder.begin(five)
        self.encoder.connect(self._owner)
        self.flush()

    def resume(self, present: bool, agreed: dict, now: int):
        """Ask for topics again, and send again what was not acknowledged."""
        self.now = now
        self.owed.clear()
        self.agreed = agreed
        self.outbox.window = min(self._window, agreed.get(0x21, 65535))
        self.outbox.reconnected(present)
        for packet_id in self.outbox.releases(now):
            self.acknowledge(_PUBREL, packet_id)
        self.asks = list(self._filters.items())
        self.asked.clear()
        self.open = True

    def end(self, code: int):
        """Forget the connection; with a code >= 0 say good-bye first, if there is room."""
        if self.open and code >= 0 and self.encoder.room() >= 4:
            self.encoder.disconnect(code)
            self.flush()
        self.open = False
        self.socket = None

    def subscribe(self, topic_filter: bytes, qos: int):
        """Now and on each new connection; QoS -1 ends it."""
        if qos < 0:
            self._filters.pop(topic_filter, None)
        else:
            self._filters[topic_filter] = qos
        if self.open:
            self.asks.append((topic_filter, qos))
            self.fill()

    def publish(self, topic, payload, qos: int = 0, retain: bool = False, keep: int = LATEST):
        """Send or queue one message; False when it was refused because the queue is full.

        Topic and payload are str or bytes, of which bytes cost no memory; or the payload is
        streamed: an object with length() in bytes and chunks(), an iterator of bytes. `keep` says
        what may happen to the message while it waits: LATEST, NEWEST or ALWAYS.
        """
        qos = qos << 1 | retain
        if (
            type(topic) is bytes
            and type(payload) is bytes
            and not qos & 6
            and self.open
            and not self.outbox.waiting
            and self.encoder.put(topic, payload, qos)
        ):
            self.published += 1
            self.flush()
            return True
        self._keep = keep
        return self._later(topic, payload, qos)

    def _later(self, topic, payload, flags: int) -> bool:
        """Through the queue, which may be empty."""
        if type(topic) is not bytes:
            topic = topic.encode() if isinstance(topic, str) else bytes(topic)
        if type(payload) is not bytes and isinstance(payload, str):
            payload = payload.encode()
        if len(topic) + _HEAD > len(self.encoder.buffer):
            return False
        if type(payload) is bytes and self._now_or_never(topic, payload, flags):
            return True
        if not self.outbox.put(topic, payload, flags, self._keep):
            return False
        if self.open:
            self.fill()
        return True

    def _now_or_never(self, topic: bytes, payload: bytes, flags: int) -> bool:
        """The short way for QoS 1 and 2; False if anything stands against it."""
        outbox = self.outbox
        if not self.open or not flags & 6 or outbox.waiting or self.agreed:
            return False
        if outbox.unacknowledged >= outbox.window:
            return False
        self.encoder.packet_id = self._new_id()
        if not self.encoder.put(topic, payload, flags):
            return False
        letter = outbox.sent(topic, payload, flags, self.now)
        letter.packet_id = self.encoder.packet_id
        self.published += 1
        self.flush()
        return True

    def respond(self, topic: bytes, payload, flags: int, properties: bytes) -> bool:
        """The same for an answer with MQTT 5 properties."""
        if not self.outbox.put(topic, payload, flags, NEWEST):
            return False
        self.outbox.last().properties = properties
        if self.open:
            self.fill()
        return True

    def fill(self):
        """Put what waits into the encoder as far as there is room, and write."""
        now = self._owner.clock() & _TICKS
        if self.owed or self.asks:
            self._fill_requests(now)
        outbox = self.outbox
        while letter := outbox.next():
            if self.agreed and not self._allowed(letter):
                continue
            if letter.flags & 6 and not letter.packet_id:
                letter.packet_id = self._new_id()
            if not self._put(letter):
                break
            outbox.taken(letter, now)
            self.published += 1
        self.flush()

    def _fill_requests(self, now: int):
        encoder = self.encoder
        while self.owed and encoder.acknowledge(self.owed[0] >> 16, self.owed[0] & 0xFFFF):
            self.owed.pop(0)
        while self.asks and encoder.room() >= len(self.asks[0][0]) + _HEAD:
            topic_filter, qos = self.asks.pop(0)
            packet_id = self._new_id()
            encoder.ask(packet_id, topic_filter, qos)
            self.asked[packet_id] = topic_filter
            self.asked_at = now

    def _put(self, letter) -> bool:
        """One message into the encoder: beside others if it fits, alone if it is large."""
        encoder = self.encoder
        encoder.packet_id = letter.packet_id
        if type(letter.payload) is bytes and encoder.put(
            letter.topic, letter.payload, letter.flags
        ):
            return True
        if encoder.end:
            return False
        encoder.publish(letter)
        return True

    def _allowed(self, letter) -> bool:
        """MQTT 5: keep to what the broker has agreed to; False if it cannot take the message."""
        letter.flags = self.encoder.five.allowed_flags(letter.flags, self.agreed)
        payload = letter.payload
        length = payload.length() if hasattr(payload, "length") else len(payload)
        size = length + len(letter.topic) + len(letter.properties) + _HEAD
        if size <= self.agreed.get(0x27, size):
            return True
        self._owner.note(1, f"{size} bytes on {letter.topic[:60]} are too large for the broker")
        self.outbox.discard(letter)
        return False

    def _new_id(self) -> int:
        packet_id = self.outbox.new_id()
        while packet_id in self.asked:
            packet_id = self.outbox.new_id()
        return packet_id

    def flush(self):
        """Write what the socket takes now; a failure shows at the next step."""
        encoder = self.encoder
        if self.broken or encoder.end == encoder.start:
            return
        if encoder.start:
            self._flush_rest()
            return
        count = self._write(encoder)
        if count:
            self.spoke = True
            if count == encoder.end and not encoder.open:
                encoder.end = 0
            else:
                self._sent(count)

    def _write(self, encoder):
        try:
            return self.socket.write(encoder.buffer, encoder.end)
        except OSError:
            return self._flush_rest()  # which learns why

    def _flush_rest(self):
        encoder = self.encoder
        try:
            count = self.socket.write(encoder.buffer, encoder.start, encoder.end - encoder.start)
        except OSError as error:
            self.broken = str(failure(error))
            return
        if count:
            self.spoke = True
            self._sent(count)

    def _sent(self, count: int):
        try:
            self.encoder.sent(count)
        except StopIteration:
            self.broken = "streamed payload shorter than its length"

    def acknowledge(self, kind: int, packet_id: int):
        if not self.encoder.acknowledge(kind, packet_id):
            self.owed.append(kind << 16 | packet_id)  # until there is room
