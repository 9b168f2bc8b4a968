"""The chip runs its two programs, resets for every cause, and keeps what that cause keeps."""

from bench import BOARD, programmed, refused, remove
from chip import Timeout, until
from silicon import HARD_RESET, PWRON_RESET, SILICON, SOFT_RESET, WDT_RESET

_COUNTING = """
import asyncio, machine, time
rtc = machine.RTC()
lives = int(rtc.memory() or b"0") + 1
rtc.memory(str(lives).encode())
relay = machine.Pin(27, machine.Pin.OUT, value=1)
print("life", lives, "cause", machine.reset_cause(), "ticks", time.ticks_ms())
async def main():
    while True:
        await asyncio.sleep_ms(10)
asyncio.run(main())
"""


def test_boot_runs_before_main():
    chip = programmed("import order\norder.seen.append('main')", "import machine\nimport order")
    with open(chip.root + "/order.py", "w") as file:
        file.write("seen = ['boot']\n")

    def story():
        yield 1000
        import order

        return order.seen

    assert chip.run(story()) == ["boot", "main"]
    import os

    os.remove(chip.root + "/order.py")
    remove(chip)


def test_a_story_sees_the_world_and_its_result_is_returned():
    chip = programmed(_COUNTING)
    world = chip.world

    def story():
        took = yield from until(lambda: world.contactor.closed, 3000)
        yield 2.5
        return took

    assert 600 < chip.run(story()) < 800
    assert chip.boots == 1
    remove(chip)


def test_what_a_story_asserts_reaches_the_caller_through_any_firmware():
    stubborn = (
        "import asyncio\n"
        "async def main():\n"
        "    while True:\n"
        "        try:\n"
        "            await asyncio.sleep_ms(1)\n"
        "        except Exception:\n"
        "            pass\n"
        "asyncio.run(main())\n"
    )
    chip = programmed(stubborn)

    def story():
        yield 1000
        raise KeyError("mine")

    def waiting():
        yield lambda: {}["missing"]

    assert refused(KeyError, chip.run, story())
    assert refused(KeyError, chip.run, waiting())
    assert refused(Timeout, chip.run, until(lambda: False, 50))
    assert refused(Timeout, chip.run, until(lambda: False, 5000), 1000)
    remove(chip)


def test_every_kind_of_reset_opens_the_relay_and_boots_again():
    chip = programmed(_COUNTING)
    world = chip.world

    def story():
        for act in (chip.reset, chip.cut_power, chip.brown_out):
            yield from until(lambda: world.contactor.closed, 5000)
            act()
            assert not world.contactor.coil
            yield from until(lambda: not world.contactor.closed, 105)
        yield 3000

    chip.run(story())
    assert [death[1] for death in chip.deaths[:3]] == [HARD_RESET, PWRON_RESET, PWRON_RESET]
    assert chip.boots == 4
    remove(chip)


def test_memory_of_the_clock_survives_a_reset_but_no_loss_of_power():
    chip = programmed(_COUNTING)

    def story():
        yield 1000
        chip.reset()
        yield 1000
        assert SILICON.rtc_memory == b"2"
        chip.cut_power()
        yield 3000
        assert SILICON.rtc_memory == b"1"

    chip.run(story())
    remove(chip)


def test_a_watchdog_that_is_not_fed_resets_the_chip():
    fed = (
        "import asyncio, machine\n"
        "dog = machine.WDT(timeout=2000)\n"
        "async def main():\n"
        "    while machine.RTC().memory() != b'stop':\n"
        "        dog.feed()\n"
        "        await asyncio.sleep_ms(100)\n"
        "    await asyncio.sleep(100)\n"
        "asyncio.run(main())\n"
    )
    chip = programmed(fed)

    def story():
        yield 20000
        assert chip.boots == 1
        chip.clock.hold(1800)
        yield 2000
        assert chip.boots == 1
        chip.clock.hold(2200)
        yield 3500
        assert chip.boots == 2 and SILICON.reset_cause == WDT_RESET
        SILICON.rtc_memory = b"stop"
        began = chip.clock.ms()
        yield from until(lambda: len(chip.deaths) == 2, 2500)
        return chip.clock.ms() - began

    assert 1900 <= chip.run(story()) <= 2200
    assert chip.deaths[1][1] == WDT_RESET
    remove(chip)


