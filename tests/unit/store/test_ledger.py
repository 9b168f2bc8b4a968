"""The ledger on a flash of plain NOR blocks: nothing decreases, little is written."""

from firmware.store.ledger import Ledger
from firmware.store.wear import Wear
from tests.unit.store.nor import Blocks, Quiet


class Memory:
    """RTC memory: survives a reset, not a power cut."""

    def __init__(self):
        self.data = b""

    def __call__(self, data=None):
        if data is None:
            return self.data
        self.data = bytes(data)


def boot(area, memory=None):
    ledger = Ledger(area, memory, Wear(), Quiet())
    ledger.load()
    return ledger


def run(ledger, seconds, closed=False, start=0):
    for second in range(seconds):
        ledger.step((start + second) * 1000, closed)


def test_a_counter_never_counts_down():
    ledger = boot(Blocks())
    assert ledger.raise_to("E1.wh", 500) == 500
    assert ledger.raise_to("E1.wh", 400) == 500
    assert ledger.add("E1.wh", 5) == 505
    assert ledger.value("E1.wh") == 505
    assert ledger.value("M1.wh") == 0


def test_what_was_flushed_survives_a_power_cut():
    area = Blocks()
    ledger = boot(area)
    for name, value in (("E1.wh", 123456789), ("E1.con", 7), ("M12.exp", 5)):
        ledger.raise_to(name, value)
    ledger.flush()
    run(ledger, 5)
    assert ledger.saved()
    again = boot(area)
    assert again.names() == ["E1.wh", "E1.con", "M12.exp"]
    assert [again.value(name) for name in again.names()] == [123456789, 7, 5]


def test_values_above_32_bits_survive():
    area = Blocks()
    ledger = boot(area)
    ledger.raise_to("E1.wh", (1 << 40) + 3)
    run(ledger, 3)
    assert boot(area).value("E1.wh") == (1 << 40) + 3


def test_a_reset_loses_nothing_even_without_a_step():
    area, memory = Blocks(), Memory()
    ledger = boot(area, memory)
    ledger.raise_to("E1.wh", 1000)
    run(ledger, 3)
    ledger.raise_to("E1.wh", 1099)
    ledger.raise_to("M1.wh", 1)
    again = boot(area, memory)
    assert again.value("E1.wh") == 1099
    assert again.value("M1.wh") == 1


def test_rtc_memory_full_of_rubbish_is_ignored():
    for rubbish in (b"", b"\x00", b"\x00" * 20, b"\xff" * 2048, bytes(range(200))):
        memory = Memory()
        memory.data = rubbish
        assert boot(Blocks(), memory).names() == []


def test_at_most_100_wh_or_5_minutes_are_lost_while_charging():
    for watts, hours in ((300, 2), (1400, 2), (11000, 14), (22000, 10)):
        area = Blocks(blocks=16, size=4064)
        ledger = boot(area)
        energy_mwh = 0
        for second in range(hours * 3600):
            energy_mwh += watts * 1000 // 3600
            ledger.raise_to("E1.wh", energy_mwh // 1000)
            ledger.raise_to("M1.wh", energy_mwh // 900)
            ledger.raise_to("E1.sec", second)
            ledger.step(second * 1000, True)
            if second % 1777 == 0 and second > 10:
                lost = ledger.value("E1.wh") - boot(area).value("E1.wh")
                assert lost <= max(100 + watts // 3600, watts * 301 // 3600), (watts, second)
        assert area.erases == 0


def test_while_the_contactor_is_closed_nothing_is_erased():
    area = Blocks(blocks=4, size=256)
    ledger = boot(area)
    for second in range(3000):
        ledger.add("E1.wh", 60)
        ledger.step(second * 1000, True)
    assert area.erases == 0
    assert area.used() == 3
    before = ledger.value("E1.wh")
    ledger.flush()
    run(ledger, 20, start=3000)
    assert area.erases > 0
    assert area.used() <= 2
    assert boot(area).value("E1.wh") == before


def test_each_step_programs_at_most_one_page_and_erases_at_most_one_block():
    area = Blocks(blocks=4, size=512)
    ledger = boot(area)
    for number in range(20):
        ledger.raise_to(f"M{number}.wh", 10)
    for second in range(1000):
        ledger.add("M3.wh", 60)
        ledger.add("M7.wh", 70)
        area.programs = area.erases = 0
        ledger.step(second * 1000, second % 7 == 0)
        assert area.programs + area.erases <= 1


def test_many_rounds_through_small_blocks_keep_every_counter():
    area = Blocks(blocks=3, size=256)
    ledger = boot(area)
    for turn in range(500):
        for number in range(5):
            ledger.add(f"M{number}.wh", turn + number)
        ledger.flush()
        run(ledger, 4, start=turn * 10)
        if turn % 50 == 0:
            expected = [ledger.value(name) for name in ledger.names()]
            ledger = boot(area)
            assert [ledger.value(name) for name in ledger.names()] == expected
    assert max(area.worn) - min(area.worn) <= 2


def test_a_cut_while_a_new_block_takes_all_counters_over_loses_none():
    for batches in (1, 2, 3):
        area = Blocks(blocks=3, size=1024)
        ledger = boot(area)
        for number in range(20):
            ledger.raise_to(f"M{number}.wh", 1000)
        run(ledger, 5)
        second = 5
        while ledger._block != 2:
            ledger.add("M7.wh", 100)
            ledger.step(second * 1000, False)
            second += 1
        run(ledger, 5, start=second)
        while ledger._block != 0 or ledger._used[0] < 64:
            ledger.add("M7.wh", 100)
            ledger.flush()
            ledger.step(second * 1000, True)
            second += 1
        expected = {name: ledger.value(name) for name in ledger.names() if name != "M7.wh"}
        ledger.flush()
        while ledger._block == 0:
            ledger.add("M7.wh", 100)
            ledger.step(second * 1000, False)
            second += 1
        run(ledger, batches - 1, start=second)
        again = boot(area)
        assert {name: again.value(name) for name in expected} == expected, batches
        assert again.value("M7.wh") >= ledger.value("M7.wh") - 200


def test_an_unwritable_block_is_passed_over_and_said():
    area = Blocks(blocks=4, size=256)
    area.stuck = 0
    ledger = boot(area)
    ledger.raise_to("E1.wh", 1000)
    run(ledger, 30)
    assert ledger.saved()
    assert boot(area).value("E1.wh") == 1000


def test_a_dead_flash_leaves_the_counters_running():
    area = Blocks(blocks=4, size=256)
    ledger = boot(area)
    area.dead = True
    ledger.raise_to("E1.wh", 1000)
    run(ledger, 100)
    assert ledger.add("E1.wh", 1) == 1001
    area = Blocks(blocks=2, size=256)
    area.dead = True
    assert boot(area).add("E1.wh", 1) == 1


def test_without_flash_the_rtc_memory_alone_carries_the_counters():
    memory = Memory()
    ledger = boot(None, memory)
    ledger.raise_to("E1.wh", 7777)
    run(ledger, 2)
    ledger.flush()
    run(ledger, 2)
    assert boot(None, memory).value("E1.wh") == 7777


def test_names_are_bounded():
    ledger = boot(Blocks())
    for name in ("", "E1.energy.wh"):
        try:
            ledger.raise_to(name, 1)
            assert False, name
        except ValueError:
            pass
