import json

from tests.unit.api.bench import Bench, Message


def finish(bench, topics):
    """Long answers are measured over several looks before they are sent."""
    for _ in range(100):
        topics.due(bench.now)


def received(bench, topics, topic, payload, message=None):
    bench.published.clear()
    topics.received(topic.encode(), payload.encode(), message or Message())
    finish(bench, topics)
    return [(entry[1], json.loads(entry[2].text())) for entry in bench.published]


def ctl(bench, payload):
    return received(bench, bench.topics(), "cfos_mqtt/ctl", payload)[0][1]["ctl"]


def test_control_as_people_type_it_becomes_a_limit_that_expires():
    bench = Bench()
    assert ctl(bench, "{\nE1: {cur: '8000.0', ena: true,},\n}") == {"E1": "ok"}
    limits = bench.point.limits
    assert limits.ruling() == ("controller", 8000)
    limits.update(bench.now + 86400000)
    assert limits.ruling() == ("controller", 6000)


def test_control_of_one_bad_device_does_not_stop_the_others():
    bench = Bench()
    answer = ctl(bench, '{"E9": {"cur": 8000}, "M1": 5, "E1": {"cur": 7000, "phs": 1}}')
    assert answer["E9"]["error"]["code"] == "unknown_device"
    assert answer["M1"]["error"]["code"] == "unknown_device"
    assert answer["E1"] == "ok"
    assert bench.point.asked_phases == 1 and bench.point.limits.ruling() == ("controller", 7000)


def test_one_bad_member_changes_nothing_of_its_device():
    bench = Bench()
    for members in (
        "ena: false, phs: 1, cur: -1",
        "ena: false, phs: 1, cur: true",
        "ena: false, phs: 1, cur: 'x'",
        "ena: false, phs: 1, cur: 90000",
        "ena: false, phs: 1, cur: null",
        "ena: false, phs: 2, cur: 7000",
        "ena: 7, phs: 1, cur: 7000",
        "ena: false, phs: 1, cur: 7000, foo: 1",
        "ena: false, wke: 1, cur: 7000",
        "ena: false, ena: false",
    ):
        answer = ctl(bench, "{E1: {" + members + "}}")
        assert "error" in answer.get("E1", answer), (members, answer)
        assert bench.point.limits.ruling() == ("hardware", 32000), members
        assert bench.point.enabled and bench.point.asked_phases == 3, members


def test_a_refused_wake_up_leaves_the_rest_as_it_was():
    bench = Bench()
    answer = ctl(bench, "{E1: {ena: false, wke: true}}")["E1"]
    assert answer["error"]["code"] == "refused" and answer["error"]["parameter"] == "wke"
    assert bench.point.enabled
    bench.point.shown = "B"
    assert ctl(bench, "{E1: {ena: false, wke: true}}")["E1"] == "ok"
    assert bench.point.woken == 1 and not bench.point.enabled


def test_control_that_is_not_allowed_says_why():
    bench = Bench()
    bench.box.settings.change({"params.lb_enabled": True})
    assert "observe" in ctl(bench, "{E1: {cur: 8000}}")["error"]["text"]
    bench.box.settings.change({"params.lb_enabled": False, "mqtt.control": False})
    assert "switched off" in ctl(bench, "{E1: {cur: 8000}}")["error"]["text"]
    assert bench.point.limits.ruling() == ("hardware", 32000)
    assert any("switched off" in line for line in bench.lines)


def test_unreadable_control_names_the_position():
    bench = Bench()
    assert "position 13" in ctl(bench, "{E1: {cur: 8 000}}")["error"]["text"]
    for payload in ("", "[1]", "7", "{" * 100, '{"E1": {"cur": NaN}}', '{"E1": 1, "E1": 2}'):
        assert "error" in ctl(bench, payload), payload


def test_retained_messages_are_never_executed():
    bench = Bench()
    bench.meter("M3")
    topics = bench.topics()
    for topic, payload in (
        ("ctl", "{E1: {cur: 8000}}"),
        ("api/cmd=set_cm_vars&name=x&val=1", ""),
        ("set/M3", "{power_w: 5}"),
    ):
        assert received(bench, topics, "cfos_mqtt/" + topic, payload, Message(retain=True)) == []
    assert bench.point.limits.ruling() == ("hardware", 32000)
    assert bench.ask("cmd=get_cm_vars")["vars"] == []
    assert bench.box.devices.get("M3").reading.power_w is None


