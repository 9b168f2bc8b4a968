"""Every shipped definition against a register image or an answer as its source describes them."""

import json
import os
import struct

from firmware.codec.modbus_values import TYPES, width
from firmware.meter.checks import Checks
from firmware.meter.definition import Definition
from firmware.meter.json_meter import JsonMeter
from firmware.meter.modbus_meter import ModbusMeter

FOLDER = "firmware/meter/definitions/"

# Name; unit function; what the registers hold: "TYPE[lh] ADDRESS VALUE ...", one line per group;
# what the reading must be: V, mA, W, import and export in Wh.
ONE = [230, None, None]
TEN = [10000, None, None]
NONE = [None] * 3
THREE = ([230, 230, 231], [16000, 15980, -10000], 5060, 12345670, 1500)
IMAGES = (
    ("ytl_dts353", 3, """float 0x0E 230.4 229.6 231 50 16 15.98 10 5.06 3.68 3.67 -2.29
        float 0x108 12345.67 4000 4000 4345.67 1.5""", THREE),
    ("orno_we517", 3, """float 0x0E 230.4 229.6 231 50 16 15.98 10 5.06 3.68 3.67 -2.29
        float 0x108 12345.67 4000 4000 4345.67 1.5""", THREE),
    ("orno_we515", 3, """uint16 0x131 23040
        uint32 0x139 16000
        uint32 0x140 3686
        uint32 0xA000 1234567""", ([230, None, None], [16000, None, None], 3686, 12345670, None)),
    ("eastron_sdm630", 4, """float 0 230.4 229.6 231 16 15.98 10 3680 3670 -2290
        float 0x34 5060
        float 0x48 12345.67 1.5""", THREE),
    ("eastron_sdm54", 4, """float 0 230.4 229.6 231 16 15.98 10 3680 3670 -2290
        float 0x34 5060
        float 0x48 12345.67 1.5""", THREE),
    ("eastron_sdm72d_v2", 4, """float 0 230.4 229.6 231 16 15.98 10 3680 3670 -2290
        float 0x34 5060
        float 0x48 12345.67 1.5""", THREE),
    ("eastron_sdm72d", 4, """float 0x34 -5060
        float 0x48 12345.67 1.5""", (NONE, NONE, -5060, 12345670, 1500)),
    ("eastron_sdm120", 4, """float 0 230.4
        float 6 10
        float 0x0C -2300
        float 0x48 12345.67 1.5""", (ONE, TEN, -2300, 12345670, 1500)),
    ("eastron_sdm220", 4, """float 0 230.4
        float 6 10
        float 0x48 12345.67 1.5""", (ONE, TEN, 2300, 12345670, 1500)),
    ("eastron_sdm230", 4, """float 0 230.4
        float 6 10
        float 0x0C 2290
        float 0x48 12345.67 1.5""", (ONE, TEN, 2290, 12345670, 1500)),
    ("abb_b23", 3, """uint32 0x5B00 2304 2296 2310
        uint32 0x5B0C 1600 1598 1000
        int32 0x5B14 506000 368000 367000 -229000
        int64 0x5000 1234567 150""", THREE),
    ("abb_b23", 3, """uint32 0x5B00 2304 4294967295 4294967295
        uint32 0x5B0C 1600 4294967295 4294967295
        int32 0x5B14 368600 368600 2147483647 2147483647
        int64 0x5000 1234567 -1""", ([230, 0, 0], [16000, 0, 0], 3686, 12345670, 0)),
    ("carlo_gavazzi_em24", 4, """int32lh 0 2304 2296 2310
        int32lh 0x0C 16000 15980 10000 36800 36700 -22900
        int32lh 0x28 50600
        int32lh 0x42 123456
        int32lh 0x5C 15""", THREE[:3] + (12345600, 1500)),
    ("carlo_gavazzi_em24_e1", 4, """int32lh 0 2304 2296 2310
        int32lh 0x0C 16000 15980 -10000 36800 36700 -22900
        int32lh 0x28 50600
        int32lh 0x34 123456
        int32lh 0x4E 15""", THREE[:3] + (12345600, 1500)),
    ("carlo_gavazzi_em340", 4, """int32lh 0 2304 2296 2310
        int32lh 0x0C 16000 15980 -10000 36800 36700 -22900
        int32lh 0x28 50600
        int32lh 0x34 123456
        int32lh 0x4E 15""", THREE[:3] + (12345600, 1500)),
    ("janitza_umg96", 3, """float 19000 230.4 229.6 231
        float 19012 16 15.98 10
        float 19020 3680 3670 -2290 5060
        float 19068 12345670
        float 19076 1500""", THREE),
    ("siemens_pac2200", 4, """float 1 230.4 229.6 231
        float 13 16 15.98 10
        float 25 3680 3670 -2290
        float 65 5060
        double 801 12345670
        double 809 1500""", THREE),
    ("schneider_iem3155", 3, """float 2999 16 15.98 10
        float 3027 230.4 229.6 231
        float 3053 3.68 3.67 -2.29 5.06
        int64 3203 12345670 1500""", THREE),
    ("chint_dtsu666", 3, """float 0x2000 2304 2296 2310
        float 0x200C 16000 15980 10000 50600 36800 36700 -22900
        float 0x101E 12345.67
        float 0x1028 1.5""", THREE),
    ("inepro_pro380", 3, """float 0x5002 230.4 229.6 231
        float 0x500C 16 15.98 10 5.06 3.68 3.67 -2.29
        float 0x600C 12345.67
        float 0x6018 1.5""", THREE),
    ("bernecker_mpm3pm", 3, """uint32 2 1234567 150
        uint32 8 2304 2296 2310 1600 1598 1000
        int32 0x14 368000 367000 -229000
        int32 0x26 506000""", THREE),
    ("socomec_countis_e", 3, """uint32 0xC558 23040 22960 23100
        uint32 0xC560 16000 15980 10000
        int32 0xC568 506
        int32 0xC570 368 367 -229
        uint32 0xC652 12345
        uint32 0xC658 2""", THREE[:3] + (12345000, 2000)),
    ("eltako_dsz15", 4, """uint32 0 23040 22960 23100 1600 1598 1000
        int32 0x0C 3680 3670 -2290
        int32 0x34 5060
        uint32 0x48 1234567 150""", THREE),
    ("dzg_dvh4013", 3, """uint32 0 0 50600
        uint32 4 23040 22960 23100 16000 15980 10000
        uint32 0x4000 12345670
        uint32 0x4100 1500""", ([230, 230, 231], [16000, 15980, 10000], -5060, 12345670, 1500)),
    ("bge_ws100", 3, """uint32 0x100 230400
        int32 0x102 -10000
        int32 0x104 -2304
        uint32 0x10E 1234567
        uint32 0x118 150""", ([230, None, None], [-10000, None, None], -2304, 12345670, 1500)),
    ("ddm18sd", 4, """float 0 230.4
        float 8 10
        float 0x12 2304
        float 0x100 12345.67""", (ONE, TEN, 2304, 12345670, None)),
    ("victron_vm3p75ct", 3, """int16 0x3040 23040 1600
        int16 0x3048 22960 1598
        int16 0x3050 23100 1000
        uint32 0x3034 1234567 150
        int32 0x3080 5060 3680
        int32 0x3086 3670
        int32 0x308A -2290""", THREE),
)  # fmt: skip

