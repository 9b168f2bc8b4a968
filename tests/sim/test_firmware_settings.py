"""What the installer has set arrives at the hardware."""

from chip import until
from firmware_bench import app, box, charging, logged, started
from scenario_setup import initial_document


def boxed(**charge):
    document = initial_document("")
    document["charge"].update(charge)
    return box(document)


def test_a_box_that_is_set_to_one_phase_offers_one_phase():
    chip = boxed(phases=1)

    def story():
        yield from started(chip)
        yield from charging(chip)
        yield 10000
        assert not chip.world.phase_contactor.closed
        own = app(chip).own
        assert own.info(app(chip).board.now())["phases"] == 1
        assert app(chip).point.faults.status() == []

    chip.run(story(), limit_ms=60000)


def test_a_box_with_three_phases_closes_both_contactors():
    chip = boxed()

    def story():
        yield from started(chip)
        yield from charging(chip)
        assert chip.world.phase_contactor.closed

    chip.run(story(), limit_ms=60000)


def locked(lock):
    chip = boxed(lock=lock)

    def story():
        yield from started(chip)
        yield from charging(chip)
        yield 5000
        return app(chip).point.outputs.lock

    return chip.run(story(), limit_ms=60000)


def test_a_lock_that_is_switched_off_never_moves():
    assert locked(True) is True
    assert locked(False) is False


def test_what_is_built_in_says_that_it_waits_for_the_next_start():
    chip = boxed()

    def story():
        yield from started(chip)
        app(chip).settings.change({"charge.lock": False})
        assert logged(chip, "next start")
        assert app(chip).point.fitted.lock
        app(chip).system.restart()
        yield from started(chip, 2)
        assert not app(chip).point.fitted.lock

    chip.run(story(), limit_ms=60000)


def test_the_network_learns_the_name_of_the_box():
    document = initial_document("")
    document["network"]["hostname"] = "garage"
    chip = box(document)

    def story():
        yield from started(chip)
        yield from until(lambda: app(chip).wifi.connected, 20000)
        assert app(chip).board.wlan().config("hostname") == "garage"

    chip.run(story(), limit_ms=60000)
