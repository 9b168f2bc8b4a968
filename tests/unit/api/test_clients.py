"""What known clients of firmware 2.0.1 read, with the types that they need."""

import json

from firmware.codec.json_stream import JsonStream
from tests.unit.api.bench import Bench

PARAMS = """
title:str desc:str max_total_cur_prc:int max_total_current:int reserve_current:int
max_overdraft_cur:int max_total_evse_current:int cons_pwr:int prod_pwr:int error_pwr:int
grid_pwr:int storage_home:int storage_all:int cons_evse_power:int avail_evse_power:int
surplus_power:int cur_overdraft:int lb_enabled:bool disable_policy:int max_imbalance_cur:int
imbalance_add:bool min_pause_time:int phase_switch_delay:int reduce_on_com_err:bool
ocpp_srv_tls_mode:str ocpp_srv_port:int ocpp_srv_use_ext_cert:bool ocpp_srv_cert_fn:str
ocpp_srv_private_key_fn:str ocpp_srv_cacert_fn:list price_model:int fixed_price:int
last_budget_reset:int surplus_expr:str cm_flags:int cycle_time:int max_evses:int
shareware_mode:bool license_end:int real_evses:int real_evses_dis:int version:str time:int
vsn:dict cpu:int mem:int cm_vars:dict cm_outs:list
"""
COMMON = """
dev_type:str device_enabled:int name:str desc:str number:str address:str id:int dev_id:str
com_err:bool com_err_secs:int com_errors:int status:str last_error:str is_evse:bool
used_phases:int has_history:bool hide_dev:bool show_in_overview:bool
show_chart_in_dev_info:bool show_chart_in_overview:bool inputs:str user_info:dict model:str
power_w:int current_l1:int current_l2:int current_l3:int
"""
EVSE = """
ip_address:str label:str min_charging_cur:int max_charging_cur:int prio:int
charging_enabled:bool last_set_charging_cur:int total_energy:int ta_en:int charging_dur:int
phases:int phase_rotation:int state:int lreason:int paused:bool pause_reason:int pause_time:int
pause_min_time:int needs_auth:bool overrides:int evse:dict
"""
INTERNAL = """
dc_sensor_faults:int dc_last_test_time:str dc_sensor_fault:bool dc_sensor_glitches:int
cp_state:str cp_fault:bool pp_state:str charging:bool current:int enabled:bool
"""
METER = """
import:int export:int voltage_l1:int voltage_l2:int voltage_l3:int role:int factor:int
outputs:str
"""


def check(values, table):
    for entry in table.split():
        name, kind = entry.split(":")
        assert name in values, name
        assert type(values[name]).__name__ == kind, (name, values[name])


def dev_info(bench):
    return json.loads(JsonStream(bench.box.commands.call("cmd=get_dev_info")).text())


def test_every_member_of_firmware_2_0_1_is_there_with_its_type():
    bench = Bench()
    bench.meter("M1", role=3)
    info = dev_info(bench)
    assert type(info["auth_cnt"]) is int
    check(info["params"], PARAMS)
    evse, meter = info["devices"]
    check(evse, COMMON + EVSE)
    check(evse["evse"], INTERNAL)
    check(meter, COMMON + METER)
    check(
        info["params"]["vsn"], "vendorid:int version:int productid:int serialno:str platform:str"
    )


def test_home_assistant_reads_version_power_and_energy():
    info = dev_info(Bench())
    version = info["params"]["version"].split(".")
    assert float(version[0] + "." + version[1]) >= 1.2
    assert info["params"]["vsn"]["version"] == 0x02000001
    evse = info["devices"][0]
    assert evse["max_charging_cur"] / 1000 == 32
    assert evse["total_energy"] == 1234567 and evse["device_enabled"] == 1


def test_teslalogger_finds_the_grid_meter_and_the_charge_point():
    bench = Bench()
    bench.meter("M2", role=3).set({"import_wh": 5000}, bench.now)
    devices = dev_info(bench)["devices"]
    assert next(device for device in devices if device.get("role") == 3)["import"] == 5000
    evse = next(device for device in devices if device["is_evse"] is True)
    assert evse["evse"]["charging"] is False and evse["total_energy"] > 0


def test_py_powerbrain_and_cobot_find_what_they_need():
    bench = Bench()
    params = bench.ask("cmd=get_params", None, 0)
    assert "max_total_evse_power" in params and "version" in params
    assert bench.ask("cmd=get_dev_types", None, 0)["evse_powerbrain"]
    evse = dev_info(bench)["devices"][0]
    assert evse["dev_type"] == "evse_powerbrain" and evse["address"] == "evse:"
    assert 0 <= evse["state"] <= 5


def test_the_states_follow_the_pilot():
    bench = Bench()
    for letter, state, charging in (("A", 1, False), ("B", 2, False), ("C", 3, True),
                                    ("D", 4, True), ("E", 5, False), ("F", 5, False)):  # fmt: skip
        bench.point.shown = letter
        evse = dev_info(bench)["devices"][0]
        assert evse["state"] == state and evse["evse"]["charging"] is charging


def test_home_assistant_sends_power_va_and_float_texts():
    bench = Bench()
    meter = bench.meter("M2")
    query = "cmd=set_ajax_meter&dev_id=M2&is_va=true&power_va=-1500.0&import_wh=99.0"
    assert bench.ask(query + "&voltage=230.1,231.9,232&current=1000.0,2,3") == "ok"
    assert meter.reading.power_w == -1500 and meter.reading.import_wh == 99
    assert meter.reading.voltage_v == [230, 232, 232]
    assert bench.ask("cmd=override_device&dev_id=E1&mamps=16000.0") == "ok"
    assert dev_info(bench)["devices"][0]["ov_cur"] == 16000


def test_the_vendors_own_examples_work():
    bench = Bench()
    bench.meter("M3")
    for query, body in (
        ("cmd=set_params", '{"max_total_cur_prc": 70}'),
        ("cmd=set_cm_vars&name=x&val=1", None),
        ("cmd=set_cm_vars", '{"vars":[{"name":"tarif","expr":1}]}'),
        ("cmd=set_ajax_meter&dev_id=M3", '{"model":"My Meter","import_wh":12345,'
         '"voltage":[231,232,233],"current":[1100,1200,1300],"power_w":1234}'),
        ("cmd=set_ajax_meter&dev_id=M3&voltage=231,232,233", None),
        ("cmd=set_cplan&dev_id=$G&tmp=1",
         '{"cplan":[{"dc":false,"st":0,"dr":1440,"lm":16000}]}'),
    ):  # fmt: skip
        assert bench.ask(query, body) == "ok", query
