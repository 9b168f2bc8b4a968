"""What goes over one MQTT connection: messages, acknowledgements, subscriptions, pings."""

from micropython import const

from firmware.codec.mqtt import Decoder, PacketError
from firmware.codec.mqtt_encoder import Encoder
from firmware.link.mqtt_outbox import Outbox
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
        self._heard_at = self._spoke_at = self._check_at = now
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

    def send(self, topic: bytes, payload, flags: int, keep: int, properties: bytes = b"") -> bool:
        """At once if possible, else later; False if it was refused."""
        if self.open and not flags & 6 and not self.outbox.waiting and type(payload) is bytes:
            if self.encoder.put(topic, payload, flags, 0):
                self.published += 1
                self.flush()
                return True
        if len(topic) + _HEAD > len(self.encoder.buffer):
            return False
        if not self.outbox.put(topic, payload, flags, keep, properties):
            return False
        if self.open:
            self.fill()
        return True

    def step(self, now: int) -> bool:
        """Receive and send what can be; True if anything came."""
        busy = self.receive(now)
        if self.outbox.waiting or self._asks or self._owed:
            self.fill()
        if self.encoder.end:
            self.flush()
        if self._broken:
            raise LinkError(self._broken)
        if self._spoke:
            self._spoke = False
            self._spoke_at = now
        if self._heard:
            self._heard = False
            self._heard_at = now
        elif since(now, self._check_at) >= 0:
            self._check(now)
        return busy

    def receive(self, now: int) -> bool:
        """Take what has arrived, a few packets at most; True if anything came."""
        decoder = self.decoder
        clock = self._owner.clock
        busy = False
        for _ in range(_MESSAGES):
            # without room for an acknowledgement TCP holds the rest
            if self.encoder.open or self.encoder.end > self._full or self._owed:
                return busy
            kind = decoder.next()
            if not kind:
                if not self._read(decoder):
                    return busy
                busy = True
                kind = decoder.next()
                if not kind:
                    continue
            busy = True
            self._heard = True
            if kind == _PUBLISH and self.open:
                self._message(decoder)
                if (clock() - now) & _TICKS > _STEP_MS or not self._socket:
                    return True
            elif not self.open:
                self._owner.greeted(kind, now)
            else:
                self._answer(kind, now)
        return busy

    def _read(self, decoder) -> bool:
        try:
            count = self._socket.readinto(decoder.target())
        except OSError as error:
            raise failure(error)
        if count is None:
            return False
        if not count:
            raise LinkError("closed by the broker")
        decoder.filled(count)
        return True

    def _message(self, decoder):
        self.received += 1
        qos = decoder.qos
        if qos == 2:
            self._message_once(decoder)
            return
        packet_id = decoder.packet_id
        self._owner.on_message(decoder.topic, decoder.payload, decoder)
        if qos:
            self._acknowledge(_PUBACK, packet_id)

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
        if self.encoder.room() < 4:  # the receiver has published: owed until there is room
            self._owed.append(kind << 16 | packet_id)
        else:
            self.encoder.acknowledge(kind, packet_id)

    def _answer(self, kind: int, now: int):
        decoder = self.decoder
        packet_id = decoder.packet_id
        if kind == _PUBACK or kind == _PUBCOMP or (kind == _PUBREC and decoder.code & 0x80):
            letter = self.outbox.acknowledged(packet_id)
            if letter:
                self._owner.on_delivered(letter.topic, letter.payload)
        elif kind == _PUBREC:
            self.outbox.received(packet_id, now)
            self._acknowledge(_PUBREL, packet_id)
        elif kind == _PUBREL:
            if packet_id in self._incomplete:
                self._incomplete.remove(packet_id)
            self._acknowledge(_PUBCOMP, packet_id)
        elif kind == _PINGRESP:
            self._pinged = False
        elif kind == _SKIPPED:
            self._skip(decoder)
        elif kind >= _SUBACK and kind < _PINGRESP:
            refused = self._asked.pop(packet_id, None)
            if refused and decoder.code & 0x80:
                self._owner.note(0, f"no right to subscribe to {refused.decode()}")
        else:
            self._unasked(kind, decoder)

    def _unasked(self, kind: int, decoder):
        if kind == _DISCONNECT:
            raise LinkError("ended by the broker: " + decoder.five.reason(decoder.code))
        raise PacketError("order of packets", 0x82)

    def _skip(self, decoder):
        self.skipped += 1
        self._owner.note(1, f"{decoder.length} bytes skipped on {decoder.topic[:60]}")
        if decoder.qos:
            self._acknowledge(_PUBACK if decoder.qos == 1 else _PUBREC, decoder.packet_id)

    def fill(self):
        """Put what waits into the encoder as far as there is room, and write."""
        encoder = self.encoder
        now = self._owner.clock() & _TICKS
        while self._owed and encoder.room() >= 4:
            owed = self._owed.pop(0)
            encoder.acknowledge(owed >> 16, owed & 0xFFFF)
        while self._asks and encoder.room() >= len(self._asks[0][0]) + _HEAD:
            topic_filter, qos = self._asks.pop(0)
            packet_id = self._new_id()
            encoder.ask(packet_id, topic_filter, qos)
            self._asked[packet_id] = topic_filter
            self._asked_at = now
        outbox = self.outbox
        while letter := outbox.next():
            if self.agreed and not self._allowed(letter):
                continue
            packet_id = letter.packet_id
            if letter.flags & 6 and not packet_id:
                packet_id = letter.packet_id = self._new_id()
            payload = letter.payload
            if type(payload) is not bytes or not encoder.put(
                letter.topic, payload, letter.flags, packet_id
            ):
                if encoder.end:
                    break
                encoder.publish(letter.topic, payload, letter.flags, packet_id, letter.properties)
            outbox.taken(letter, now)
            self.published += 1
        self.flush()

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
        start = encoder.start
        end = encoder.end
        if self._broken or end == start:
            return
        try:
            count = self._socket.write(encoder.buffer, start, end - start)
            if count:
                self._spoke = True
                encoder.sent(count)
        except OSError as error:
            self._broken = str(failure(error))
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
        if self.encoder.end and since(now, self._spoke_at) > _STALL_MS:
            raise LinkError("the broker reads nothing")
        if self.outbox.overdue(now, _ACKNOWLEDGE_MS) or (
            self._asked and since(now, self._asked_at) > _ACKNOWLEDGE_MS
        ):
            raise LinkError("no acknowledgement")
