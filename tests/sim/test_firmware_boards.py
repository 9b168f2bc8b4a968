"""Every board of firmware/boards/ charges a car: its world is wired from the board's own table."""

import os

from chip import Chip, until
from firmware_bench import app, logged, started
from scenario_setup import commission, initial_document
from silicon import SILICON
from world.car import Car
from world.world import World

from firmware import wiring
from firmware.board import Board

NAMES = sorted(name[:-3] for name in os.listdir("firmware/boards") if name.endswith(".py"))


def board_box(name):
    """A commissioned box with this board; it is not started yet."""
    SILICON.new()
    chip = Chip(World(wiring.named(name)), root=".")
    document = initial_document("")
    document["network"]["http"] = False
    commission(chip.world, document, "")
    return chip


def coils(world):
    return world.contactor.coil or (world.phase_contactor and world.phase_contactor.coil)


def charge(chip, table, truth):
    """A whole session, looked at from both sides of the pins."""
    world = chip.world
    yield from started(chip)
    assert not coils(world)
    running = app(chip)
    inputs = running.point.inputs
    world.plug(Car({"current_ma": 16000, "battery_wh": 100000}))
    yield 1000
    assert abs(inputs.high_mv - 9000) < 400, (table["name"], inputs.high_mv)
    yield from until(lambda: world.contactor.closed, 20000, f"{table['name']} never closed")
    yield 5000
    assert abs(inputs.high_mv - 6000) < 400, (table["name"], inputs.high_mv)
    assert -13500 < inputs.low_mv < -11000, (table["name"], inputs.low_mv)
    assert not running.point.faults.active, (table["name"], running.point.faults.active)
    assert world.mains.total_mw > 10000000, "three phases of 16 A"
    _sensors(table, inputs)
    truth.append(table["name"])
    world.car.want(False)
    yield from until(lambda: not world.contactor.closed, 2000, "it goes on with S2 open")
    world.unplug()
    yield 2000
    assert inputs.high_mv > 10750, (table["name"], inputs.high_mv)
    assert not world.contactor.coil
    assert chip.boots == 1, chip.deaths


def _sensors(table, inputs):
    name = table["name"]
    warm = inputs.temperature_dc
    if table.get("temperature_adc") is None:
        assert warm is None
    else:
        assert abs(warm - 250) <= 10, (name, warm)
    if table.get("proximity_adc") is None:
        assert inputs.proximity_ohm is None
    else:
        assert abs(inputs.proximity_ohm - 220) < 20, (name, inputs.proximity_ohm)
    assert (inputs.residual_tripped is None) == (table.get("residual_trip") is None)
    assert (inputs.contactor_mirror is None) == (table.get("contactor_mirror") is None)


def test_every_board_charges_a_car_and_stops_when_it_has_enough():
    assert len(NAMES) >= 4
    charged = []
    for name in NAMES:
        chip = board_box(name)
        chip.run(charge(chip, wiring.named(name), charged), limit_ms=60000)
    assert charged == NAMES


def test_a_residual_current_trips_every_board_that_can_see_it():
    for name in NAMES:
        table = wiring.named(name)
        if table.get("residual_trip") is None:
            continue
        chip = board_box(name)

        def story():
            yield from started(chip)
            chip.world.plug(Car({}))
            yield from until(lambda: chip.world.contactor.closed, 20000, "never closed")
            yield 2000
            chip.world.residual.leak(300000)
            yield from until(lambda: not chip.world.contactor.coil, 200, name)

        chip.run(story(), limit_ms=60000)


def test_a_warm_box_is_seen_through_both_kinds_of_sensor():
    for name in ("sim", "smartevse3"):
        chip = board_box(name)

        def story():
            yield from started(chip)
            for tenths in (-200, 0, 450, 700):
                chip.world.analogue.set_temperature(tenths)
                yield 500
                seen = app(chip).point.inputs.temperature_dc
                assert abs(seen - tenths) <= 10, (name, tenths, seen)
            chip.world.analogue.set_temperature(None)
            yield 500
            assert app(chip).point.inputs.temperature_dc is None

        chip.run(story(), limit_ms=60000)


def test_meters_without_an_input_are_named_and_the_box_goes_on():
    chip = board_box("esp32evse")

    def story():
        yield from started(chip)
        running = app(chip)
        assert logged(chip, "M1: this board has no S0 input for meter1:")
        running.board.wiring = dict(running.board.wiring, rs485=None)
        running.meters.bus = None
        running.settings.put("devices", {"dev_id": "M9", "dev_type": "meter_dts353"})
        running.devices.renew()
        assert logged(chip, "M9: this board has no RS485")
        address = {
            "dev_id": "M8",
            "dev_type": "meter_eastron_sdm630",
            "address": "COM1,9600,8,n,1",
        }
        running.settings.put("devices", address)
        running.devices.renew()
        assert logged(chip, "M8: this board has no RS485")
        yield 1000

    chip.run(story(), limit_ms=60000)


def test_a_table_that_cannot_be_driven_is_refused_with_every_reason():
    SILICON.new()
    World(wiring.named("sim"))
    wrong = wiring.named("sim") | {"lock": 36, "proximity_adc": 4, "phase_contactor": None}
    try:
        Board(wrong)
        raise AssertionError("driven all the same")
    except ValueError as error:
        for part in (
            "board sim: ",
            "lock: GPIO 36 cannot be an output",
            "proximity_adc: GPIO 4 is not on ADC1",
            "phase_mirror: needs phase_contactor",
        ):
            assert part in str(error), str(error)


def test_a_correction_that_would_have_the_board_refused_is_left_out():
    table = wiring.named("smartevse3")
    for text, used in (("9900 100", True), ("9200 -800", False), ("nonsense", False)):
        chip = board_box("smartevse3")
        chip.world.flash.files({"pilot": text})

        def story():
            yield from started(chip)
            scale = app(chip).board.wiring["pilot_scale"]
            assert (scale != table["pilot_scale"]) == used, text

        chip.run(story(), limit_ms=60000)
