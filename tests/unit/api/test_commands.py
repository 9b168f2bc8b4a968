import json

from firmware.api.commands import ADMIN, ANYONE, OPEN, ROLES, rows
from tests.unit.api.bench import Bench


def test_every_command_of_the_table_has_its_handler():
    for line in rows():
        assert callable(line[4]), line[0]
        assert line[1].encode() in ROLES and line[2] in ("-", "flash"), line[0]
        for place, parameter in enumerate(line[5:], 6 - len(line)):
            words = parameter.split(":")
            assert len(words) in (2, 4), parameter  # a type alone, or with both bounds
            body = words[0].rstrip("?") in ("body", "+body")
            assert body == (words[1] == "any") == words[0].startswith(("body", "+")), parameter
            assert not body or place == 0, f"{line[0]}: {parameter} comes last"


def test_who_has_no_role_is_refused_before_anything_is_loaded():
    opened = [line[0] for line in rows() if line[1] == "anyone"]
    assert sorted(OPEN.split()) == sorted(opened)
    for line in rows():
        answer = Bench().ask("cmd=" + line[0], None, ANYONE)
        denied = isinstance(answer, dict) and answer.get("error", {}).get("code") == "not_allowed"
        assert denied == (line[0] not in opened), line[0]


def test_dev_info_is_for_anyone_and_parameters_are_for_the_admin():
    bench = Bench()
    assert bench.ask("cmd=get_dev_info", None, ANYONE)["params"]["version"] == "2.0.1"
    refused = bench.ask("cmd=set_params", '{"title": "x"}', ANYONE)
    assert refused["error"]["code"] == "not_allowed"
    assert bench.box.settings.params.title == "Wallbox"
    assert bench.ask("cmd=set_params", '{"title": "x"}', ADMIN) == "ok"
    assert bench.box.settings.params.title == "x"


def test_bad_requests_are_named_and_change_nothing():
    bench = Bench()
    bench.meter("M3")
    for query, body, code, parameter in (
        ("", None, "unknown_command", "cmd"),
        ("cmd=fly", None, "unknown_command", "cmd"),
        ("cmd=get_dev_info&x=1", None, "unknown_parameter", "x"),
        ("cmd=set_params", None, "missing_parameter", "body"),
        ("cmd=set_params", "{title: 'x'", "unreadable", "body"),
        ("cmd=set_params", "{titel: 'x'}", "bad_value", "params.titel"),
        ("cmd=set_params", "{title: 'y', max_total_cur_prc: 101}", "bad_value",
         "params.max_total_cur_prc"),
        ("cmd=set_params", "[1]", "bad_value", "body"),
        ("cmd=set_params", '{"network": {"admin_password": "x"}}', "not_allowed",
         "network.admin_password"),
        ("cmd=set_ajax_meter&dev_id=M9", "{power_w: 1}", "unknown_device", "dev_id"),
        ("cmd=set_ajax_meter&dev_id=E1", "{power_w: 1}", "wrong_device", "dev_id"),
        ("cmd=set_ajax_meter&dev_id=M3", "{power_w: 'x'}", "bad_value", "power_w"),
        ("cmd=set_ajax_meter&dev_id=M3", "{power: 1}", "unknown_parameter", "power"),
        ("cmd=set_ajax_meter", "{power_w: 1}", "missing_parameter", "dev_id"),
        ("cmd=set_ajax_meter&dev_id=X3", None, "bad_value", "dev_id"),
        ("cmd=set_cm_vars", None, "missing_parameter", "name"),
        ("cmd=set_cm_vars&name=1x&val=2", None, "bad_value", "name"),
        ("cmd=set_cm_vars&name=%zz&val=2", None, "unreadable", "query"),
        ("cmd=del_device&dev_id=E1", None, "not_allowed", "dev_id"),
        ("cmd=get_settings&section=x", None, "bad_value", "section"),
    ):  # fmt: skip
        before = bench.box.settings.document()
        answer = bench.ask(query, body)
        assert answer["error"]["code"] == code, (query, answer)
        assert answer["error"]["parameter"] == parameter, (query, answer)
        assert answer["error"]["text"]
        assert bench.box.settings.document() == before, query