GRID = ([228, 226, 225], [-92, 252, 747], 203, 18664997, 13823608)
SHELLY = {
    "a_current": 4.029, "a_voltage": 236.1, "a_act_power": 951.2,
    "b_current": 4.027, "b_voltage": 236.2, "b_act_power": -951.1,
    "c_current": 3.03, "c_voltage": 236.3, "c_act_power": 715.4, "total_act_power": 715.5,
}  # fmt: skip
TASMOTA = {"Total": 1290.396, "Power": 2304, "Voltage": 230, "Current": 10.02}
SML = {"Total_in": 34507.4761, "Total_out": 14737.1422, "Power_curr": -894}
NRG = [230, 231, 229, 1, 16, 15.9, 16.1, 3680, 3670, 3690, 0, 11040, 100, 100, 100, 0]

# Name, answers by path, expected.
ANSWERS = (
    ("shelly_3em", {"/status": {"emeters": [
        {"power": 10.66, "current": 0.08, "voltage": 232.06, "total": 5.3, "total_returned": 0.0},
        {"power": -100.0, "current": 0.5, "voltage": 232.06, "total": 10.0, "total_returned": 7.0},
        {"power": 0.0, "current": 0.01, "voltage": 232.05, "total": 1.0, "total_returned": 0.0}],
        "total_power": -89.34}}, ([232, 232, 232], [80, -500, 10], -89, 16, 7)),
    ("shelly_pro3em", {"/rpc/EM.GetStatus?id=0": SHELLY,
        "/rpc/EMData.GetStatus?id=0": {"total_act": 3458.24, "total_act_ret": 1605.6}},
        ([236, 236, 236], [4029, -4027, 3030], 716, 3458, 1606)),
    ("shelly_pro3em_mqtt", {"shellypro3em-1/status/em:0": SHELLY,
        "shellypro3em-1/status/emdata:0": {"total_act": 3458.24, "total_act_ret": 1605.6}},
        ([236, 236, 236], [4029, -4027, 3030], 716, 3458, 1606)),
    ("homewizard_p1", {"/api/v1/data": {
        "active_power_w": 203.0, "active_power_l1_w": -21.0, "active_power_l2_w": 57.0,
        "active_power_l3_w": 168.0, "active_voltage_l1_v": 228.0, "active_voltage_l2_v": 226.0,
        "active_voltage_l3_v": 225.0, "active_current_l1_a": -0.092, "active_current_l2_a": 0.252,
        "active_current_l3_a": 0.747, "total_power_import_kwh": 18664.997,
        "total_power_export_kwh": 13823.608}}, GRID),
    ("homewizard_p1", {"/api/v1/data": {"active_power_w": 1381.396, "active_power_l1_w": 1381.396,
        "total_power_import_kwh": 1.097, "total_power_export_kwh": 0}},
        (NONE, NONE, 1381, 1097, 0)),
    ("tasmota_mqtt", {"tele/plug/SENSOR": {"Time": "x", "ENERGY": TASMOTA}},
        ([230, None, None], [10020, None, None], 2304, 1290396, None)),
    ("tasmota_sml_mqtt", {"tele/head/SENSOR": {"SML": SML}},
        (NONE, NONE, -894, 34507476, 14737142)),
    ("goe_controller_grid", {"/api/status?filter=ccp,cec":
        {"ccp": [1, -1500.4, 3, 4, 5], "cec": [[0], [12345.6, 2], [0], [0], [99]]}},
        (NONE, NONE, -1500, 12346, None)),
    ("goe_controller_solar", {"/api/status?filter=ccp,cec":
        {"ccp": [1, -1500.4, 3, 4, 5000], "cec": [[0], [12345.6, 2], [0], [0], [99]]}},
        (NONE, NONE, 5000, 99, None)),
    ("goe_charger", {"/api/status?filter=nrg,eto": {"nrg": NRG, "eto": 123456}},
        ([230, 231, 229], [16000, 15900, 16100], 11040, 123456, None)),
    ("goe_charger_mqtt", {"go-eCharger/1/nrg": NRG, "go-eCharger/1/eto": 123456},
        ([230, 231, 229], [16000, 15900, 16100], 11040, 123456, None)),
    ("evcc_grid_mqtt", {"evcc/site/grid/power": -1234.5}, (NONE, NONE, -1235, None, None)),
    ("evcc_solar_mqtt", {"evcc/site/pvPower": 5000}, (NONE, NONE, 5000, None, None)),
    ("evcc_battery_mqtt", {"evcc/site/battery/power": 800, "evcc/site/battery/soc": 55},
        (NONE, NONE, -800, None, None)),
)  # fmt: skip
ADDRESSES = {
    "shelly_pro3em_mqtt": "shellypro3em-1", "tasmota_mqtt": "plug", "tasmota_sml_mqtt": "head",
    "goe_charger_mqtt": "go-eCharger/1", "evcc_grid_mqtt": "evcc", "evcc_solar_mqtt": "evcc",
    "evcc_battery_mqtt": "evcc",
}  # fmt: skip


