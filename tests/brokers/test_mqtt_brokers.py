"""The client against other brokers; `make test-brokers` fetches them first."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "system"))

from brokers import ROOT, Mosquitto, free_port, listening, until
from mqtt_boxes import BoxProcess

HERE = Path(__file__).resolve().parent
PLACE = ROOT / ".tools" / "brokers"
COMMANDS = {
    "aedes": ["node", str(HERE / "aedes.js")],
    "amqtt": [str(PLACE / "venv/bin/python"), str(HERE / "amqtt_broker.py")],
}
COMMANDS["rabbitmq"] = [sys.executable, str(HERE / "rabbitmq.py"), str(PLACE / "rabbitmq")]
COMMANDS["mqttools"] = [
    str(PLACE / "venv/bin/mqttools"),
    "broker",
    "--host",
    "127.0.0.1",
    "--secure-port",
    "0",
    "--port",
]
NEEDS = {
    "mqttools": PLACE / "venv/bin/mqttools",
    "aedes": PLACE / "node_modules/aedes",
    "amqtt": PLACE / "venv/bin/amqtt",
    "rabbitmq": PLACE / "rabbitmq",
}
START_S = {"rabbitmq": 90}  # of two busy cores; 25 s alone


class OtherBroker:
    """Started by a command that takes the port; the same port after each start()."""

    def __init__(self, name: str):
        self.name = name
        self.port = free_port()
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self._process = None
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()
        self._folder.cleanup()

    def start(self):
        self._process = subprocess.Popen(
            [*COMMANDS[self.name], str(self.port)],
            env={
                **os.environ,
                "NODE_PATH": str(PLACE / "node_modules"),
                "TMPDIR": self._folder.name,
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        until(lambda: listening(self.port), self.name, seconds=START_S.get(self.name, 20))

    def kill(self):
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@pytest.fixture(params=["aedes", "amqtt", "mosquitto", "mqttools", "rabbitmq"])
def broker(request):
    if request.param == "mosquitto":
        made = Mosquitto()
    elif not NEEDS[request.param].exists() or not shutil.which(COMMANDS[request.param][0]):
        pytest.skip(f"{request.param} is not here: make test-brokers")
    else:
        made = OtherBroker(request.param)
    with made as running:
        yield running


class Kind:
    """What a broker does differently; docs/mqtt-client.md says it in words.

    `wild` tells that a filter with # finds retained messages.
    """

    def __init__(self, version, url_scheme, qos, wild=True):
        self.version, self.scheme, self.qos, self.wild = version, url_scheme, qos, wild


KINDS = {
    "aedes": Kind(4, "mqtt", 2),
    "amqtt": Kind(4, "mqtt", 2),
    "mosquitto": Kind(5, "mqtt", 2),
    "rabbitmq": Kind(4, "mqtt", 1, wild=False),
    "mqttools": Kind(5, "mqtt5", 0),
}


def kind(broker) -> Kind:
    return KINDS[getattr(broker, "name", "mosquitto")]


def url(broker, scheme="") -> str:
    return broker.url.replace("mqtt:", f"{scheme or kind(broker).scheme}:")


def test_messages_of_all_qualities(broker):
    with (
        BoxProcess(url(broker), [["a/#", kind(broker).qos]], client_id="one") as one,
        BoxProcess(url(broker), client_id="two") as two,
    ):
        one.wait("connected")
        two.wait("connected")
        time.sleep(0.5)
        for qos in range(kind(broker).qos + 1):
            two.do("publish", topic=f"a/{qos}", payload=f"hello {qos}", qos=qos)
        one.wait("message", kind(broker).qos + 1)
        if kind(broker).qos:
            two.wait("delivered", kind(broker).qos)
        for topic, payload, qos, retain in one.messages():
            assert payload == f"hello {topic[2:]}" and not retain
            assert qos == int(topic[2:]) or broker.name == "amqtt"


def test_retained_messages_and_the_will(broker):
    highest = min(1, kind(broker).qos)
    will = ["a/online", "offline", highest, True]
    with BoxProcess(url(broker), [["b", 0]], will=will, client_id="two") as two:
        two.wait("connected")
        two.do("publish", topic="a/kept", payload="kept", qos=highest, retain=True)
        time.sleep(0.5)
    filters = ["a/#"] if kind(broker).wild else ["a/kept", "a/online"]
    wanted = [[topic, highest] for topic in filters]
    with BoxProcess(url(broker), wanted, client_id="one") as one:
        one.wait("message", 2)
        assert {message[:2] for message in one.messages()} == {
            ("a/kept", "kept"),
            ("a/online", "offline"),
        }


def test_5_is_spoken_or_3_1_1_after_the_refusal(broker):
    with BoxProcess(url(broker, "mqtt5"), [["a/#", 0]]) as box:
        box.wait("connected", seconds=40)
        time.sleep(0.5)
        box.do("publish", topic="a/b", payload="me")
        box.wait("message")
        assert box.status()["version"] == kind(broker).version


def test_back_after_a_restart(broker):
    with BoxProcess(url(broker), [["a/#", 0]]) as box:
        box.wait("connected")
        broker.kill()
        time.sleep(1)
        broker.start()
        box.wait("connected", 2, 20)
        time.sleep(0.5)
        box.do("publish", topic="a/b", payload="again")
        box.wait("message")


def test_a_large_message_passes_in_both_directions(broker):
    with BoxProcess(url(broker), [["a/#", 0]]) as box:
        box.wait("connected")
        time.sleep(0.5)
        box.do("publish", topic="a/b", payload="0123456789", times=350)
        box.wait("message")
        assert box.messages()[0][1] == "3500 bytes"
