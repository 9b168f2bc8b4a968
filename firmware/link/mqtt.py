"""An MQTT client that always comes back and never holds the loop."""

from asyncio import sleep_ms
from time import ticks_ms

from micropython import const

from firmware.codec.mqtt import PacketError
from firmware.link.line import Line
from firmware.link.mqtt_sender import Sender
from firmware.link.mqtt_traffic import Traffic
from firmware.link.stream import LinkError
from firmware.store.once import forget
from firmware.ticks import since

LATEST = const(0)  # of messages that wait, one per topic: the latest
NEWEST = const(1)  # when there is no room, the oldest of these goes
ALWAYS = const(2)  # never dropped, but refused when there is no room

_CONNACK = const(0x20)
_IDLE_MS = const(15)
_TICKS = const(0x3FFFFFFF)


class Options:
    """What may be set before the client is made: times in s, sizes in bytes."""

    def __init__(self):
        self.keepalive_s = 30
        self.clean = True  # False keeps the session at the broker
        self.receive_limit = 4096
        self.send_buffer = 1460
        self.queue = 24
        self.queue_bytes = 8192
        self.trust = None  # link.tls.Trust, for mqtts://
        self.window = 8  # messages of QoS 1 and 2 that may be unacknowledged


class MqttClient:
    """One connection to one broker, kept up by `run()`; nothing here blocks or raises.

    `publish(topic, payload, qos=0, retain=False, keep=LATEST)` is Sender's: it sends or queues.
    `on_message(topic, payload, message)` is called from within `run()`: topic is bytes, payload a
    view that is valid during the call only, message has retain, duplicate, qos, response_topic
    and correlation. `on_delivered(topic, payload)` tells that a message of QoS 1 or 2 was
    acknowledged, with 5 `on_refused(topic, payload)` that the broker does not want it; at a
    broker that takes QoS 0 only, that it has left, or was cut off before it had;
    `on_skipped(topic, length)` tells of a message longer than the receive limit.
    `on_connected()` follows each CONNACK. While `network_up()`, where given, says
    False, nothing is tried. `line` tells how the broker is reached; host names need its
    `resolver`. `version` is the one that is spoken: a broker that refuses 5 is spoken to in 4
    (3.1.1) from then on.
    """

    def __init__(self, broker, client_id: str, log, will=None, options: Options | None = None):
        options = options or Options()
        self.broker = broker
        self.client_id = client_id.encode()
        self.user = broker.user
        self.password = broker.password
        self.will = will and (_bytes(will[0]), _bytes(will[1]), will[2], will[3])
        self.keepalive_s = self._keepalive_s = options.keepalive_s
        self.clean = options.clean
        self.receive_limit = options.receive_limit
        self.version = broker.version
        self._settled = not broker.may_fall_back
        self.on_message = self.on_delivered = self.on_connected = _ignore
        self.on_refused = self.on_skipped = _ignore
        self.network_up = None
        self.clock = ticks_ms
        self.connected = False
        self.line = Line(broker.host, broker.port)
        if broker.secure:
            from firmware.link.tls import Secure, Trust

            self.line.secure = Secure(broker.host, options.trust or Trust())
        self._log = log
        self._sender = Sender(self, options)
        self._traffic = Traffic(self, self._sender, options)
        self.publish = self._sender.publish
        self._idle = 0

    async def run(self):
        """Connect and stay connected until cancelled."""
        try:
            while True:
                await sleep_ms(self.step(self.clock() & _TICKS))
        finally:
            self.close()

    def subscribe(self, topic_filter: str, qos: int = 0):
        """Ask for messages, now and after each new connection."""
        self._sender.subscribe(_bytes(topic_filter), qos)

    def unsubscribe(self, topic_filter: str):
        self._sender.subscribe(_bytes(topic_filter), -1)

    def respond(self, topic, correlation, payload, qos: int = 0) -> bool:
        """Publish an answer to an MQTT 5 request's response topic with its correlation data."""
        properties = b""
        if self.version == 5:
            properties = self._five().correlated(correlation)
        if not hasattr(payload, "length"):
            payload = _bytes(payload)
        return self._sender.respond(_bytes(topic), payload, qos << 1, properties)

    def close(self):
        """Say good-bye, which is the will's message too, if possible, and stop."""
        if self.connected and self.will:
            # without asking for an answer: nobody would be there any more to take it
            self.publish(self.will[0], self.will[1], 0, self.will[3])
        self._traffic.end(0)
        self.connected = False
        self.line.hang_up()

    def status(self) -> dict:
        """State, since when, how often and why, as plain values."""
        line = self.line
        traffic = self._traffic
        return {
            "broker": repr(self.broker),
            "state": line.state,
            "since_s": since(self.clock() & _TICKS, line.since) // 1000,
            "connections": line.connections,
            "failures": line.failures,
            "last_error": line.last_error,
            "version": self.version,
            "received": traffic.received,
            "published": self._sender.published,
            "queued": len(self._sender.outbox.waiting),
            "dropped": self._sender.outbox.dropped,
            "skipped": traffic.skipped,
        }

    def step(self, now: int) -> int:
        """One bounded slice of work; returns after how many ms the next one is wanted."""
        try:
            if self.connected:
                if self._traffic.step(now):
                    self._idle = 0
                else:
                    self._idle = min(2 * self._idle + 1, _IDLE_MS)
                return self._idle
            if self.line.stream is None and self.network_up and not self.network_up():
                return _IDLE_MS
            if self.line.advance(now):
                self._greet(now)
        except (LinkError, PacketError) as error:
            self._lost(now, error)
        return _IDLE_MS

    def _greet(self, now: int):
        traffic = self._traffic
        if not traffic.greeting:
            traffic.begin(self.line.stream.socket, self._five())
        self._sender.flush()
        traffic.welcome(now)

    def _five(self):
        """The module for MQTT 5 when that is to be spoken."""
        if self.version == 5:
            from firmware.codec import mqtt5

            return mqtt5
        return None

    def greeted(self, kind: int, now: int):
        """The first packet has come."""
        traffic = self._traffic
        code = traffic.decoder.code
        if kind != _CONNACK:
            raise PacketError("order of packets")
        if code:
            raise LinkError("refused: " + self._refusal(code))
        self._settled = True
        traffic.resume(now)
        self.keepalive_s = self._sender.agreed.get(0x13, self._keepalive_s)
        self.client_id = self._sender.agreed.get(0x12, self.client_id)
        self.line.enter("connected", now)
        self.connected = True
        self.note(2, f"connected, MQTT {'5' if self.version == 5 else '3.1.1'}")
        self.on_connected()

    def _refusal(self, code: int) -> str:
        """A CONNACK's code in words; only the version's may lead to a fall-back."""
        from firmware.codec import mqtt_greeting

        words = mqtt_greeting.refusal(code, self._five())
        forget("mqtt_greeting", "firmware.codec")
        if words != "version":
            self._settled = True
        if self.will and (code == 0x9A or code == 0x9B):
            # not supported: the next attempt asks for less
            topic, payload, qos, retain = self.will
            self.will = topic, payload, 0 if code == 0x9B else qos, retain and code != 0x9A
        return words

    def _lost(self, now: int, error):
        if self.line.state == "greeting" and not self._settled:
            self.version = 9 - self.version  # 5 and 4 in turn until the broker welcomes one
        self._traffic.end(getattr(error, "code", -1))
        self.connected = False
        known = self.line.last_error
        wait_ms = self.line.lost(now, error)
        if known != self.line.last_error or self.line.failures < 3:
            self.note(1, f"{self.line.last_error}; again in {wait_ms} ms")

    def note(self, level: int, text: str):
        """One line for the log, with the broker's name."""
        self._log.note(level, "mqtt", f"{self.broker!r} {text}")


def _bytes(text) -> bytes:
    return text.encode() if isinstance(text, str) else bytes(text)


def _ignore(*_):
    """What a callback is until it is set."""
