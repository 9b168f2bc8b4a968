"""What goes over one MQTT connection: messages, acknowledgements, subscriptions, pings."""

from micropython import const

from firmware.codec.mqtt import Decoder, PacketError
from firmware.codec.mqtt_encoder import Encoder
from firmware.link.mqtt_outbox import LATEST, NEWEST, Outbox
from firmware.link.stream import LinkError, failure
from firmware.ticks import after, since

_CONNACK = const(0x20)
_PUBLISH = const(0x30)
_SKIPPED = const(0x31)
_PUBACK = const(0x40)
_PUBREC = const(0x50)
_PUBREL = const(0x60)
_PUBCOMP = const(0x70)
_SUBACK = const(0x90)
_PINGRESP = const(0xD0)
_DISCONNECT = const(0xE0)

_ANSWER_MS = const(10000)  # for PINGRESP
_ACKNOWLEDGE_MS = const(20000)  # for PUBACK, PUBREC, PUBCOMP, SUBACK
_STALL_MS = const(20000)  # for a peer that reads nothing
_CHECK_MS = const(250)
_MESSAGES = const(4)  # per step
_STEP_MS = const(5)  # no further message after that
_INCOMPLETE = const(64)  # QoS 2 messages that await their release
_HEAD = const(16)  # a packet's bytes besides topic, payload and properties
_TICKS = const(0x3FFFFFFF)


