"""What arrives over one MQTT connection, and whether it is still alive."""

from micropython import const

from firmware.codec.mqtt import Decoder, PacketError
from firmware.link.mqtt_sender import Sender
from firmware.link.stream import LinkError, failure
from firmware.ticks import after, since

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
_PACKETS = const(8)  # per step
_STEP_MS = const(5)  # no further message after that
_INCOMPLETE = const(64)  # QoS 2 messages that await their release
_TICKS = const(0x3FFFFFFF)


class Traffic:
    """Packets of one client; survives its connections, each of which starts with begin().

    `owner` has on_message, on_delivered, on_refused, on_skipped, clock, keepalive_s and
    note(level, text). Raises LinkError and PacketError, after which the connection is to be ended.
    """

    def __init__(self, owner, sender: Sender, options):
        self.decoder = Decoder(options.receive_limit)
        self.greeting = False  # CONNECT is on its way
        self.received = self.skipped = 0
        self._owner = owner
        self._sender = sender
        self._encoder = sender.encoder
        self._owed = sender.owed
        self._incomplete = []
        self._heard = self._pinged = False

    def begin(self, socket, five):
        """A new connection: greet the broker."""
        self._socket = socket
        self.greeting = True
        self.decoder.begin(five)
        self._sender.begin(socket, five)

    def resume(self, now: int):
        """CONNACK has come."""
        decoder = self.decoder
        if not decoder.session_present:
            self._incomplete.clear()
        self._sender.resume(decoder.session_present, decoder.properties or {}, now)
        self._pinged = False
        self._heard_at = self._spoke_at = self._stuck_at = self._check_at = now

    def end(self, code: int):
        """Forget the connection; with a code >= 0 say good-bye first, if there is room."""
        self._sender.end(code)
        self.greeting = False
        self._sender.unwanted.extend(self._sender.left)
        self._sender.left.clear()
        self._tell()

    def step(self, now: int) -> bool:
        """Receive and send what can be; True if there is more to do at once."""
        sender = self._sender
        sender.outbox.now = now
        sender.corked = True  # what the receivers publish leaves with all the rest
        busy = self._receive(now)
        sender.corked = False
        if sender.outbox.waiting or sender.asks or sender.owed:
            sender.fill()
        if sender.encoder.end:
            sender.flush()
        if sender.broken:
            raise LinkError(sender.broken)
        if sender.spoke:
            sender.spoke = False
            busy = busy or sender.encoder.open  # a long payload goes on at once
            self._spoke_at = self._stuck_at = now
        elif not sender.encoder.end:
            self._stuck_at = now
        if self._heard:
            self._heard = False
            self._heard_at = now
        elif since(now, self._check_at) >= 0:
            self._check(now)
        return busy

    def welcome(self, now: int):
        """Take the first packet when it is there."""
        kind = self.decoder.next()
        if not kind and self._read(self.decoder):
            kind = self.decoder.next()
        if kind:
            self._owner.greeted(kind, now)

    def _receive(self, now: int) -> bool:
        """Take what has arrived, a few packets at most; True if anything came."""
        decoder = self.decoder
        busy = False
        left = _PACKETS
        # without room for an acknowledgement TCP holds the rest
        while left and not self._owed and self._sender.open:
            left -= 1
            kind = decoder.next()
            if not kind:
                if not self._read(decoder):
                    break
                busy = True
                kind = decoder.next()
            if kind == _PUBACK:
                busy = self._heard = True
                self._delivered(decoder.packet_id)
            elif kind == _PUBLISH:
                busy = self._heard = True
                if self._message(decoder, now):
                    break
            elif kind:
                busy = self._heard = True
                self._answer(kind)
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
        if decoder.qos == 2:
            self._message_once(decoder)
        else:
            self._owner.on_message(decoder.topic, decoder.payload, decoder)
            if decoder.qos and not self._encoder.acknowledge(_PUBACK, decoder.packet_id):
                self._owed.append(_PUBACK << 16 | decoder.packet_id)
        return (self._owner.clock() - now) & _TICKS > _STEP_MS

    def _message_once(self, decoder):
        """QoS 2: known until its release."""
        packet_id = decoder.packet_id
        if packet_id not in self._incomplete:
            if len(self._incomplete) >= _INCOMPLETE:
                raise PacketError("number of unreleased messages", 0x93)
            self._incomplete.append(packet_id)
            self._owner.on_message(decoder.topic, decoder.payload, decoder)
        self._sender.acknowledge(_PUBREC, packet_id)

    def _answer(self, kind: int):
        """What comes seldom."""
        if _PUBREC <= kind <= _PUBCOMP:
            self._acknowledged(kind, self.decoder.packet_id)
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
        refused = self._sender.asked.pop(decoder.packet_id, None)
        if refused and decoder.code & 0x80:
            self._owner.note(0, f"no right to subscribe to {refused.decode()}")

    def _acknowledged(self, kind: int, packet_id: int):
        """The three packets that accompany messages of QoS 2."""
        if kind == _PUBREL:
            if packet_id in self._incomplete:
                self._incomplete.remove(packet_id)
            self._sender.acknowledge(_PUBCOMP, packet_id)
        elif kind == _PUBREC and not self.decoder.code & 0x80:
            self._sender.outbox.received(packet_id)
            self._sender.acknowledge(_PUBREL, packet_id)
        else:
            self._delivered(packet_id)

    def _delivered(self, packet_id: int):
        outbox = self._sender.outbox
        if outbox.sent and outbox.sent[0].packet_id == packet_id:
            letter = outbox.sent.pop(0)  # as nearly always
        else:
            letter = outbox.acknowledged(packet_id)
            if letter is None:
                return
        payload = letter.payload
        letter.payload = None
        outbox.spare.append(letter)
        # Only 5 has a code here; without, the field is the one of some packet before.
        if self.decoder.five and self.decoder.code & 0x80:
            self._refused(letter.topic, payload)
        else:
            self._owner.on_delivered(letter.topic, payload)

    def _tell(self):
        """Say what became of messages that no broker will acknowledge."""
        sender = self._sender
        while sender.left and not sender.encoder.end:
            self._owner.on_delivered(*sender.left.pop(0))
        while sender.unwanted:
            self._owner.on_refused(*sender.unwanted.pop(0))

    def _refused(self, topic: bytes, payload):
        self._owner.note(1, f"a message on {topic.decode()} was refused by the broker")
        self._owner.on_refused(topic, payload)

    def _skip(self, decoder):
        self.skipped += 1
        # What follows a = may be a secret.
        name = bytes(decoder.topic[:60]).split(b"=")[0]
        self._owner.note(1, f"{decoder.length} bytes skipped on {name}")
        self._owner.on_skipped(decoder.topic, decoder.length)
        if decoder.qos:
            self._sender.acknowledge(_PUBACK if decoder.qos == 1 else _PUBREC, decoder.packet_id)

    def _check(self, now: int):
        """Notice a broker that is mute, does not read, or owes an answer."""
        self._check_at = after(now, _CHECK_MS)
        self._tell()
        keepalive_s = self._owner.keepalive_s
        quiet_ms = max(since(now, self._heard_at), since(now, self._spoke_at))
        if self._pinged:
            if since(now, self._pinged_at) > _ANSWER_MS:
                raise LinkError("no answer to a ping")
        elif keepalive_s and quiet_ms >= keepalive_s * 500 and self._encoder.room() >= 2:
            self._encoder.ping()
            self._pinged = True
            self._pinged_at = now
            self._sender.flush()
        if since(now, self._stuck_at) > _STALL_MS:
            raise LinkError("the broker reads nothing")
        if self._sender.outbox.overdue(_ACKNOWLEDGE_MS) or (
            self._sender.asked and since(now, self._sender.asked_at) > _ACKNOWLEDGE_MS
        ):
            raise LinkError("no acknowledgement")
