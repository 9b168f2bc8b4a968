"""Whatever lies on the flash: it is named, kept aside, and the box charges."""

import json

from firmware_bench import STORED, app, box, charging, logged, started
from scenario_setup import initial_document
from silicon import SILICON
from world.car import Car


def lives(chip, check, charges=True):
    """Start the box, look at it with `check(app)`, and charge a car."""

    def story():
        yield from started(chip)
        check(app(chip))
        if charges:
            yield from charging(chip)
        assert chip.boots == 1, chip.deaths

    chip.run(story(), limit_ms=60000)


def test_a_configuration_that_is_cut_or_no_json_is_kept_aside_and_defaults_are_used():
    for text in ('{"crc":1,', "hello", "", "\x00\xff\x00", "[1, 2", "{" * 500):
        chip = box()
        for name in STORED:
            chip.world.flash.files({name: text})

        def check(running):
            assert running.settings.params.title == "Wallbox"
            assert logged(chip, "no configuration: defaults are used")
            assert logged(chip, "config."), text

        lives(chip, check)


def test_the_previous_copy_is_used_when_the_newest_is_broken():
    chip = box()

    def story():
        yield from started(chip)
        running = app(chip)
        running.commands.call("cmd=set_params", '{"title": "Garage"}', 3)
        running.system.sync()
        yield 10000
        names = [f"config.{slot}.json" for slot in (0, 1)]
        found = []
        for name in names:
            with open("/data/" + name) as file:
                found.append((json.loads(file.readline() + "0}")["sequence"], name))
        found.sort()
        with open("/data/" + found[-1][1], "r+b") as file:
            file.seek(150)
            file.write(b"#")
        chip.cut_power(100)
        yield from started(chip, 2)
        assert app(chip).settings.params.title == "Wallbox"
        assert logged(chip, "wrong checksum") and logged(chip, "kept aside")

    chip.run(story(), limit_ms=60000)


def changed(**sections):
    document = initial_document("")
    for name, values in sections.items():
        document.setdefault(name, {})
        document[name] = document[name] | values
    return document


def test_an_unknown_key_is_named_and_set_aside():
    chip = box(changed(charge={"flux_capacitor": 88}))

    def check(running):
        assert logged(chip, "charge.flux_capacitor")
        assert running.settings.document()["aside"] == {"charge.flux_capacitor": 88}

    lives(chip, check)


def test_a_value_out_of_its_range_is_named_and_the_default_holds():
    chip = box(changed(charge={"max_current_ma": 999999}, params={"min_pause_time": "soon"}))

    def check(running):
        assert logged(chip, "charge.max_current_ma") and logged(chip, "params.min_pause_time")
        assert running.settings.charge.max_current_ma == 16000
        assert running.settings.params.min_pause_time == 300

    lives(chip, check)


def test_a_document_of_a_newer_firmware_is_refused_by_name():
    chip = box(changed() | {"version": 99})

    def check(running):
        assert logged(chip, "version 99 is newer")
        assert running.settings.params.title == "Wallbox"

    lives(chip, check)


def test_a_meter_without_a_definition_is_named_and_the_others_work():
    document = initial_document("")
    document["devices"].append({"dev_id": "M9", "dev_type": "meter_no_such_thing"})
    chip = box(document)

    def check(running):
        assert logged(chip, "no definition no_such_thing")
        assert running.devices.get("M9") is None and running.devices.get("M1") is not None

    lives(chip, check)


def test_a_broken_definition_of_the_owner_is_named():
    document = initial_document("")
    document["devices"].append(
        {"dev_id": "M9", "dev_type": "meter_mine", "address": "10.0.0.1:502"}
    )
    chip = box(document)
    chip.world.flash.files({"meters/mine.json": '{"rtype": 0, "power_w": {"address": '})

    def check(running):
        assert logged(chip, "M9:")
        assert running.devices.get("M9") is None

    lives(chip, check)


def test_without_a_board_nothing_is_driven():
    chip = box()
    chip.world.flash.files({"board": "no_such_board"})

    def story():
        chip.world.plug(Car({}))
        yield 30000
        assert not chip.world.contactor.coil
        assert "no_such_board" in str(chip.uncaught) or chip.boots > 1

    chip.run(story(), limit_ms=60000)


def test_a_controller_that_nobody_commissioned_asks_for_its_board_and_drives_nothing():
    chip = box()
    chip.world.flash.wipe()

    def story():
        chip.world.plug(Car({}))
        yield 600000
        assert chip.boots == 1 and not chip.world.contactor.coil
        assert "No board is chosen" in SILICON.serial.text

    chip.run(story(), limit_ms=700000)
