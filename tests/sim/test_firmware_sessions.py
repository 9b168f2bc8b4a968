"""A session lasts from plug-in to unplug, whatever happens to the controller in between."""

from firmware_bench import app, box, charging, started


def sessions(chip):
    return list(app(chip).sessions.entries(0))


def test_a_session_is_kept_with_its_energy_and_the_reason_of_its_end():
    chip = box()

    def story():
        yield from started(chip)
        yield from charging(chip)
        yield 60000
        chip.world.unplug()
        yield 10000
        kept = sessions(chip)
        assert len(kept) == 1 and kept[0]["reason"] == "unplugged", kept
        assert 150 <= kept[0]["energy_wh"] <= 200, kept

    chip.run(story(), limit_ms=200000)


def interrupted(chip, interrupt):
    def story():
        yield from started(chip)
        yield from charging(chip)
        yield 60000
        interrupt()
        yield from started(chip, 2)
        yield 60000
        assert chip.world.contactor.closed
        before = app(chip).point.transaction.energy_wh
        assert before > 150, before
        chip.world.unplug()
        yield 10000
        kept = sessions(chip)
        assert len(kept) == 1, kept
        assert kept[0]["energy_wh"] >= before

    chip.run(story(), limit_ms=300000)


def test_a_session_survives_a_reset():
    chip = box()
    interrupted(chip, chip.reset)


def test_a_session_survives_a_power_failure():
    chip = box()
    interrupted(chip, lambda: chip.cut_power(3000))


def test_a_car_that_left_during_a_power_failure_ends_the_session():
    chip = box()

    def story():
        yield from started(chip)
        yield from charging(chip)
        yield 60000
        chip.cut_power(3000)
        chip.world.unplug()
        yield from started(chip, 2)
        yield 10000
        kept = sessions(chip)
        assert len(kept) == 1 and kept[0]["reason"] == "reset", kept

    chip.run(story(), limit_ms=200000)