def test_machine_reset_leaves_the_program_through_every_except_exception():
    text = (
        "import machine\n"
        "relay = machine.Pin(27, machine.Pin.OUT, value=1)\n"
        "try:\n"
        "    machine.reset()\n"
        "except Exception:\n"
        "    print('caught')\n"
        "finally:\n"
        "    relay.value(1)\n"
    )
    chip = programmed(text)
    world = chip.world
    chip.run(None, 700)
    assert chip.boots == 1 and chip.deaths[0][1] == HARD_RESET
    assert not world.contactor.coil and not world.contactor.closed
    remove(chip)


def test_a_soft_reset_is_quick_and_keeps_the_ticks():
    text = (
        "import machine, time\n"
        "if machine.reset_cause() != machine.SOFT_RESET:\n"
        "    time.sleep_ms(500)\n"
        "    machine.soft_reset()\n"
        "machine.RTC().memory(str(time.ticks_ms()).encode())\n"
    )
    chip = programmed(text)
    chip.run(None, 2000)
    assert chip.boots == 2 and chip.deaths[0][1] == SOFT_RESET
    assert int(SILICON.rtc_memory) >= 500
    remove(chip)


def test_ticks_begin_anew_and_may_begin_before_their_wrap():
    chip = programmed(_COUNTING)
    chip.ticks_at_boot = (1 << 30) - 1000

    def story():
        import time

        yield 1000
        assert time.ticks_ms() > (1 << 30) - 1000
        yield 1000
        assert time.ticks_ms() < 1000

    chip.run(story())
    remove(chip)


def test_an_uncaught_exception_leaves_the_chip_at_its_prompt():
    chip = programmed("import machine\nmachine.Pin(27, machine.Pin.OUT, value=1)\n1 / 0\n")
    chip.run(None, 5000)
    assert isinstance(chip.uncaught, ZeroDivisionError)
    assert chip.boots == 1
    remove(chip)


def test_a_second_run_is_a_new_start_of_the_same_board():
    text = (
        "try:\n"
        "    n = int(open('/data/n').read())\n"
        "except OSError:\n"
        "    n = 0\n"
        "with open('/data/n', 'w') as file:\n"
        "    file.write(str(n + 1))\n"
        "import machine\n"
        "machine.RTC().memory(str(n).encode())\n"
    )
    chip = programmed(text)
    for n in range(3):
        chip.run(None, 2000)
        assert chip.boots == n + 1
    chip.world.flash.files({"n": "40"})

    def story():
        yield 1500
        return SILICON.rtc_memory

    assert chip.run(story()) == b"40"
    remove(chip)


def test_modules_of_the_firmware_are_new_in_each_life():
    chip = programmed("from firmware import ticks\nticks.lives = getattr(ticks, 'lives', 0) + 1\n")
    import sys

    def story():
        yield 1000
        first = sys.modules["firmware.ticks"].lives
        chip.reset()
        yield 1000
        return first, sys.modules["firmware.ticks"].lives

    assert chip.run(story()) == (1, 1)
    assert BOARD["contactor"] == 27
    remove(chip)


def test_without_supply_the_pilot_is_at_nothing_and_comes_back_high():
    chip = programmed(_COUNTING)
    pilot = chip.world.pilot

    def story():
        yield 1000
        chip.cut_power(2000)
        yield 1000
        assert (pilot.high_mv, pilot.low_mv, pilot.state) == (0, 0, -1)
        yield 1100
        assert pilot.high_mv == 12000 and pilot.state == 65535 and chip.boots == 1
        yield 1000
        assert chip.boots == 2

    chip.run(story())
    remove(chip)


def test_the_watchdog_barks_through_a_soft_reset():
    text = (
        "import machine, time\n"
        "if machine.reset_cause() == machine.PWRON_RESET:\n"
        "    machine.WDT(timeout=1000)\n"
        "    time.sleep_ms(500)\n"
        "    machine.soft_reset()\n"
        "time.sleep_ms(5000)\n"
    )
    chip = programmed(text)
    chip.run(None, 3000)
    assert [death[1] for death in chip.deaths[:2]] == [SOFT_RESET, WDT_RESET]
    remove(chip)


def test_what_fails_in_the_world_reaches_the_caller():
    chip = programmed(_COUNTING)
    chip.clock.after(2000000, lambda _: {}["missing"])
    assert refused(KeyError, chip.run, None, 5000)
    chip.run(None, 1000)
    remove(chip)
