"""The pages of docs/api are true: their examples are executed, and the reference is up to date."""

import ast
import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from firmware.api.commands import ADMIN, ANYONE
from firmware.api.console import ConsoleDoor
from firmware.api.guard import guard
from tests.unit.api.bench import Bench, Message

DOCS = Path(__file__).resolve().parents[2] / "docs" / "api"


def examples(page):
    """[(line number, command, expected answer or None)] of the console blocks."""
    found = []
    inside = False
    for number, line in enumerate((DOCS / page).read_text().splitlines(), 1):
        if line.startswith("```"):
            inside = line == "```console"
        elif inside and line.startswith(("$ ", ">>> ")):
            found.append([number, line, None])
        elif inside:
            found[-1][2] = line
    return found


def matches(expected, answer):
    if expected in ("{...}", "[...]"):
        return isinstance(answer, dict if expected[0] == "{" else list) and "error" not in answer
    return json.loads(expected) == answer


def test_the_mqtt_examples_work_as_printed():
    bench = Bench()
    topics = bench.topics()
    for number, line, expected in examples("mqtt.md"):
        words = shlex.split(line[2:])
        assert words[:2] == ["mosquitto_pub", "-t"], number
        payload = words[4] if words[3] == "-m" else ""
        bench.published.clear()
        topics.received(words[2].encode(), payload.encode(), Message())
        for _ in range(100):
            topics.due(bench.now)
        if expected is None:
            assert bench.published == [], number
            continue
        topic, answer = expected.split(" ", 1)
        assert bench.published[0][1] == "cfos_mqtt/" + topic, number
        assert matches(answer, json.loads(bench.published[0][2].text())), (
            number,
            bench.published[0][2].text(),
        )


def test_the_http_examples_work_as_printed():
    bench = Bench()
    for number, line, expected in examples("http.md"):
        words = shlex.split(line[2:])
        login = words[words.index("-u") + 1] if "-u" in words else None
        body = words[words.index("-d") + 1] if "-d" in words else None
        query = next(word for word in words if word.startswith("http://")).partition("?")[2]
        if login is not None and not guard(bench.box).admin(login.partition(":")[2]):
            assert "wrong_password" in expected, number
            continue
        answer = bench.ask(query, body, ANYONE if login is None else ADMIN)
        assert matches(expected, json.loads(json.dumps(answer))), (number, answer)


def test_the_repl_examples_work_as_printed():
    bench = Bench()
    for number, line, expected in examples("console.md"):
        call = ast.parse(line[4:], mode="eval").body
        printed = []
        ConsoleDoor(bench.box, printed.append).cmd(*map(ast.literal_eval, call.args))
        assert matches(expected, json.loads("".join(printed))), (number, "".join(printed))


@pytest.mark.parametrize("page", ["mqtt.md", "http.md", "console.md"])
def test_every_page_has_examples(page):
    assert len(examples(page)) >= 8


def test_the_reference_is_what_the_tables_say():
    tool = DOCS.parents[1] / "tools" / "docs" / "api_reference.py"
    assert subprocess.run([sys.executable, str(tool), "--check"], check=False).returncode == 0
