"""Every command gives the same answer over MQTT, over HTTP and at the REPL."""

import json

from firmware.api.commands import ADMIN, rows
from firmware.api.console import ConsoleDoor
from tests.unit.api.bench import Message
from tests.unit.api.requests import REQUESTS, bench
from tests.unit.link.test_http_door import Peer, get, post, serve


def over_mqtt(command, body):
    built = bench()
    topics = built.topics()
    topic = "cfos_mqtt/api/cmd=" + command
    topics.received(topic.encode(), (body or "").encode(), Message())
    for _ in range(100):
        topics.due(built.now)
    assert built.published[0][1] == "cfos_mqtt/api_res"
    return json.loads(built.published[0][2].text())


def over_http(command, body):
    built = bench()
    query = "cmd=" + command
    peer = Peer(post(query, body.encode()) if body else get(query, "admin:"))
    serve(built, [peer])
    return peer.json()


def at_the_repl(command, body):
    typed = []
    ConsoleDoor(bench().box, typed.append).cmd(command, body)
    return json.loads("".join(typed))


def test_every_command_is_among_the_requests():
    asked = {command.split("&")[0] for command, _ in REQUESTS}
    assert {line[0] for line in rows()} <= asked


def test_all_doors_give_the_answer_of_the_command_table():
    for command, body in REQUESTS:
        expected = bench().ask("cmd=" + command, body, ADMIN)
        for door in (over_mqtt, over_http, at_the_repl):
            answer = door(command, body)
            if command == "get_log":
                answer, expected = len(answer) >= 0, True
            assert answer == json.loads(json.dumps(expected)), (command, door, answer)


def test_the_repl_takes_dicts_and_full_queries():
    built = bench()
    typed = []
    door = ConsoleDoor(built.box, typed.append)
    door.cmd("set_params", {"title": "Left"})
    door.cmd("cmd=get_params&id=3")
    assert typed[0] == '"ok"' and built.box.settings.params.title == "Left"
    assert json.loads("".join(typed[2:]))["id"] == "3"