class Traffic:
    """Packets of one client; survives its connections, each of which starts with begin().

    `owner` has on_message, on_delivered, clock, keepalive_s and note(level, text). Raises
    LinkError and PacketError, after which the connection is to be ended.
    """

    def __init__(self, owner, options):
        self.decoder = Decoder(options.receive_limit)
        self.encoder = Encoder(options.send_buffer)
        self.outbox = Outbox(options.queue, options.queue_bytes, options.window)
        self.filters = {}
        self.greeting = False  # CONNECT is on its way
        self.open = False  # CONNACK has come, messages may be sent
        self.received = self.published = self.skipped = 0
        self.agreed = {}  # MQTT 5: properties of the broker's CONNACK
        self._owner = owner
        self._full = options.send_buffer - 4 * _MESSAGES
        self._window = options.window
        self._asks = []  # (filter, QoS or -1 to unsubscribe) to be sent
        self._asked = {}  # packet identifier: filter
        self._owed = []  # acknowledgements that found no room
        self._incomplete = []
        self._socket = self._broken = None
        self._spoke = self._heard = self._pinged = False

    def begin(self, socket, five):
        """A new connection: greet the broker."""
        self._socket = socket
        self._broken = None
        self.greeting = True
        self.decoder.begin(five)
        self.encoder.begin(five)
        self.encoder.connect(self._owner)
        self.flush()

    def resume(self, now: int):
        """CONNACK has come: ask for topics again, send again what was not acknowledged."""
        present = self.decoder.session_present
        if not present:
            self._incomplete.clear()
        self._owed.clear()
        self.agreed = self.decoder.properties or {}
        self.outbox.window = min(self._window, self.agreed.get(0x21, 65535))
        self.outbox.reconnected(present)
        for packet_id in self.outbox.releases(now):
            self._acknowledge(_PUBREL, packet_id)
        self._asks = list(self.filters.items())
        self._asked.clear()
        self._pinged = False
        self._heard_at = self._spoke_at = self._stuck_at = self._check_at = now
        self._now = now
        self.open = True

    def end(self, code: int = -1):
        """Forget the connection; with a code >= 0 say good-bye first, if there is room."""
        if self.open and code >= 0 and self.encoder.room() >= 4:
            self.encoder.disconnect(code)
            self.flush()
        self.open = self.greeting = False
        self._socket = None

    def subscribe(self, topic_filter: bytes, qos: int):
        """Now and on each new connection; QoS -1 ends it."""
        if qos < 0:
            self.filters.pop(topic_filter, None)
        else:
            self.filters[topic_filter] = qos
        if self.open:
            self._asks.append((topic_filter, qos))
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
        letter = outbox.sent(topic, payload, flags, self._now)
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

    def step(self, now: int) -> bool:
        """Receive and send what can be; True if anything came."""
        self._now = now
        busy = self.receive(now)
        if self.outbox.waiting or self._asks or self._owed:
            self.fill()
        if self.encoder.end:
            self.flush()
        if self._broken:
            raise LinkError(self._broken)
        if self._spoke:
            self._spoke = False
            self._spoke_at = self._stuck_at = now
        elif not self.encoder.end:
            self._stuck_at = now
        if self._heard:
            self._heard = False
            self._heard_at = now
        elif since(now, self._check_at) >= 0:
            self._check(now)
        return busy

    def receive(self, now: int) -> bool:
        """Take what has arrived, a few packets at most; True if anything came."""
        decoder = self.decoder
        busy = False
        for _ in range(_MESSAGES):
            # without room for an acknowledgement TCP holds the rest
            if self.encoder.end > self._full or self.encoder.open or self._owed:
                break
            kind = decoder.next()
            if not kind:
                if not self._read(decoder):
                    break
                busy = True
                kind = decoder.next()
            if kind:
                busy = self._heard = True
                if kind != _PUBLISH or not self.open:
                    self._answer(kind, now)
                elif self._message(decoder, now):
                    break
        return busy

    def _read(self, decoder) -> bool:
        count = self._fetch(decoder)
        if count:
            decoder.filled(count)
            return True
        if count is None:
            return False
        raise LinkError("closed by the broker")

    def _fetch(self, decoder):
        try:
            return self._socket.readinto(decoder.target())
        except OSError:
            return self._cut(decoder)

    def _cut(self, decoder):
        """Try once more, to learn why: keeping the exception costs the quick way a heap block."""
        try:
            self._socket.readinto(decoder.target())
        except OSError as error:
            raise failure(error)
        raise LinkError("cut off")

    def _message(self, decoder, now: int) -> bool:
        """Hand over a message and acknowledge it; True when it is time to let others run."""
        self.received += 1
        qos = decoder.qos
        if qos == 2:
            self._message_once(decoder)
        else:
            packet_id = decoder.packet_id
            self._owner.on_message(decoder.topic, decoder.payload, decoder)
            if qos and not self.encoder.acknowledge(_PUBACK, packet_id):
                self._owed.append(_PUBACK << 16 | packet_id)
        return (self._owner.clock() - now) & _TICKS > _STEP_MS or not self.open

    def _message_once(self, decoder):
        """QoS 2: known until its release."""
        packet_id = decoder.packet_id
        if packet_id not in self._incomplete:
            if len(self._incomplete) >= _INCOMPLETE:
                raise PacketError("number of unreleased messages", 0x93)
            self._incomplete.append(packet_id)
            self._owner.on_message(decoder.topic, decoder.payload, decoder)
        self._acknowledge(_PUBREC, packet_id)

    def _acknowledge(self, kind: int, packet_id: int):
        if not self.encoder.acknowledge(kind, packet_id):
            self._owed.append(kind << 16 | packet_id)  # until there is room

    def _answer(self, kind: int, now: int):
        """Any packet but a message."""
        if not self.open:
            self._owner.greeted(kind, now)
        elif kind == _PUBACK:
            self._delivered(self.decoder.packet_id)
        elif _PUBREC <= kind <= _PUBCOMP:
            self._acknowledged(kind, self.decoder.packet_id, now)
        elif kind == _PINGRESP:
            self._pinged = False
        elif kind == _SKIPPED:
            self._skip(self.decoder)
        elif _SUBACK <= kind < _PINGRESP:
            self._granted(self.decoder)
        elif kind == _DISCONNECT:
            raise LinkError("ended by the broker: " + self.decoder.five.reason(self.decoder.code))
        else:
            raise PacketError("order of packets", 0x82)

    def _granted(self, decoder):
        refused = self._asked.pop(decoder.packet_id, None)
        if refused and decoder.code & 0x80:
            self._owner.note(0, f"no right to subscribe to {refused.decode()}")

    def _acknowledged(self, kind: int, packet_id: int, now: int):
        """The four packets that accompany messages of QoS 1 and 2."""
        if kind == _PUBREL:
            if packet_id in self._incomplete:
                self._incomplete.remove(packet_id)
            self._acknowledge(_PUBCOMP, packet_id)
        elif kind == _PUBREC and not self.decoder.code & 0x80:
            self.outbox.received(packet_id, now)
            self._acknowledge(_PUBREL, packet_id)
        else:
            self._delivered(packet_id)

    def _delivered(self, packet_id: int):
        letter = self.outbox.acknowledged(packet_id)
        if letter:
            self._owner.on_delivered(letter.topic, letter.payload)

    def _skip(self, decoder):
        self.skipped += 1
        self._owner.note(1, f"{decoder.length} bytes skipped on {decoder.topic[:60]}")
        if decoder.qos:
            self._acknowledge(_PUBACK if decoder.qos == 1 else _PUBREC, decoder.packet_id)

    def fill(self):
        """Put what waits into the encoder as far as there is room, and write."""
        now = self._owner.clock() & _TICKS
        if self._owed or self._asks:
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
        while self._owed and encoder.acknowledge(self._owed[0] >> 16, self._owed[0] & 0xFFFF):
            self._owed.pop(0)
        while self._asks and encoder.room() >= len(self._asks[0][0]) + _HEAD:
            topic_filter, qos = self._asks.pop(0)
            packet_id = self._new_id()
            encoder.ask(packet_id, topic_filter, qos)
            self._asked[packet_id] = topic_filter
            self._asked_at = now

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
        while packet_id in self._asked:
            packet_id = self.outbox.new_id()
        return packet_id

    def flush(self):
        """Write what the socket takes now; a failure shows at the next step."""
        encoder = self.encoder
        if self._broken or encoder.end == encoder.start:
            return
        if encoder.start:
            self._flush_rest()
            return
        count = self._write(encoder)
        if count:
            self._spoke = True
            if count == encoder.end and not encoder.open:
                encoder.end = 0
            else:
                self._sent(count)

    def _write(self, encoder):
        try:
            return self._socket.write(encoder.buffer, encoder.end)
        except OSError:
            return self._flush_rest()  # which learns why

    def _flush_rest(self):
        encoder = self.encoder
        try:
            count = self._socket.write(encoder.buffer, encoder.start, encoder.end - encoder.start)
        except OSError as error:
            self._broken = str(failure(error))
            return
        if count:
            self._spoke = True
            self._sent(count)

    def _sent(self, count: int):
        try:
            self.encoder.sent(count)
        except StopIteration:
            self._broken = "streamed payload shorter than its length"

    def _check(self, now: int):
        """Notice a broker that is mute, does not read, or owes an answer."""
        self._check_at = after(now, _CHECK_MS)
        keepalive_s = self._owner.keepalive_s
        quiet_ms = max(since(now, self._heard_at), since(now, self._spoke_at))
        if self._pinged:
            if since(now, self._pinged_at) > _ANSWER_MS:
                raise LinkError("no answer to a ping")
        elif keepalive_s and quiet_ms >= keepalive_s * 500 and self.encoder.room() >= 2:
            self.encoder.ping()
            self._pinged = True
            self._pinged_at = now
            self.flush()
        if since(now, self._stuck_at) > _STALL_MS:
            raise LinkError("the broker reads nothing")
        if self.outbox.overdue(now, _ACKNOWLEDGE_MS) or (
            self._asked and since(now, self._asked_at) > _ACKNOWLEDGE_MS
        ):
            raise LinkError("no acknowledgement")