def test_set_feeds_a_meter_and_answers_only_when_refused():
    bench = Bench()
    meter = bench.meter("M3")
    topics = bench.topics()
    payload = "{model: 'Tasmota', import_wh: 100, voltage: [230, 230, 230], current: [1000, 0, 0]}"
    assert received(bench, topics, "cfos_mqtt/set/M3", payload) == []
    assert meter.reading.power_w == 230 and meter.info(bench.now)["model"] == "Tasmota"
    answer = received(bench, topics, "cfos_mqtt/set/M3", '{"power_w": "many"}')
    assert answer[0][1]["set"]["M3"]["error"]["parameter"] == "power_w"
    assert received(bench, topics, "cfos_mqtt/set/M4", "{}")[0][1]["set"]["M4"]["error"]
    assert received(bench, topics, "cfos_mqtt/set/E1", "{}")[0][1]["set"]["E1"]["error"]


def test_the_query_in_the_topic_and_the_body_in_the_payload():
    bench = Bench()
    topics = bench.topics()
    answer = received(bench, topics, "cfos_mqtt/api/cmd=set_cm_vars&name=x&val=1", "")
    assert answer == [("cfos_mqtt/api_res", "ok")]
    answer = received(bench, topics, "cfos_mqtt/api/cmd=set_params", '{"max_total_cur_prc": 70}')
    assert answer == [("cfos_mqtt/api_res", "ok")]
    assert bench.box.settings.params.max_total_cur_prc == 70
    message = Message(response_topic=b"my/answers", correlation=b"\x01")
    topics.received(b"cfos_mqtt/api/cmd=get_cm_vars&id=9", b"", message)
    finish(bench, topics)
    assert [entry[1] for entry in bench.published[-2:]] == ["cfos_mqtt/api_res", "my/answers"]
    assert bench.published[-1][3] == b"\x01"


def test_an_answer_that_is_too_long_names_the_address():
    bench = Bench()
    bench.box.settings.change({"mqtt.max_answer": 512})
    answer = received(bench, bench.topics(), "cfos_mqtt/api/cmd=get_dev_info", "")[0][1]
    assert answer["error"]["code"] == "too_long" and "192.168.1.5" in answer["error"]["text"]


def test_admin_commands_over_mqtt_can_be_switched_off():
    bench = Bench()
    bench.box.settings.change({"mqtt.api_admin": False})
    answer = received(bench, bench.topics(), "cfos_mqtt/api/cmd=set_cm_vars&name=x&val=1", "")
    assert answer[0][1]["error"]["code"] == "not_allowed"


def test_senseless_topics_change_nothing():
    bench = Bench()
    topics = bench.topics()
    for topic in (b"", b"cfos_mqtt", b"cfos_mqtt/", b"cfos_mqtt/xyz", b"other/ctl", b"\xff/ctl",
                  b"cfos_mqtt_1/ctl", b"cfos_mqtt/ctl/more", b"cfos_mqtt/api_res"):  # fmt: skip
        topics.received(topic, b"{E1: {cur: 8000}}", Message())
    assert bench.point.limits.ruling() == ("hardware", 32000)


def test_the_serial_number_may_be_part_of_the_root():
    bench = Bench()
    bench.box.settings.change({"mqtt.use_serial_number": True})
    filters = [entry[1] for entry in bench.topics().filters()]
    assert filters[0] == "cfos_mqtt_W00-0001/set/+"


def test_topics_are_published_on_change_at_most_each_second_at_least_each_minute():
    bench = Bench()
    meter = bench.meter("M3", publish=True)
    topics = bench.topics()

    def seconds(count):
        sent = {}
        end = bench.now + count * 1000
        while bench.now < end:
            bench.now += 20 if topics.busy() else 50  # as the door does
            found = topics.due(bench.now)
            if found:
                json.loads(found[2].text())
                sent[found[1][14:]] = sent.get(found[1][14:], 0) + 1
        return sent

    assert seconds(2) == {"dev_info": 1, "params": 1, "M3": 1}
    assert seconds(20) == {}
    assert seconds(45) == {"dev_info": 1, "params": 1, "M3": 1}
    sent = 0
    for watts in range(40):
        meter.set({"power_w": watts}, bench.now)
        sent += seconds(1).get("dev_info", 0)
    assert 25 <= sent <= 40, sent
    bench.box.settings.change({"mqtt.info": False})
    seconds(1)
    assert set(seconds(100)) == {"M3"}


