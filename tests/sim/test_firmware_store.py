"""The store in the whole firmware: what a charging car, a power cut and a reset do to it."""

from firmware_bench import app, box, charging, started

_MINUTE = 60000


def run(story, minutes):
    chip = box()
    chip.run(story(chip), limit_ms=minutes * _MINUTE)


def test_while_charging_the_flash_never_holds_the_loop_for_10_ms_and_settings_wait():
    def story(chip):
        yield from started(chip)
        yield from charging(chip)
        store = app(chip).memory.store
        before = store.sequence
        flash = chip.world.flash
        flash.longest_closed_us = 0
        for minute in range(6):
            answer = app(chip).commands.call("cmd=set_params", '{"desc": "%d"}' % minute, 3)
            assert "error" not in str(answer), answer
            yield _MINUTE
        assert store.sequence == before
        assert 0 < flash.longest_closed_us <= 10000, flash.longest_closed_us
        chip.world.unplug()
        yield 15000
        assert store.sequence == before + 1
        assert chip.boots == 1

    run(story, 25)


def test_a_power_cut_loses_at_most_100_wh():
    def story(chip):
        yield from started(chip)
        yield from charging(chip)
        yield 7 * _MINUTE
        counted = app(chip).ledger.value("E1.wh")
        assert counted > 500
        chip.cut_power(500)
        yield from started(chip, 2)
        running = app(chip)
        assert counted - 101 <= running.ledger.value("E1.wh") <= counted + 10

    run(story, 25)


def test_a_reset_loses_nothing():
    def story(chip):
        yield from started(chip)
        yield from charging(chip)
        for life in range(2, 5):
            yield 2 * _MINUTE
            counted = app(chip).ledger.value("E1.wh")
            chip.reset()
            yield from started(chip, life)
            assert app(chip).ledger.value("E1.wh") >= counted

    run(story, 25)
