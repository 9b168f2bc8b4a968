"""An MQTT client that always comes back and never holds the loop."""

from asyncio import sleep_ms
from os import urandom
from time import ticks_ms

from micropython import const

from firmware.codec.broker_url import is_address
from firmware.codec.mqtt import (
    CONNACK,
    PUBACK,
    PUBCOMP,
    PUBLISH,
    PUBREC,
    PUBREL,
    SKIPPED,
    SUBACK,
    Decoder,
    PacketError,
)
from firmware.codec.mqtt_encoder import Encoder
from firmware.link.mqtt_outbox import ALWAYS, LATEST, NEWEST, Outbox  # noqa: F401
from firmware.link.mqtt_subscriptions import Subscriptions
from firmware.link.stream import LinkError, TcpStream, words
from firmware.ticks import PERIOD, after, since

_OFF = const("off")
_WAITING = const("waiting")
_RESOLVING = const("resolving")
_CONNECTING = const("connecting")
_SECURING = const("securing")
_GREETING = const("greeting")
_CONNECTED = const("connected")

# How long each state may last, in ms; a connection that is up is watched by _check().
PATIENCE_MS = {_RESOLVING: 10000, _CONNECTING: 10000, _SECURING: 30000, _GREETING: 10000}

_ANSWER_MS = const(10000)  # for PINGRESP
_ACKNOWLEDGE_MS = const(20000)  # for PUBACK, PUBREC, PUBCOMP, SUBACK
_STALL_MS = const(20000)  # for a peer that reads nothing
_CHECK_MS = const(250)
_STABLE_MS = const(10000)  # a connection that lived that long starts the back-off anew
_SLOWEST_BACK_OFF = const(6)  # 2**6 s, cut to:
_LONGEST_WAIT_MS = const(60000)
_REFUSED_WAIT_MS = const(8000)  # the host is there, only its broker is not: look often
_READS = const(12)  # per step: at most this many reads, about four messages
_STEP_MS = const(5)
_IDLE_MS = const(15)
_INCOMPLETE = const(64)  # QoS 2 messages that await their release
_HEAD = const(16)  # a packet's bytes besides topic and payload

# Return codes of CONNACK, 3.1.1 section 3.2.2.3
_REFUSALS = (
    "accepted",
    "refused: protocol version",
    "refused: client identifier",
    "refused: broker unavailable",
    "refused: user name or password",
    "refused: not authorised",
)


class Options:
    """What may be set before `run()`: times in s, sizes in bytes."""

    def __init__(self):
        self.keepalive_s = 30
        self.clean = True  # False keeps the session at the broker
        self.receive_limit = 4096
        self.send_buffer = 1460
        self.queue = 24
        self.queue_bytes = 8192
        self.window = 8