def definition(name):
    with open(FOLDER + name + ".json") as file:
        return Definition(file.read())


def registers_of(image):
    """The registers that a line such as "float 0x0E 230.4 229.6" describes."""
    registers = {}
    for line in image.split("\n"):
        kind, address, *values = line.split()
        low_first = kind.endswith("lh")
        kind = kind[:-2] if low_first else kind
        code = {"int16": "h", "uint16": "H", "int32": "i", "uint32": "I", "float": "f",
                "double": "d", "int64": "q"}[kind]  # fmt: skip
        at = int(address, 16 if address[:2] == "0x" else 10)
        for value in values:
            number = float(value) if code in "fd" else int(value)
            words = struct.unpack(f">{width(TYPES.index(kind))}H", struct.pack(">" + code, number))
            for word in reversed(words) if low_first else words:
                registers[at] = word
                at += 1
    return registers


class Slave:
    """The master and the meter in one: answers what is asked for, if it is all there."""

    def __init__(self, registers, function):
        self.registers = registers
        self.function = function

    def ask(self, unit, function, address, count):
        assert function == self.function
        self.address = address
        for register in range(address, address + count):
            assert register in self.registers, hex(register)

    def word(self, index):
        return self.registers[self.address + index]


def seen(reading):
    counts = (reading.power_w, reading.import_wh, reading.export_wh)
    return (reading.voltage_v, reading.current_ma) + counts


