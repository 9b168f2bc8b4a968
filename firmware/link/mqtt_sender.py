"""What leaves over one MQTT connection: messages, acknowledgements, subscriptions."""

from micropython import const

from firmware.codec.mqtt_encoder import Encoder
from firmware.link.mqtt_outbox import LATEST, NEWEST, Outbox
from firmware.link.stream import failure
from firmware.store.once import forget

_PUBREL = const(0x60)
_HEAD = const(16)  # a packet's bytes besides topic, payload and properties
_FIRST_REQUEST = const(65280)  # packet identifiers of SUBSCRIBE and UNSUBSCRIBE
_REQUESTS = const(256)
_TICKS = const(0x3FFFFFFF)


class Sender:
    """Packets of one client on their way out; survives its connections.

    `owner` has clock and note(level, text). Nothing here raises: `broken` says what went wrong.
    """

    def __init__(self, owner, options):
        self.encoder = Encoder(options.send_buffer)
        self.outbox = Outbox(options.queue, options.queue_bytes, options.window)
        self.open = False  # CONNACK has come, messages may be sent
        self.direct = False  # 3.1.1, and all requests have left
        self.corked = False  # somebody is going to flush soon
        self.published = 0
        self.agreed = {}  # MQTT 5: properties of the broker's CONNACK
        self.owed = []  # acknowledgements that found no room
        # (topic, payload) that no broker will acknowledge: in the encoder, and not to be sent
        self.left, self.unwanted = [], []
        self.asks = []  # (filter, QoS or -1 to unsubscribe) to be sent
        self.asked = {}  # packet identifier: filter
        self.asked_at = self._requested = 0
        self.socket = self.broken = None
        self.spoke = False
        self._filters = {}
        self._window = options.window
        self._owner = owner

    def begin(self, socket, five):
        """A new connection: greet the broker."""
        self.socket = socket
        self.broken = None
        self.corked = False
        from firmware.codec import mqtt_greeting

        self.encoder.begin(five)
        mqtt_greeting.connect(self.encoder, self._owner)
        forget("mqtt_greeting", "firmware.codec")
        self.flush()

    def resume(self, present: bool, agreed: dict, now: int):
        """Ask for topics again, and send again what was not acknowledged."""
        self.outbox.now = now
        self.owed.clear()
        self.agreed = agreed
        if agreed.get(0x24) == 0:
            self._owner.note(1, "takes QoS 0 only: a message counts as delivered when it has left")
        self.outbox.window = min(self._window, agreed.get(0x21, 65535))
        self.outbox.reconnected(present)
        for packet_id in self.outbox.releases():
            self.acknowledge(_PUBREL, packet_id)
        self.asks = list(self._filters.items())
        self.asked.clear()
        self.open = True
        self._choose()

    def end(self, code: int):
        """Forget the connection; with a code >= 0 say good-bye first, if there is room."""
        if self.open and code >= 0 and self.encoder.room() >= 4:
            self.encoder.disconnect(code)
            self.flush()
        self.open = self.direct = False
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
            self.direct
            and type(topic) is bytes
            and type(payload) is bytes
            and not self.outbox.waiting
        ):
            self.encoder.packet_id = self.outbox.track(topic, payload, qos) if qos & 6 else 0
            if self.encoder.packet_id >= 0 and (
                self.encoder.put(topic, payload, qos)
                or (self.corked and self._emptied() and self.encoder.put(topic, payload, qos))
            ):
                self.published += 1
                if not self.corked:
                    self.flush()
                return True
            self.outbox.untrack(self.encoder.packet_id)
        self._keep = keep
        return self._later(topic, payload, qos)

    def _later(self, topic, payload, flags: int):
        """Make bytes of it, or let it go through the queue."""
        if isinstance(payload, str):
            payload = payload.encode()
        elif type(topic) is not bytes:
            topic = topic.encode() if isinstance(topic, str) else bytes(topic)
        else:
            return self._queue(topic, payload, flags)
        return self.publish(topic, payload, flags >> 1, flags & 1, self._keep)

    def _emptied(self) -> bool:
        """Write what others were to write soon; True if that has made all the room there is."""
        if not self.encoder.end:
            return False
        self.flush()
        return not self.encoder.end

    def _queue(self, topic: bytes, payload, flags: int) -> bool:
        if len(topic) + _HEAD > len(self.encoder.buffer):
            return False
        if not self.outbox.put(topic, payload, flags, self._keep):
            return False
        if self.open:
            self.fill()
        return True

    def respond(self, topic: bytes, payload, flags: int, properties: bytes) -> bool:
        """The same for an answer with MQTT 5 properties."""
        if not self.outbox.put(topic, payload, flags, NEWEST):
            return False
        self.outbox.waiting[-1].properties = properties
        if self.open:
            self.fill()
        return True

    def fill(self):
        """Put what waits into the encoder as far as there is room, and write."""
        outbox = self.outbox
        outbox.now = self._owner.clock() & _TICKS
        if self.owed or self.asks:
            self._fill_requests()
        while (letter := outbox.next()) is not None:
            if self.agreed and not self._allowed(letter):
                continue
            if letter.flags & 6 and not letter.packet_id:
                letter.packet_id = outbox.new_id()
            if not self._put(letter):
                break
            if letter.lowered:
                self.left.append((letter.topic, letter.payload))
            outbox.taken(letter)
            self.published += 1
        if not self.corked:
            self.flush()

    def _fill_requests(self):
        encoder = self.encoder
        while self.owed and encoder.acknowledge(self.owed[0] >> 16, self.owed[0] & 0xFFFF):
            self.owed.pop(0)
        while self.asks and len(self.asked) < _REQUESTS:
            topic_filter, qos = self.asks[0]
            if encoder.room() < len(topic_filter) + _HEAD:
                break
            self.asks.pop(0)
            packet_id = self._request_id()
            encoder.ask(packet_id, topic_filter, qos)
            self.asked[packet_id] = topic_filter
            self.asked_at = self.outbox.now
        self._choose()

    def _choose(self):
        self.direct = not (self.encoder.five or self.asks)

    def _request_id(self) -> int:
        """A packet identifier above those of messages, so that the two never meet."""
        while True:
            self._requested = (self._requested + 1) % _REQUESTS
            packet_id = _FIRST_REQUEST + self._requested
            if packet_id not in self.asked:
                return packet_id

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
        flags = self.encoder.five.allowed_flags(letter.flags, self.agreed)
        if letter.flags & 6 and not flags & 6:
            letter.lowered = True
        letter.flags = flags
        payload = letter.payload
        length = payload.length() if hasattr(payload, "length") else len(payload)
        size = length + len(letter.topic) + len(letter.properties) + _HEAD
        if size <= self.agreed.get(0x27, size):
            return True
        self._owner.note(1, f"{size} bytes on {letter.topic[:60]} are too large for the broker")
        if letter.flags & 6 or letter.lowered:
            self.unwanted.append((letter.topic, payload))
        self.outbox.discard(letter)
        return False

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