def test_log_entries_are_published_once_up_to_their_level():
    bench = Bench()
    bench.box.settings.change({"mqtt.log": True, "mqtt.info": False, "mqtt.log_level": "warning"})
    topics = bench.topics()
    bench.box.log.info("a", "one")
    bench.box.log.warning("b", "two")
    found = [topics.due(bench.now) for _ in range(10)]
    found = [entry for entry in found if entry]
    assert [entry[:2] for entry in found] == [("log", "cfos_mqtt/log")]
    assert json.loads(found[0][2].text()) == {
        "nr": 2, "time": 1700000000, "level": "warning", "topic": "b", "text": "two"
    }  # fmt: skip


def test_long_answers_are_sent_one_after_the_other_and_the_flood_is_bounded():
    bench = Bench()
    topics = bench.topics()
    for number in range(20):
        topics.received(b"cfos_mqtt/api/cmd=get_dev_info&id=%d" % number, b"", Message())
    assert bench.published == []
    finish(bench, topics)
    finish(bench, topics)
    ids = [json.loads(entry[2].text())["id"] for entry in bench.published]
    assert 8 <= len(ids) <= 9 and ids[-1] == "19"
    assert any("too fast" in line for line in bench.lines)


def test_control_of_too_much_is_refused():
    bench = Bench()
    many = ",".join(["E%d: {cur: 1}" % number for number in range(1, 40)])
    assert ctl(bench, "{" + many + "}")["error"]["code"] == "bad_value"
    bench.box.may_hold = lambda: False
    assert ctl(bench, "{" + many + "}")["error"]["code"] == "busy"
    assert ctl(bench, "{E1: {cur: 7000}}") == {"E1": "ok"}


def test_an_answer_goes_to_the_broker_that_the_request_came_from():
    bench = Bench()
    topics = bench.topics()
    for topic, payload, function in (
        ("ctl", "{E1: {cur: 8000}}", "control"),
        ("set/M9", "{}", "input"),
        ("api/cmd=get_dev_types", "", "api"),
    ):
        received(bench, topics, "cfos_mqtt/" + topic, payload)
        assert [entry[0] for entry in bench.published] == [function], topic


def test_what_is_switched_off_is_subscribed_to_and_says_so():
    bench = Bench()
    bench.box.settings.change({"mqtt.control": False, "mqtt.api": False})
    topics = bench.topics()
    assert len(list(topics.filters())) == 3
    assert "mqtt.control" in ctl(bench, "{E1: {cur: 8000}}")["error"]["text"]
    answer = received(bench, topics, "cfos_mqtt/api/cmd=set_params", '{"title": "x"}')[0][1]
    assert answer["error"]["code"] == "not_allowed" and "mqtt.api" in answer["error"]["text"]
    assert bench.box.settings.params.title == "Wallbox"
    assert bench.point.limits.ruling() == ("hardware", 32000)


def test_all_devices_and_each_device_have_their_own_switch():
    found = {}
    for everything in (True, False):
        for one in (True, False):
            bench = Bench()
            bench.meter("M3", publish=one)
            bench.box.settings.change({"mqtt.info": everything})
            topics = bench.topics()
            sent = [topics.due(bench.now) for _ in range(300)]
            found[everything, one] = {entry[1][14:] for entry in sent if entry}
    assert found[True, True] == {"dev_info", "params", "M3"}
    assert found[True, False] == {"dev_info", "params"}
    assert found[False, True] == {"M3"}
    assert found[False, False] == set()


def test_queries_with_cards_and_passwords_never_reach_the_log():
    bench = Bench()
    topics = bench.topics()
    for query in ("cmd=enter_rfid&rfid=98765432", "rfid=98765432&cmd=enter_rfid"):
        topic = "cfos_mqtt/api/" + query
        received(bench, topics, topic, "", Message(retain=True))
        received(bench, topics, topic, "")
        received(bench, topics, "x/api/" + query, "")
    received(bench, topics, "cfos_mqtt/api/cmd=change_admin_pwd&old_pwd=98765432&new_pwd=9", "")
    body = '{"id": "u1", "rfids": [{"id": "' + "98765432" * 8 + '"}]}'
    received(bench, topics, "cfos_mqtt/api/cmd=set_user", body)
    assert len(bench.lines) >= 7
    assert not any("98765" in line for line in bench.lines), bench.lines