def close(got, expected):
    """Equal, but for what single precision floats of the meter or of the ESP32 lose."""
    if isinstance(expected, list):
        return all(close(a, b) for a, b in zip(got, expected))
    if got is None or expected is None:
        return got is expected
    return abs(got - expected) <= 1 + abs(expected) // 4000000


def test_every_definition_has_an_image_and_a_source():
    tested = {row[0] for row in IMAGES} | {row[0] for row in ANSWERS}
    shipped = {name[:-5] for name in os.listdir(FOLDER)}
    assert tested == shipped, tested ^ shipped
    for name in shipped:
        with open(FOLDER + name + ".json") as file:
            text = file.read()
        assert "// Source: " in text, name
        assert Definition(text).dev_type == name


def test_every_register_map_reads_its_image():
    for name, function, image, expected in IMAGES:
        described = definition(name)
        meter = ModbusMeter(1, described.registers)
        meter.finish = Checks(described, meter.reading).finish
        slave = Slave(registers_of(image), function)
        for _ in described.registers.blocks:
            assert meter.due(0)
            meter.ask(slave, 0)
            meter.answered(slave, 0)
        assert not meter.due(0) and not meter.reading.stale(0), name
        for got, wanted in zip(seen(meter.reading), expected):
            assert close(got, wanted), (name, seen(meter.reading))


def test_every_json_meter_reads_its_answer():
    for name, answers, expected in ANSWERS:
        described = definition(name)
        meter = JsonMeter(described, None, ADDRESSES.get(name, ""))
        meter.finish = Checks(described, meter.reading).finish
        assert sorted(meter.paths) == sorted(answers), (name, meter.paths)
        for index, path in enumerate(meter.paths):
            assert meter.reading.stale(5)
            assert meter.received(index, json.dumps(answers[path]), 5), name
        assert not meter.reading.stale(5), name
        for got, wanted in zip(seen(meter.reading), expected):
            assert close(got, wanted), (name, seen(meter.reading))


def test_a_battery_tells_its_state_of_charge():
    meter = JsonMeter(definition("evcc_battery_mqtt"), None, "evcc")
    for index, path in enumerate(meter.paths):
        meter.received(index, "55" if path.endswith("soc") else "800", 0)
    assert meter.reading.soc == 55 and meter.reading.power_w == -800
