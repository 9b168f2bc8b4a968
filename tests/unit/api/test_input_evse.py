import json

from firmware.api.chores import Chores
from tests.unit.api.bench import Bench, Message

REPORT = '{"state": 3, "current": [9000, 9100, 9200], "total_energy": 5000, "model": "Other"}'


def bench():
    built = Bench()
    built.box.settings.put(
        "devices", {"dev_id": "E2", "dev_type": "evse_ajax", "max_charging_cur": 20000}
    )
    built.box.devices.renew()
    return built


def test_a_report_is_answered_with_what_to_do():
    built = bench()
    assert built.ask("cmd=set_ajax_evse&dev_id=E2", REPORT) == {
        "device_enabled": True,
        "charging_enabled": True,
        "paused": False,
        "charging_current": 20000,
    }
    query = "cmd=set_ajax_evse&dev_id=E2&state=3&current=1,2,3&max_charging_current=13000"
    assert built.ask(query)["charging_current"] == 13000
    for bad in ("state=7", "state=x", "current=1,2,3,4", "rfid=" + "1" * 40, "foo=1"):
        assert "error" in built.ask("cmd=set_ajax_evse&dev_id=E2&" + bad), bad
    assert "error" in built.ask("cmd=set_ajax_evse&dev_id=E1", REPORT)


def test_it_is_controlled_like_the_own_charge_point():
    built = bench()
    topics = built.topics()

    def told(members):
        built.published.clear()
        topics.received(b"cfos_mqtt/ctl", ("{E2: {" + members + "}}").encode(), Message())
        assert json.loads(built.published[0][2].text()) == {"ctl": {"E2": "ok"}}
        return built.ask("cmd=set_ajax_evse&dev_id=E2", REPORT)

    assert told("cur: 8000")["charging_current"] == 8000
    assert told("cur: 5000")["paused"] is True
    assert told("cur: 8000, ena: false") == {
        "device_enabled": True,
        "charging_enabled": False,
        "paused": False,
        "charging_current": 0,
    }
    topics.received(b"cfos_mqtt/ctl", b"{E2: {phs: 1, cur: 10000, ena: 1}}", Message())
    assert built.ask("cmd=set_ajax_evse&dev_id=E2", REPORT)["charging_current"] == 0


def test_the_orders_for_mqtt_come_on_api_res():
    built = bench()
    topics = built.topics()
    topics.received(b"cfos_mqtt/set/E2", REPORT.encode(), Message())
    answer = json.loads(built.published[0][2].text())
    assert answer["set"]["E2"]["charging_current"] == 20000


def test_a_silent_one_is_offline_and_its_energy_never_falls():
    built = bench()
    chores = Chores(built.box)
    device = built.box.devices.get("E2")
    assert device.info(built.now)["state"] == 6
    built.ask("cmd=set_ajax_evse&dev_id=E2", REPORT)
    info = device.info(built.now)
    assert (info["state"], info["total_energy"], info["current_l3"]) == (3, 5000, 9200)
    assert info["power_w"] == (9000 + 9100 + 9200) * 230 // 1000
    built.ask("cmd=set_ajax_evse&dev_id=E2&total_energy=10")
    assert device.info(built.now)["total_energy"] == 5000
    built.now += 91000
    chores.tick(built.now)
    info = device.info(built.now)
    assert (info["state"], info["com_err"], info["power_w"]) == (6, True, 0)
    assert info["total_energy"] == 5000


def test_cards_and_overrides_are_for_the_own_charge_point():
    built = bench()
    for query in ("cmd=enter_rfid&rfid=1&dev_id=E2", "cmd=override_device&dev_id=E2&flags=C"):
        assert built.ask(query)["error"]["code"] == "wrong_device"
