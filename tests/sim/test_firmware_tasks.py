"""A task that hangs, raises or dies cannot keep the contactor closed, nor stop the charging."""

from chip import until
from firmware_bench import app, box, charging, logged, started


def test_a_task_that_never_yields_is_ended_by_the_watchdog_with_an_open_contactor():
    chip = box()

    async def hang():
        import time

        while True:
            time.sleep_ms(1)  # holds the whole chip, as a loop without an await would

    def story():
        yield from started(chip)
        yield from charging(chip)
        app(chip)._start("hanging", hang)
        took = yield from until(lambda: not chip.world.contactor.coil, 5000)
        assert took <= 2100, took
        yield from started(chip, 2)
        assert chip.boots == 2 and chip.deaths[0][2] == "watchdog", chip.deaths
        yield from until(lambda: chip.world.contactor.closed, 60000)

    chip.run(story(), limit_ms=120000)


def test_a_task_that_raises_is_restarted_and_counted_while_charging_goes_on():
    chip = box()
    raised = []

    async def broken():
        raised.append(1)
        raise ValueError("broken on purpose")

    def story():
        yield from started(chip)
        yield from charging(chip)
        app(chip)._start("broken", broken)
        yield 20000
        assert chip.world.contactor.closed and chip.boots == 1
        assert 4 <= len(raised) <= 6, len(raised)
        assert app(chip).status()["tasks"]["broken"]["restarts"] == len(raised)
        assert logged(chip, "broken on purpose")
        assert app(chip).pace.worst_closed_ms <= 30

    chip.run(story(), limit_ms=120000)


def test_an_exception_in_the_pilot_loop_opens_the_contactor_at_once_and_resets():
    chip = box()

    def broken():
        raise ValueError("broken on purpose")

    def story():
        yield from started(chip)
        yield from charging(chip)
        app(chip).point.step = broken
        took = yield from until(lambda: not chip.world.contactor.coil, 1000)
        assert took <= 20, took
        yield from started(chip, 2)
        assert chip.boots == 2 and chip.deaths[0][2] == "machine.reset()", chip.deaths
        yield from until(lambda: chip.world.contactor.closed, 60000)

    chip.run(story(), limit_ms=120000)


def test_no_memory_in_a_task_is_that_tasks_problem():
    chip = box()

    async def greedy():
        raise MemoryError("no memory")

    def story():
        yield from started(chip)
        yield from charging(chip)
        app(chip)._start("greedy", greedy)
        yield 5000
        assert chip.world.contactor.closed and chip.boots == 1

    chip.run(story(), limit_ms=120000)


def test_an_orderly_restart_waits_for_the_car_to_stop_and_saves_before():
    chip = box()

    def story():
        yield from started(chip)
        yield from charging(chip)
        yield 60000
        world = chip.world
        app(chip).commands.call("cmd=set_params", '{"title": "Garage"}', 3)
        app(chip).commands.call("cmd=restart", None, 3)
        yield from until(lambda: chip.boots == 2, 30000)
        assert world.contactor.openings_under_load == 0
        yield from started(chip, 2)
        assert app(chip).settings.params.title == "Garage"
        energy_wh = app(chip).status()["energy_wh"]
        assert energy_wh > 0 and abs(energy_wh - world.mains.energy_wh()) <= 5
        yield from until(lambda: world.contactor.closed, 60000)

    chip.run(story(), limit_ms=200000)


def test_a_cancelled_task_is_no_way_out_without_opening_the_contactor():
    chip = box()

    def story():
        yield from started(chip)
        yield from charging(chip)
        running = app(chip)
        from firmware.app import asyncio  # the one that this life of the chip has loaded

        def cancelled():
            raise asyncio.CancelledError

        running.point.step = cancelled
        took = yield from until(lambda: not chip.world.contactor.coil, 1000)
        assert took <= 20, took
        yield from started(chip, 2)

    chip.run(story(), limit_ms=60000)
