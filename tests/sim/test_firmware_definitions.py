"""Meters made from definition files, on the whole firmware."""

from chip import until
from firmware_bench import app, box, started
from scenario_setup import initial_document

VIRTUAL = """{
    // half of what M3 says, and the sum with M1
    "rtype": 1, "mtype": 1, "name": "half",
    "power_w": {"expr": "M3.power_w / 2"},
    "*half": {"expr": "M3.power_w / 2"},
    "CM.shared": {"expr": "M3.power_w + 1"}
}"""


def test_a_virtual_meter_of_the_owner_works_out_its_values_from_others():
    document = initial_document("")
    document["devices"].append({"dev_id": "M4", "dev_type": "meter_half"})
    chip = box(document)
    chip.world.flash.files({"meters/half.json": VIRTUAL})

    def story():
        yield from started(chip)
        running = app(chip)
        running.devices.get("M3").set({"power_w": 3000}, running.board.now())
        meter = running.devices.get("M4")
        yield from until(lambda: meter.reading.power_w == 1500, 5000)
        assert meter.info(running.board.now())["user_info"], "nothing shown in the tile"
        shown = running.commands.call("cmd=get_cm_vars", None, 3)
        assert any(entry["value"] == 3001 for entry in shown["vars"]), shown

    chip.run(story(), limit_ms=30000)


def test_a_shipped_definition_reads_the_meter_on_the_line():
    document = initial_document("")
    document["devices"][2] = {
        "dev_id": "M2",
        "dev_type": "meter_ytl_dts353",
        "address": "COM1,9600,8,e,1",
        "id": 101,
        "role": 4,
    }
    chip = box(document)

    def story():
        yield from started(chip)
        meter = app(chip).devices.get("M2")
        yield from until(lambda: meter.reading.import_wh, 20000)
        assert 228 <= meter.reading.voltage_v[0] <= 232
        assert not meter.info(app(chip).board.now())["com_err"]

    chip.run(story(), limit_ms=60000)
