"""MQTT for the API: which broker serves which function, what arrives, what is published."""

import asyncio

from micropython import const

from firmware.api.topics import Topics
from firmware.codec.broker_url import BrokerUrl, UrlError
from firmware.link.mqtt import ALWAYS, LATEST, NEWEST, MqttClient, Options

_LOOK_MS = const(50)
# Functions of the API and the settings that name their brokers; input is what meters are fed by.
_BROKERS = {
    "info": "info_broker",
    "control": "control_broker",
    "api": "api_broker",
    "log": "log_broker",
    "ta_log": "ta_log_broker",
    "input": "info_broker",
}
_KEEP = {"log": NEWEST, "api": NEWEST, "ta_log": ALWAYS}


class MqttDoor:
    """One client for each distinct broker, shared by all functions that name it.

    A box without any broker has no client and runs no task here.
    """

    def __init__(self, box, network_up):
        self.clients = {}
        self._box = box
        self._topics = Topics(box, self.publish)
        self.told = self._topics.told
        self._functions = {}
        self._network_up = network_up

    def connect(self):
        """Make the clients that the settings ask for; BrokerUrl errors are logged, not raised."""
        mqtt = self._box.settings.mqtt
        for function, setting in _BROKERS.items():
            url = getattr(mqtt, setting)
            url = mqtt.broker if url == "mqtt" else url
            try:
                if url and url != "mqtt":
                    self._functions[function] = self._client(url)
            except UrlError as error:
                self._box.log.error("mqtt", f"mqtt.{setting}: {error}")
        for function, topic_filter in self._topics.filters():
            client = self._functions.get(function)
            if client:
                client.subscribe(topic_filter, 1)

    def _client(self, url):
        client = self.clients.get(url)
        if client is None:
            options = Options()
            options.keepalive_s = self._box.settings.mqtt.keepalive_s
            state = self._topics.root + "/online"
            serial = self._box.system.serial
            client = MqttClient(
                BrokerUrl(url), f"wallbox-{serial}", self._box.log, (state, "0", 1, True), options
            )
            client.network_up = self._network_up
            client.on_message = self._topics.received
            client.on_connected = lambda: client.publish(state, "1", 1, True)
            self.clients[url] = client
        return client

    def publish(self, function: str, topic: str, payload, correlation=None):
        """Hand a message to the client of the broker that serves `function`."""
        client = self._functions.get(function)
        if client:
            client.publish(topic, payload, keep=_KEEP.get(function, LATEST))

    async def serve(self):
        """Publish what is due, a topic at a time, for ever."""
        while True:
            due = self._topics.due(self._box.now())
            if due:
                self.publish(*due)
            await asyncio.sleep_ms(_LOOK_MS)

    def status(self) -> list:
        """State of each broker's connection."""
        return [client.status() for client in self.clients.values()]
