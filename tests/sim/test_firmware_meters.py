"""Meters that fall silent, lie or come back, and what depends on them."""

from chip import until
from firmware_bench import app, box, charging, started
from scenario_setup import initial_document


def info(chip, dev_id):
    running = app(chip)
    return running.devices.get(dev_id).info(running.board.now())


def test_a_silent_meter_is_shown_as_stale_and_comes_back():
    chip = box()

    def story():
        yield from started(chip)
        yield from charging(chip)
        yield 10000
        assert info(chip, "M2")["com_err"] is False and info(chip, "M2")["power_w"] > 8000
        counted_wh = info(chip, "M2")["import"]
        chip.world.meter.silent = True
        yield from until(lambda: info(chip, "M2")["com_err"], 20000)
        shown = info(chip, "M2")
        assert shown["power_w"] == 0 and shown["import"] >= counted_wh > 0
        assert chip.world.contactor.closed
        chip.world.meter.silent = False
        yield from until(lambda: not info(chip, "M2")["com_err"], 60000)

    chip.run(story(), limit_ms=200000)


def test_garbage_on_the_line_never_becomes_a_value():
    chip = box()

    def story():
        yield from started(chip)
        yield from charging(chip)
        yield 10000
        chip.world.meter.wrong_crc = True
        yield from until(lambda: info(chip, "M2")["com_err"], 20000)
        assert app(chip).meters.bus.garbled > 0
        chip.world.meter.wrong_crc = False
        chip.world.meter.wrong_unit = True
        yield 10000
        assert info(chip, "M2")["com_err"]
        assert app(chip).pace.worst_closed_ms <= 30

    chip.run(story(), limit_ms=200000)


def test_a_limit_that_depends_on_a_meter_falls_back_when_the_meter_is_gone():
    document = initial_document("")
    document["params"]["max_total_current"] = "26000 - M3.current"
    document["charge"]["control_fallback_ma"] = 7000
    chip = box(document)
    house = {"power_w": 2300, "current": [10000, 9000, 8000]}

    def story():
        yield from started(chip)
        running = app(chip)
        running.devices.get("M3").set(house, running.board.now())
        yield 2000
        assert running.limits.ruling() == ("house", 16000) or running.limits.value_ma == 16000
        running.devices.get("M3").set(house | {"current": [18000, 0, 0]}, running.board.now())
        yield 2000
        assert running.limits.ruling() == ("house", 8000)
        yield 120000
        assert running.limits.ruling() == ("house", 7000), running.limits.ruling()

    chip.run(story(), limit_ms=200000)


def test_energy_survives_a_power_cut_within_100_wh_and_never_decreases():
    chip = box()

    def story():
        yield from started(chip)
        yield from charging(chip)
        yield 6 * 60000
        before_wh = app(chip).status()["energy_wh"]
        assert before_wh > 900
        chip.cut_power(2000)
        yield from started(chip, 2)
        after_wh = app(chip).status()["energy_wh"]
        assert before_wh - 110 <= after_wh, (before_wh, after_wh)

    chip.run(story(), limit_ms=30 * 60000)


def test_a_reset_loses_no_energy_at_all():
    chip = box()

    def story():
        yield from started(chip)
        yield from charging(chip)
        yield 3 * 60000
        before_wh = app(chip).status()["energy_wh"]
        chip.reset()
        yield from started(chip, 2)
        assert app(chip).status()["energy_wh"] >= before_wh > 400

    chip.run(story(), limit_ms=30 * 60000)
