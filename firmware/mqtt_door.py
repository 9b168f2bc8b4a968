"""MQTT for the API: which broker serves which function, what arrives, what is published."""

import asyncio

from micropython import const

from firmware.api.replays import Replays
from firmware.api.topics import Topics, shown
from firmware.link.mqtt import ALWAYS, LATEST, NEWEST, MqttClient, Options
from firmware.store.once import forget

_LOOK_MS = const(50)
_SOON_MS = const(20)
# Functions of the API and the settings that name their brokers; input is what meters are fed by.
_BROKERS = (
    ("info", "info_broker"),
    ("control", "control_broker"),
    ("api", "api_broker"),
    ("log", "log_broker"),
    ("ta_log", "ta_log_broker"),
    ("input", "info_broker"),
)
# Functions whose messages are worth more than the latest of each topic.
_NEWEST = ("log", "api", "control", "input")


class MqttDoor:
    """One client for each distinct broker, shared by all functions that name it.

    A box without any broker has no client and runs no task here.
    """

    def __init__(self, box, meters, network_up):
        self.clients = {}
        self._box = box
        self._meters = meters
        self._topics = Topics(box, self.publish)
        self.ta_log = self._sessions = None
        self._replays = Replays()
        self._inputs = (self._topics.root + "/set/").encode()
        self._functions = {}
        self._network_up = network_up

    def secure(self) -> set:
        """The distinct brokers that are to be spoken to over TLS."""
        return {url for _, _, url in self._urls() if url.startswith("mqtts")}

    def _urls(self):
        """Yield (function, name of its setting, URL) of all functions that have a broker."""
        mqtt = self._box.settings.mqtt
        for function, setting in _BROKERS:
            url = getattr(mqtt, setting)
            url = mqtt.broker if url == "mqtt" else url
            if url and url != "mqtt":
                yield function, setting, url

    def connect(self, secure: bool = True):
        """Make the clients that the settings ask for; a URL that is none is logged, not raised.

        Without `secure` what would need TLS is left out.
        """
        from firmware.codec.broker_url import UrlError, parse

        for function, setting, url in self._urls():
            try:
                if secure or not url.startswith("mqtts"):
                    self._functions[function] = self.clients.get(url) or self._made(
                        url, parse(url)
                    )
            except UrlError as error:
                self._box.log.error("mqtt", f"mqtt.{setting}: {error}")
        forget("broker_url", "firmware.codec")
        for function, topic_filter in self._topics.filters():
            client = self._functions.get(function)
            if client:
                client.subscribe(topic_filter, 1)
        self.listen()

    def listen(self):
        """Subscribe to what meters want; again after the list of devices has changed."""
        client = self._functions.get("input")
        if client:
            self._box.publish = client.publish
            for topic in self._meters.topics():
                client.subscribe(topic, 0)

    def _made(self, url, broker):
        state = self._topics.root + "/online"
        name = f"wallbox-{self._box.system.serial}"
        will = (state, "0", 1, True)
        client = MqttClient(broker, name, self._box.log, will, self._options(broker))
        client.line.resolver = self._box.resolver
        client.network_up = self._network_up
        client.on_message = self._received
        client.on_delivered = self._delivered
        client.on_refused = self._refused
        client.on_skipped = self._topics.skipped

        def connected():
            self._replays.subscribed(self._box.now())
            client.publish(state, "1", 1, True)

        client.on_connected = connected
        self.clients[url] = client
        return client

    def _options(self, broker):
        mqtt = self._box.settings.mqtt
        options = Options()
        options.keepalive_s = mqtt.keepalive_s
        options.receive_limit = mqtt.max_message
        if broker.secure:
            from firmware.link.tls import Trust

            trust = Trust(mqtt.tls_ca_file, mqtt.tls_fingerprint, mqtt.tls_self_signed)
            trust.certificate, trust.key = mqtt.tls_certificate_file, mqtt.tls_key_file
            trust.may_handshake = self._box.may_hold
            trust.longest_wait_ms = mqtt.tls_wait_s * 1000
            options.trust = trust
        return options

    def _received(self, topic, payload, message):
        now = self._box.now()
        if self._meters.received(topic, payload, now):
            return
        if self._repeated(topic, payload, message, now):
            text = "sent again by the broker, not done again: "
            self._box.log.warning("mqtt", text + shown(str(topic, "utf-8")))
        else:
            self._topics.received(topic, payload, message)

    def _repeated(self, topic, payload, message, now) -> bool:
        """Whether a request came before; values of meters may come as often as they like."""
        if message.retain or topic.startswith(self._inputs):
            return False
        return self._replays.is_replay(topic, payload, message.duplicate, now)

    def keep_log(self, sessions):
        """Tell of all sessions on ta_log, from when that is switched on."""
        self._sessions = sessions
        if self._box.settings.mqtt.ta_log:
            self._open_log()

    def _open_log(self):
        client = self._functions.get("ta_log")
        if client is None or self._sessions is None:
            return
        from firmware.ta_log import TransactionLog

        topic = self._topics.root + "/ta_log"
        box = self._box
        self.ta_log = TransactionLog(
            self._sessions,
            box.settings.mqtt,
            box.system.serial,
            lambda payload: client.publish(topic, payload, 1, keep=ALWAYS),
        )
        self._sessions.publish = self.ta_log.told

    def _delivered(self, topic, payload):
        if self.ta_log:
            self.ta_log.delivered(payload)

    def _refused(self, topic, payload):
        if self.ta_log:
            self.ta_log.refused(payload)

    def publish(self, function: str, topic: str, payload, correlation=None):
        """Hand a message to the client of the broker that serves `function`."""
        client = self._functions.get(function)
        if client is None:
            return
        if correlation is None:
            keep = NEWEST if function in _NEWEST else LATEST
            client.publish(topic, payload, keep=keep)
        else:
            client.respond(topic, correlation, payload)

    async def serve(self):
        """Publish what is due, a topic at a time, for ever."""
        while True:
            self.look(self._box.now())
            await asyncio.sleep_ms(_SOON_MS if self._topics.busy() else _LOOK_MS)

    def look(self, now: int):
        """Publish the next message that is due."""
        if self.ta_log:
            self.ta_log.tick(now)
        elif self._box.settings.mqtt.ta_log:
            self._open_log()
        due = self._topics.due(now)
        if due:
            self.publish(*due)

    def status(self) -> list:
        """State of each broker's connection."""
        return [client.status() for client in self.clients.values()]
