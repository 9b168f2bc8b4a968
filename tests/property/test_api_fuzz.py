"""The command table against anything: a refusal has its documented shape and changes nothing."""

import copy
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware.api.commands import ADMIN, ANYONE, OWNER, ROLES, rows
from firmware.codec.json_stream import JsonStream, plain
from tests.unit.api.bench import Bench, Message

COMMANDS = list(rows())
# Their right use changes something, or asks for a restart; the bench counts that apart.
ASKING = ("restart", "sync", "factory_reset")

numbers = st.one_of(
    st.integers(-(2**70), 2**70), st.floats(), st.sampled_from(["1e999", "-0", "0x7F", "1_0", "٣"])
)
texts = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["", "E1", "M1", "M9", "$G", "true", "evse", "meter1", "8093", "all", "x" * 300]
    ),
)
plain_values = st.one_of(st.none(), st.booleans(), numbers, texts)
values = st.recursive(
    plain_values,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)
MEMBERS = """title max_total_cur_prc charge mqtt network params devices version users variables
plans aside dev_id dev_type name expr vars cplan st dr lm id rfids dev_ids value power_w voltage
current import_wh soc state cur ena wke phs E1 M1""".split()
documents = st.dictionaries(st.one_of(st.sampled_from(MEMBERS), st.text(max_size=8)), values)


def quoted(text):
    return "".join(
        chr(byte) if 48 <= byte < 58 or 65 <= byte < 91 or 97 <= byte < 123 else f"%{byte:02x}"
        for byte in text.encode("utf-8", "surrogatepass")
    )


def _within(parameter, draw):
    """A value that the table allows, more often than not."""
    name, kind, lowest, highest = (parameter.split(":") + ["", ""])[:4]
    if kind in ("int", "num", "expr"):
        return draw(st.integers(int(float(lowest)), min(int(float(highest)), 10**9)))
    if kind == "bool":
        return draw(st.booleans())
    if kind in ("three", "numbers"):
        return "1,2,3"
    if kind == "dev":
        return draw(st.sampled_from(["E1", "M1", "E2", "M9"]))
    if "|" in kind:
        return draw(st.sampled_from(kind.split("|")))
    return draw(texts)


@st.composite
def requests(draw, command):
    query = ["cmd=" + command[0]]
    body = None
    for parameter in command[5:]:
        name = parameter.split(":")[0].rstrip("?").lstrip("+")
        if name == "body":
            body = json.dumps(draw(documents)) if draw(st.booleans()) else draw(st.text())
        elif draw(st.booleans()):
            value = _within(parameter, draw) if draw(st.booleans()) else draw(plain_values)
            query.append(f"{name}={quoted(str(value))}")
    if draw(st.integers(0, 9)) == 0:
        query.append(quoted(draw(st.text(max_size=8))) + "=" + quoted(draw(st.text(max_size=8))))
    return "&".join(query), body, draw(st.sampled_from([ANYONE, ADMIN, OWNER]))


def bench():
    built = Bench()
    built.meter("M1", role=3)
    built.box.settings.put("devices", {"dev_id": "E2", "dev_type": "evse_ajax"})
    built.box.devices.renew()
    return built


def state(built):
    box = built.box
    limits = [row for row in built.point.limits.table(built.now) if row[1] is not None]
    return copy.deepcopy(
        (box.settings.document(), list(box.values().expressions()), limits, built.point.enabled)
    ), box.temporary_plans


def refused(answer):
    return isinstance(answer, dict) and "error" in answer


def check_shape(answer):
    text = JsonStream(answer).text()
    assert json.loads(text) == plain(answer)
    if refused(answer):
        error = answer["error"]
        assert set(error) == {"code", "text", "parameter"}
        assert all(isinstance(value, str) for value in error.values())
        assert error["code"] and error["text"] and len(error["text"]) < 400


@pytest.mark.parametrize("command", COMMANDS, ids=lambda line: line[0])
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_is_asked_is_answered_in_shape_and_a_refusal_changes_nothing(command, data):
    built = bench()
    query, body, role = data.draw(requests(command))
    before = state(built)
    answer = built.box.commands.call(query, body, role)
    check_shape(answer)
    if refused(answer):
        assert state(built) == before and built.box.system.asked == []
    for device in built.box.devices:
        assert json.loads(JsonStream(device.info(built.now)).text())
    document = built.box.settings.document()
    again = Bench().box.settings
    assert again.load(json.loads(json.dumps(document))) == []


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(COMMANDS), st.sampled_from([ANYONE, ADMIN]))
def test_nobody_calls_what_his_role_forbids(command, role):
    built = bench()
    answer = built.box.commands.call("cmd=" + command[0], "{}", role)
    if role < ROLES.index(command[1].encode()):
        assert answer["error"]["code"] == "not_allowed"
    else:
        assert not refused(answer) or answer["error"]["code"] != "not_allowed"


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.binary(), documents.map(json.dumps)), st.booleans())
def test_whatever_arrives_on_ctl_and_set_is_answered_or_ignored(payload, control):
    built = bench()
    topics = built.topics()
    data = payload.encode("utf-8", "surrogatepass") if isinstance(payload, str) else payload
    topics.received(b"cfos_mqtt/ctl" if control else b"cfos_mqtt/set/M1", data, Message())
    for message in built.published:
        json.loads(message[2].text())
    owner, value_ma = built.point.limits.ruling()
    assert owner in ("hardware", "controller") and 0 <= value_ma <= 80000


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=200), st.binary(max_size=200)))
def test_whatever_topic_arrives_nothing_breaks(topic):
    built = bench()
    before = state(built)
    data = topic.encode("utf-8", "surrogatepass") if isinstance(topic, str) else topic
    built.topics().received(b"cfos_mqtt/api/" + data, b"", Message())
    assert state(built) == before or b"cmd=" in data
