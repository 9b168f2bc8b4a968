"""Every command on the whole firmware, through MQTT, HTTP and the REPL: the same answers."""

import base64
import http.client
import json
import queue
import sys
from pathlib import Path

import paho.mqtt.client as paho
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from brokers import Mosquitto, free_port, until
from firmware_process import Firmware, document

from firmware.api.commands import names
from tests.unit.api.requests import REQUESTS

# What differs between two boxes that were asked the same: times, measured values, chance.
_VARYING = (
    ("get_log", lambda answer: [sorted(entry) for entry in answer][:1]),
    ("get_status", sorted),
    ("get_new_user_id", len),
    (
        "get_dev_info",
        lambda info: (sorted(info["params"]), [sorted(it) for it in info["devices"]]),
    ),
    ("get_params", sorted),
    ("modbus&", len),
)
_ENDING = ("restart", "factory_reset")
# Before the first request, so that all three boxes have the same users.
_FIRST = (("set_user", '{"id": "u1", "name": "A", "rfids": [{"id": "5678"}], "dev_ids": ["E1"]}'),)


def comparable(command, answer):
    """What has to be equal in the answers of three boxes."""
    if isinstance(answer, dict) and "error" in answer:
        return answer
    for name, reduce in _VARYING:
        if command.startswith(name):
            return reduce(answer)
    return answer


class Mqtt:
    def __init__(self, box, broker):
        self._heard = queue.Queue()
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda client, data, message: self._heard.put(message.payload)
        self._client.connect("127.0.0.1", broker.port)
        self._client.subscribe("cfos_mqtt/api_res", 1)
        self._client.loop_start()

    def ask(self, command, body):
        self._client.publish("cfos_mqtt/api/cmd=" + command, body or "", 1)
        return json.loads(self._heard.get(timeout=20))

    def close(self):
        self._client.loop_stop()


class Http:
    def __init__(self, box, broker):
        self._port = box.port

    def ask(self, command, body):
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        login = {"Authorization": "Basic " + base64.b64encode(b"admin:").decode()}
        connection.request("POST" if body else "GET", "/cnf?cmd=" + command, body, login)
        return json.loads(connection.getresponse().read())

    def close(self):
        pass


class Repl:
    def __init__(self, box, broker):
        self._box = box

    def ask(self, command, body):
        return self._box.tell("cmd", command, body)

    def close(self):
        pass


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """door: [(command, answer)] of three boxes that were asked the same."""
    found = {}
    port = free_port()
    with Mosquitto() as broker:
        for door in (Mqtt, Http, Repl):
            flash = tmp_path_factory.mktemp("flash") / "flash.bin"
            settings = document(broker.url, port)
            with Firmware(flash, broker.url, settings) as box:
                asked = door(box, broker)
                until(lambda box=box: "MQTT 3" in "".join(box.lines), "the broker", seconds=20)
                found[door.__name__] = given = []
                for command, body in _FIRST + REQUESTS:
                    if command.split("&")[0] in _ENDING:
                        continue
                    given.append((command, asked.ask(command, body)))
                # Last, because the box restarts some seconds later.
                for command in ("restart", "factory_reset&confirm=1"):
                    given.append((command, asked.ask(command, None)))
                asked.close()
    return found


def test_every_command_is_asked(answers):
    asked = {command.split("&")[0] for command, _ in answers["Repl"]}
    assert asked >= set(names())


def test_the_same_answer_comes_through_all_three_doors(answers):
    assert len(answers["Mqtt"]) == len(answers["Http"]) == len(answers["Repl"]) > 40
    for over_mqtt, over_http, typed in zip(
        answers["Mqtt"], answers["Http"], answers["Repl"], strict=True
    ):
        command = typed[0]
        shown = [comparable(command, answer[1]) for answer in (over_mqtt, over_http, typed)]
        assert shown[0] == shown[1] == shown[2], (command, shown)


def test_what_should_work_works(answers):
    refused = {
        command
        for command, answer in answers["Repl"]
        if isinstance(answer, dict) and "error" in answer
    }
    assert refused <= {
        "set_params",
        "set_params&title=x",
        "get_user&id=nobody",
        "nonsense",
        "modbus_get&id=1&reg=5",
        "modbus_set&id=1&reg=5&val=1",
        "set_ajax_meter&dev_id=M3&power_w=100",
        "soft_meter&dev_id=M3",
        "update&file=/data/none",
        "update_rollback",
    }, refused
