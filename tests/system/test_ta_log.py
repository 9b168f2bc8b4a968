"""The transaction log of the whole firmware, with a real broker that comes and goes."""

import json
import queue
import sys
from pathlib import Path

import paho.mqtt.client as paho

sys.path.insert(0, str(Path(__file__).resolve().parent))

from brokers import Mosquitto, free_port, until
from firmware_process import Firmware, document

SPEED = 10


# A broker that still knows its clients after it was killed.
REMEMBERS = "persistence true\nautosave_on_changes true\nautosave_interval 1"


class Receiver:
    """What a billing system hears: with a session, so that nothing is lost while it is away."""

    def __init__(self, broker):
        self.heard = queue.Queue()
        self._client = paho.Client(
            paho.CallbackAPIVersion.VERSION2, client_id="billing", clean_session=False
        )
        self._client.on_message = lambda client, data, message: self.heard.put(message)
        self._client.connect("127.0.0.1", broker.port)
        self._client.subscribe("cfos_mqtt/ta_log", 2)
        self._client.loop_start()

    def next(self, seconds=40):
        message = self.heard.get(timeout=seconds)
        return message.qos, json.loads(message.payload)

    def quiet(self, seconds):
        try:
            return self.next(seconds)
        except queue.Empty:
            return None

    def close(self):
        self._client.loop_stop()


def charged(box):
    """A short visit of a car."""
    box.tell("plug")
    until(lambda: box.tell("closed"), "a closed contactor", seconds=40)
    box.tell("unplug")


def test_a_broker_without_acknowledgements_holds_nothing_back(tmp_path):
    with Mosquitto(listener="max_qos 0") as broker:
        url = broker.url.replace("mqtt:", "mqtt5:")
        settings = document(url, free_port(), ta_log=True)
        receiver = Receiver(broker)
        with Firmware(tmp_path / "flash.bin", broker.url, settings, SPEED) as box:
            for number in (1, 2):
                charged(box)
                told = [receiver.next() for _ in range(2)]
                assert [entry["event"] for _, entry in told] == ["begin", "end"]
                assert told[1][0] == 0 and told[1][1]["nr"] == number
            assert receiver.quiet(3) is None
        with Firmware(tmp_path / "flash.bin", broker.url, None, SPEED):
            assert receiver.quiet(5) is None
        receiver.close()


def test_an_ended_session_waits_for_the_broker_and_arrives_once(tmp_path):
    flash = tmp_path / "flash.bin"
    with Mosquitto(REMEMBERS) as broker:
        port = free_port()
        settings = document(broker.url, port, ta_log=True, ta_interval_s=10)
        broker.kill()
        with Firmware(flash, broker.url, settings, SPEED) as box:
            charged(box)
            until(lambda: len(box.tell("sessions")) == 1, "the session on the flash")
        broker.start()
        receiver = Receiver(broker)
        # The next life finds what the first could not deliver.
        with Firmware(flash, broker.url, None, SPEED) as box:
            qos, entry = receiver.next()
            assert qos == 1 and entry["event"] == "end" and entry["nr"] == 1, entry
            box.tell("plug")
            events = [receiver.next()[1]["event"] for _ in range(3)]
            assert events == ["begin", "interval", "interval"]
            broker.kill()
            receiver.close()
            box.tell("unplug")
            until(lambda: len(box.tell("sessions")) == 2, "the session on the flash")
            broker.start()
            receiver = Receiver(broker)
            ends = []
            while not ends:
                qos, entry = receiver.next()
                ends += [entry] if entry["event"] == "end" else []
            assert qos == 1 and entry["nr"] == 2 and entry["energy_wh"] > 0, entry
            until(lambda: box.tell("cmd", "sync") == "ok", "the end")
            assert receiver.quiet(3) is None
        with Firmware(flash, broker.url, None, SPEED):
            assert receiver.quiet(5) is None
        receiver.close()
