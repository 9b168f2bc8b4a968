"""The three doors with real peers: Mosquitto, HTTP over TCP, and lines typed at the box."""

import base64
import http.client
import json
import os
import queue
import select
import socket
import subprocess
import sys
import threading
from pathlib import Path

import paho.mqtt.client as paho
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from brokers import ROOT, Mosquitto, free_port, tool, until

from tests.unit.api.requests import REQUESTS

# Answers that differ from door to door by their nature.
_OWN = ("get_log",)


class Box:
    """tests/system/api_box.py in a process of its own."""

    def __init__(self, broker, scheme="mqtt"):
        self.port = free_port()
        environment = dict(os.environ, MICROPYPATH=f"{ROOT}:.frozen")
        self.process = subprocess.Popen(
            [tool("micropython"), str(ROOT / "tests/system/api_box.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env=environment,
        )
        self.text = []
        self._answers = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        url = broker.url.replace("mqtt", scheme)
        self.tell({"broker": url, "port": self.port})
        assert self._answers.get(timeout=10) == "ready", self.text

    def _read(self):
        for line in self.process.stdout:
            self.text.append(line)
            if line.startswith("@@ "):
                self._answers.put(line[3:].strip())

    def tell(self, values):
        self.process.stdin.write(json.dumps(values) + "\n")
        self.process.stdin.flush()

    def type(self, command, body=None):
        self.tell([command, body])
        return json.loads(self._answers.get(timeout=10))

    def request(self, path, body=None, login="admin:", timeout=10):
        """(status, answer as text) of one HTTP request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        headers = {}
        if login is not None:
            headers["Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
        connection.request("POST" if body else "GET", path, body, headers)
        response = connection.getresponse()
        return response.status, response.read().decode()

    def close(self):
        self.process.kill()
        self.process.wait()


class Client:
    """A paho client that asks on api and waits for api_res."""

    def __init__(self, broker):
        self.heard = queue.Queue()
        self.topics = {}
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self._client.on_message = self._message
        self._client.connect("127.0.0.1", broker.port)
        self._client.subscribe("cfos_mqtt/#", 1)
        self._client.loop_start()

    def _message(self, client, userdata, message):
        if message.topic == "cfos_mqtt/api_res":
            self.heard.put(json.loads(message.payload))
        else:
            self.topics[message.topic] = message.payload.decode()

    def ask(self, command, body=None):
        self.send("api/cmd=" + command, body or "")
        return self.heard.get(timeout=10)

    def send(self, topic, payload):
        self._client.publish("cfos_mqtt/" + topic, payload, 1)

    def close(self):
        self._client.loop_stop()


@pytest.fixture
def broker():
    with Mosquitto() as running:
        yield running


@pytest.fixture
def box(broker):
    started = Box(broker)
    yield started
    started.close()


def connected(client):
    until(lambda: "cfos_mqtt/get/dev_info" in client.topics, "the first dev_info")


def test_every_command_answers_the_same_through_all_three_doors(broker):
    answers = {}
    for door in ("mqtt", "http", "repl"):
        box, client = Box(broker), Client(broker)
        connected(client)
        given = []
        for command, body in REQUESTS:
            if door == "mqtt":
                answer = client.ask(command, body)
            elif door == "http":
                answer = json.loads(box.request("/cnf?cmd=" + command, body)[1])
            else:
                answer = box.type(command, body)
            given.append((command, None if command in _OWN else answer))
        answers[door] = given
        client.close()
        box.close()
    assert answers["mqtt"] == answers["http"] == answers["repl"]
    assert len(answers["mqtt"]) == len(REQUESTS) > 40


def test_the_printed_lines_work_with_mosquitto_pub(broker, box):
    client = Client(broker)
    connected(client)
    for topic, message, answer in (
        ("set/M3", '{"import_wh":12345,"voltage":[231,232,233],"current":[1,2,3]}', None),
        ("ctl", '{"E1": {cur: 8000, ena: true}}', {"ctl": {"E1": "ok"}}),
        ("ctl", "{E1: {cur: 9000,\n ena: true,},}", {"ctl": {"E1": "ok"}}),
        ("api/cmd=set_cm_vars&name=x&val=1", None, "ok"),
        ("api/cmd=enter_rfid&rfid=5678&dev_id=E1", None, "ok"),
        ("api/cmd=set_params", '{"max_total_cur_prc": 70}', "ok"),
    ):
        payload = ["-n"] if message is None else ["-m", message]
        port = str(broker.port)
        line = [tool("mosquitto_pub"), "-p", port, "-q", "1", "-t", "cfos_mqtt/" + topic, *payload]
        subprocess.run(line, check=True, timeout=10)
        if answer is not None:
            assert client.heard.get(timeout=10) == answer, topic
    until(
        lambda: '"import":12345' in client.topics["cfos_mqtt/get/dev_info"].replace(" ", ""),
        "the meter's energy in dev_info",
    )
    info = json.loads(client.topics["cfos_mqtt/get/dev_info"])
    assert info["params"]["max_total_cur_prc"] == 70
    assert info["devices"][0]["last_set_charging_cur"] == 9000
    client.close()


def test_an_mqtt_5_request_is_answered_where_it_asks(broker):
    box, client = Box(broker, "mqtt5"), Client(broker)
    connected(client)
    heard = queue.Queue()
    asker = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    asker.on_message = lambda client, userdata, message: heard.put(message)
    asker.connect("127.0.0.1", broker.port)
    asker.subscribe("answers/mine", 1)
    asker.loop_start()
    properties = paho.Properties(paho.PacketTypes.PUBLISH)
    properties.ResponseTopic = "answers/mine"
    properties.CorrelationData = b"\x07\x08"
    asker.publish("cfos_mqtt/api/cmd=get_dev_types", b"", 1, properties=properties)
    message = heard.get(timeout=10)
    assert json.loads(message.payload)["evse_powerbrain"]
    assert message.properties.CorrelationData == b"\x07\x08"
    # A long one, streamed twice: to the asker, and to everybody.
    asker.publish("cfos_mqtt/api/cmd=get_dev_info", b"", 1, properties=properties)
    message = heard.get(timeout=10)
    info = json.loads(message.payload)
    assert len(message.payload) > 2000 and info["devices"][0]["dev_id"] == "E1"
    assert message.properties.CorrelationData == b"\x07\x08"
    assert "evse_powerbrain" in client.heard.get(timeout=10)
    assert client.heard.get(timeout=10)["devices"] == info["devices"]
    asker.loop_stop()
    client.close()
    box.close()


def test_stalled_clients_are_dropped_and_others_served(box):
    stalled = [socket.create_connection(("127.0.0.1", box.port)) for _ in range(8)]
    for half in stalled[:4]:
        half.sendall(b"GET /cnf?cmd=get_dev_info HTTP/1.1\r\nHost:")
    # Two rounds of four stalled connections, 5 s each, come first.
    status, _ = box.request("/cnf?cmd=get_params", timeout=60)
    assert status == 200
    for half in stalled:
        readable, _, _ = select.select([half], [], [], 60)
        assert readable
        half.close()


def test_ten_clients_at_once(box):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(box.request("/cnf?cmd=get_dev_info")))
        for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 10
    assert all(status == 200 and json.loads(text)["devices"] for status, text in found)


def test_transactions_are_downloaded_as_a_file(box):
    status, text = box.request("/cnf?cmd=get_transactions&format=csv")
    assert status == 200 and text.split("\r\n")[1].startswith("0,E1,1700000000")


def test_a_body_that_is_too_long_or_nested_is_refused(box):
    for body, status in (("[" * 100, 400), ("x" * 16384, 400), ("[" * 60000, 413)):
        assert box.request("/cnf?cmd=set_params", body)[0] == status
    assert box.request("/cnf?cmd=get_params")[0] == 200


def test_over_mqtt_and_at_the_repl_too_what_is_too_long_or_nested_is_answered(broker, box):
    client = Client(broker)
    connected(client)
    deep = "[" * 100 + "]" * 100
    for body in (deep, '{"title": ' + deep + "}", "[" + "1," * 32768 + "1]"):
        for answer in (client.ask("set_params", body), box.type("set_params", body)):
            assert set(answer["error"]) == {"code", "text", "parameter"}, answer
    assert client.ask("get_params")["title"] == "Wallbox"
    client.close()