class MqttClient:
    """One connection to one broker, kept up by `run()`; nothing here blocks or raises.

    `on_message(topic, payload, message)` is called from within `run()`: topic is bytes, payload a
    view that is valid during the call only, message has retain, duplicate, qos, response_topic and
    correlation. `on_delivered(topic, payload)` tells that a message of QoS 1 or 2 has arrived.
    `on_connected()` comes after each CONNACK. `network_up()`, where given, delays attempts.
    """

    def __init__(self, broker, client_id: str, log, will=None, options: Options | None = None):
        options = options or Options()
        self.broker = broker
        self.client_id = client_id.encode()
        self.will = _will(will)
        self.user = broker.user
        self.password = broker.password
        self.keepalive_s = options.keepalive_s
        self.clean = options.clean
        self.on_message = _ignore
        self.on_delivered = None
        self.on_connected = None
        self.network_up = None
        self.resolver = None
        self.open = TcpStream
        self.clock = ticks_ms
        self.state = _OFF
        self.connected = False
        self.connections = 0
        self.failures = 0
        self.received = 0
        self.published = 0
        self.skipped = 0
        self.last_error = ""
        self.subscriptions = Subscriptions()
        self._log = log
        self._decoder = Decoder(options.receive_limit)
        self._encoder = Encoder(options.send_buffer)
        self._outbox = Outbox(options.queue, options.queue_bytes, options.window)
        self._incomplete = []
        self._owed = []
        self._stream = self._socket = None
        self._broken = None
        self._attempts = 0
        self._spoke = self._heard = self._pinged = False
        self._idle = 0

    async def run(self):
        """Connect and stay connected until cancelled."""
        try:
            while True:
                await sleep_ms(self.step(ticks_ms() & (PERIOD - 1)))
        finally:
            self.close()

    def subscribe(self, topic_filter: str, qos: int = 0):
        """Ask for messages now and after each new connection."""
        self.subscriptions.add(topic_filter.encode(), qos)
        if self.connected:
            self._fill()

    def unsubscribe(self, topic_filter: str):
        self.subscriptions.remove(topic_filter.encode())
        if self.connected:
            self._fill()

    def publish(self, topic, payload, qos: int = 0, retain: bool = False, keep: int = LATEST):
        """Send or queue one message; False when it was refused because the queue is full.

        Topic and payload are str or bytes; bytes cost no memory. `keep` says what happens to
        messages that wait: LATEST keeps one per topic, NEWEST drops the oldest, ALWAYS none.
        """
        if isinstance(topic, str):
            topic = topic.encode()
        if isinstance(payload, str):
            payload = payload.encode()
        encoder = self._encoder
        flags = qos << 1 | 1 if retain else qos << 1
        if self.connected and not qos and not self._outbox.waiting:
            if len(topic) + len(payload) + _HEAD <= encoder.room():
                encoder.publish(topic, payload, flags, 0)
                self.published += 1
                self._flush()
                return True
        if len(topic) + _HEAD > len(encoder.buffer):
            return False
        if not self._outbox.put(topic, payload, flags, keep):
            return False
        if self.connected:
            self._fill()
        return True

    def close(self):
        """Say good-bye if possible and stop."""
        if self.connected and self._encoder.room() >= 4:
            self._encoder.disconnect()
            self._flush()
        self._hang_up()
        self.state = _OFF

    def status(self) -> dict:
        """State, since when, how often and why, as plain values."""
        now = self.clock() & (PERIOD - 1)
        return {
            "broker": repr(self.broker),
            "state": self.state,
            "since_s": since(now, self._since) // 1000 if self.state != _OFF else 0,
            "connections": self.connections,
            "failures": self.failures,
            "last_error": self.last_error,
            "received": self.received,
            "published": self.published,
            "queued": self._outbox.waiting,
            "dropped": self._outbox.dropped,
            "skipped": self.skipped,
        }

    def step(self, now: int) -> int:
        """One bounded slice of work; returns after how many ms the next one is wanted."""
        try:
            if self.connected:
                return self._serve(now)
            return self._advance(now)
        except (LinkError, PacketError) as error:
            self._lost(now, error)
        return _IDLE_MS

    def _advance(self, now: int) -> int:
        """Take the next step towards a connection when its time has come."""
        state = self.state
        if state == _OFF:
            self._enter(_RESOLVING, now)
        elif state == _WAITING:
            if since(now, self._deadline) >= 0 and (not self.network_up or self.network_up()):
                self._enter(_RESOLVING, now)
        elif since(now, self._deadline) >= 0:
            raise LinkError(f"no answer for {PATIENCE_MS[state] // 1000} s")
        elif state == _RESOLVING:
            self._resolve(now)
        elif state == _CONNECTING:
            if self._stream.ready():
                self._greet(now)
        elif state == _GREETING:
            self._flush()
            self._receive(now)
        return _IDLE_MS

    def _enter(self, state: str, now: int):
        self.state = state
        self._since = now
        self._deadline = after(now, PATIENCE_MS.get(state, 0))

    def _resolve(self, now: int):
        host = self.broker.host
        if is_address(host):
            address = host
        elif self.resolver:
            address = self.resolver.lookup(host, now)
        else:
            raise LinkError("host names need a resolver")
        if address:
            self._stream = self.open(address, self.broker.port)
            self._enter(_CONNECTING, now)

    def _greet(self, now: int):
        self._socket = self._stream.socket
        self._decoder.begin()
        self._encoder.begin()
        self._encoder.connect(self.client_id, self)
        self._enter(_GREETING, now)
        self._flush()

    def _welcomed(self, now: int):
        """CONNACK has come."""
        code = self._decoder.code
        if code:
            raise LinkError(_REFUSALS[code] if code < len(_REFUSALS) else f"refused: code {code}")
        session = self._decoder.session_present
        if not session:
            self._incomplete.clear()
        self._owed.clear()
        self._outbox.reconnected(session)
        for packet_id in self._outbox.releases(now):
            self._acknowledge(PUBREL, packet_id)
        self.subscriptions.reconnected()
        self.connections += 1
        self.connected = True
        self._pinged = False
        self._heard_at = self._spoke_at = self._check_at = now
        self._enter(_CONNECTED, now)
        self._log.info("mqtt", f"{self.broker!r} connected")
        if self.on_connected:
            self.on_connected()

    def _lost(self, now: int, error):
        """Hang up, say why, and wait for 1 to 60 s, each time longer, before the next attempt."""
        if self.connected and since(now, self._since) > _STABLE_MS:
            self._attempts = 0
        text = f"{self.state}: {error}"
        if self.connected and isinstance(error, PacketError) and self._encoder.room() >= 4:
            self._encoder.disconnect(error.code)
            self._flush()
        self._hang_up()
        self.failures += 1
        most = _REFUSED_WAIT_MS if "refused: nothing" in text else _LONGEST_WAIT_MS
        wait_ms = min(1000 << min(self._attempts, _SLOWEST_BACK_OFF), most)
        wait_ms = wait_ms // 2 + wait_ms * urandom(1)[0] // 512 + 500 * (wait_ms < 2000)
        self._attempts += 1
        if text != self.last_error or self.state == _CONNECTED:
            self._log.warning("mqtt", f"{self.broker!r} {text}; again in {wait_ms} ms")
        self.last_error = text
        self._enter(_WAITING, now)
        self._deadline = after(now, wait_ms)

    def _hang_up(self):
        self.connected = False
        self._socket = self._broken = None
        if self._stream:
            self._stream.close()
            self._stream = None

    def _serve(self, now: int) -> int:
        busy = self._receive(now)
        if self._outbox.waiting or self.subscriptions.due or self._owed:
            self._fill()
        encoder = self._encoder
        if encoder.end:
            self._flush()
        if self._broken:
            raise LinkError(self._broken)
        if self._spoke:
            self._spoke = False
            self._spoke_at = now
        if busy:
            self._heard_at = now
            self._idle = 0
            return 0
        if since(now, self._check_at) >= 0:
            self._check(now)
        self._idle = min(2 * self._idle + 1, _IDLE_MS)
        return self._idle

    def _check(self, now: int):
        """Notice a broker that is mute, does not read, or owes an answer."""
        self._check_at = after(now, _CHECK_MS)
        quiet_ms = since(now, self._heard_at)
        if self._pinged:
            if since(now, self._pinged_at) > _ANSWER_MS:
                raise LinkError(f"no answer to a ping for {_ANSWER_MS // 1000} s")
        elif self.keepalive_s and self._encoder.room() >= 2:
            if max(quiet_ms, since(now, self._spoke_at)) >= self.keepalive_s * 500:
                self._encoder.ping()
                self._pinged = True
                self._pinged_at = now
                self._flush()
        if self._encoder.end and since(now, self._spoke_at) > _STALL_MS:
            raise LinkError(f"the broker has read nothing for {_STALL_MS // 1000} s")
        if self._outbox.overdue(now, _ACKNOWLEDGE_MS):
            raise LinkError(f"no acknowledgement for {_ACKNOWLEDGE_MS // 1000} s")
        if self.subscriptions.overdue(now, _ACKNOWLEDGE_MS):
            raise LinkError(f"no answer to a subscription for {_ACKNOWLEDGE_MS // 1000} s")

    def _receive(self, now: int) -> bool:
        """Take what has arrived, a few packets at most; True if a whole packet was among it."""
        decoder = self._decoder
        socket = self._socket
        busy = False
        for _ in range(_READS):
            if self._owed or self._encoder.room() < 4:  # let TCP hold the rest
                return busy
            try:
                count = socket.readinto(decoder.target, decoder.wanted)
            except OSError as error:
                raise LinkError(words(error))
            if count is None:
                return busy
            if not count:
                raise LinkError("closed by the broker")
            kind = decoder.filled(count)
            if kind:
                busy = True
                if kind == PUBLISH and self.connected:
                    self._message(decoder)
                    if self._socket is None or since(self.clock() & (PERIOD - 1), now) >= _STEP_MS:
                        return True
                else:
                    self._answer(kind, now)
        return busy

    def _message(self, decoder: Decoder):
        qos = decoder.qos
        packet_id = decoder.packet_id
        self.received += 1
        if qos < 2:
            self.on_message(decoder.topic, decoder.payload, decoder)
            if qos:
                self._acknowledge(PUBACK, packet_id)
            return
        if packet_id not in self._incomplete:
            if len(self._incomplete) >= _INCOMPLETE:
                raise PacketError("too many unreleased QoS 2 messages", 0x93)
            self._incomplete.append(packet_id)
            self.on_message(decoder.topic, decoder.payload, decoder)
        self._acknowledge(PUBREC, packet_id)

    def _acknowledge(self, kind: int, packet_id: int):
        if self._encoder.room() < 4:  # the receiver has published: owed until there is room
            self._owed.append(kind << 16 | packet_id)
        else:
            self._encoder.acknowledge(kind, packet_id)

    def _answer(self, kind: int, now: int):
        packet_id = self._decoder.packet_id
        if not self.connected:
            if kind != CONNACK:
                raise PacketError("something else than CONNACK comes first")
            self._welcomed(now)
        elif kind == PUBACK or kind == PUBCOMP:
            letter = self._outbox.acknowledged(packet_id)
            if letter and self.on_delivered:
                self.on_delivered(letter.topic, letter.payload)
        elif kind == PUBREC:
            self._outbox.received(packet_id, now)
            self._acknowledge(PUBREL, packet_id)
        elif kind == PUBREL:
            if packet_id in self._incomplete:
                self._incomplete.remove(packet_id)
            self._acknowledge(PUBCOMP, packet_id)
        elif kind == SUBACK:
            refused = self.subscriptions.answered(packet_id, self._decoder.code)
            if refused:
                self._log.error("mqtt", f"{self.broker!r} refuses the subscription {refused}")
        elif kind == SKIPPED:
            self._skip()
        elif kind == CONNACK:
            raise PacketError("second CONNACK")
        else:
            self._pinged = False

    def _skip(self):
        decoder = self._decoder
        self.skipped += 1
        text = f"message of {decoder.length} bytes skipped, topic {decoder.topic!r}"
        self._log.warning("mqtt", text[:120])
        if decoder.qos:
            self._acknowledge(PUBACK if decoder.qos == 1 else PUBREC, decoder.packet_id)

    def _fill(self):
        """Put waiting subscriptions and messages into the encoder as far as there is room."""
        encoder = self._encoder
        now = self.clock() & (PERIOD - 1)
        while self._owed and encoder.room() >= 4:
            owed = self._owed.pop(0)
            encoder.acknowledge(owed >> 16, owed & 0xFFFF)
        if self.subscriptions.due:
            self.subscriptions.fill(encoder, self._outbox, now)
        while letter := self._outbox.next():
            need = len(letter.topic) + len(letter.payload) + _HEAD
            if encoder.rest is not None or (need > encoder.room() and encoder.end):
                break
            packet_id = self._outbox.number(letter)
            encoder.publish(letter.topic, letter.payload, letter.flags, packet_id)
            self._outbox.taken(letter, now)
            self.published += 1
        self._flush()

    def _flush(self):
        encoder = self._encoder
        if self._broken or encoder.end == encoder.start:
            return
        try:
            count = self._socket.write(encoder.buffer, encoder.start, encoder.end - encoder.start)
        except OSError as error:
            self._broken = words(error)
            return
        if count:
            encoder.sent(count)
            self._spoke = True


def _will(will):
    """(topic, payload, qos, retain) with the texts as bytes, or None."""
    if will is None:
        return None
    topic, payload, qos, retain = will
    return _bytes(topic), _bytes(payload), qos, retain


def _bytes(text) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _ignore(topic, payload, message):
    """What comes before `on_message` is set is lost."""