def test_a_request_id_comes_back_with_the_answer():
    bench = Bench()
    answer = bench.ask("cmd=set_cm_vars&name=x&val=1&id=a-7")
    assert answer == {"id": "a-7", "answer": "ok"}
    assert bench.ask("cmd=nothing&id=5")["error"]["code"] == "unknown_command"


def test_the_share_of_the_house_connection_never_asks_for_flash():
    bench = Bench()
    revision = bench.box.settings.revision
    assert bench.ask("cmd=set_params", '{"max_total_cur_prc": 70}') == "ok"
    assert bench.box.settings.params.max_total_cur_prc == 70
    assert bench.box.settings.revision == revision
    assert bench.ask("cmd=set_params", '{"reserve_current": 70}') == "ok"
    assert bench.box.settings.revision == revision + 1
    assert bench.ask("cmd=set_params", '{"reserve_current": 70}') == "ok"
    assert bench.box.settings.revision == revision + 1


def test_variables_are_set_from_query_and_body_and_tmp_keeps_out_of_flash():
    bench = Bench()
    assert bench.ask("cmd=set_cm_vars&name=x&val=1") == "ok"
    revision = bench.box.settings.revision
    assert bench.ask("cmd=set_cm_vars&name=y&val=2.5&tmp=1") == "ok"
    assert bench.ask("cmd=set_cm_vars", '{"vars":[{"name":"tarif","expr":1}]}') == "ok"
    assert bench.box.settings.revision == revision + 1
    found = {entry["name"]: entry["value"] for entry in bench.ask("cmd=get_cm_vars")["vars"]}
    assert found == {"x": 1, "y": 2.5, "tarif": 1}
    assert bench.ask("cmd=set_cm_vars&clear=1&name=z&val=3") == "ok"
    assert [entry["name"] for entry in bench.ask("cmd=get_cm_vars")["vars"]] == ["z"]


def test_an_input_meter_takes_body_query_and_old_names():
    bench = Bench()
    meter = bench.meter("M3", role=3)
    body = '{"model":"x","import_wh":12345,"voltage":[230,231,232],"current":[1000,-2000,3000]}'
    assert bench.ask("cmd=set_ajax_meter&dev_id=M3", body) == "ok"
    assert meter.reading.power_w == 230 - 462 + 696
    assert bench.ask("cmd=set_ajax_meter&dev_id=M3&voltage=231,232,233&power_va=-500") == "ok"
    info = meter.info(bench.now)
    assert (info["power_w"], info["voltage_l3"], info["import"]) == (-500, 233, 12345)
    assert info["com_err"] is False
    bench.now += 91000
    info = meter.info(bench.now)
    assert (info["com_err"], info["power_w"], info["import"]) == (True, 0, 12345)


def test_a_device_is_added_changed_by_its_own_listing_and_deleted():
    bench = Bench()
    body = '{"devices":[{"dev_id":"M7","dev_type":"meter_ajax","name":"House","role":3}]}'
    assert bench.ask("cmd=set_device", body) == "ok"
    listed = bench.ask("cmd=get_dev_info")["devices"]
    assert [device["dev_id"] for device in listed] == ["E1", "M7"]
    listed[1]["name"] = "Grid"
    assert bench.ask("cmd=set_device", json.dumps({"devices": [listed[1]]})) == "ok"
    assert bench.box.devices.get("M7").info(0)["name"] == "Grid"
    assert bench.ask("cmd=del_device&dev_id=M7") == "ok"
    assert bench.box.devices.get("M7") is None


def test_passwords_are_never_shown():
    bench = Bench()
    body = '{"network":{"wifi_password":"hush-hush"},"mqtt":{"broker":"mqtt://me:hush-hush@h"}}'
    assert bench.ask("cmd=set_params", body) == "ok"
    assert bench.box.settings.network.wifi_password == "hush-hush"
    shown = str(bench.ask("cmd=get_settings")) + str(bench.ask("cmd=get_dev_info"))
    assert "hush" not in shown and "me:***@h" in shown
    assert bench.ask("cmd=set_params", '{"mqtt":{"broker":"mqtt://me:***@h"}}') == "ok"
    assert bench.box.settings.mqtt.broker == "mqtt://me:hush-hush@h"


def test_help_lists_every_command():
    bench = Bench()
    assert bench.ask("cmd=help") == [line[0] for line in rows()]
    assert bench.ask("cmd=help&name=set_params")["role"] == "admin"
