"""Two applications: which one starts, what a reset, a mark and a cut of the power make of it."""

import bootloader
from bench import powered, programmed, refused, remove
from otadata import ABORTED, NEW, PENDING, VALID
from silicon import SILICON
from storage import Partition
from world.flash import DONE, LOST, TORN

from tests.application_image import application

APPS = {"blocks": 64, "app_blocks": 4}

_PROGRAM = """
import esp32, machine
from esp32 import Partition
rtc = machine.RTC()
known = rtc.memory().decode()
running = Partition(Partition.RUNNING)
label = running.info()[4]
rtc.memory((known + label[-1]).encode())
if label == "app_a" and len(known) == 0:
    running.get_next_update().set_boot()
if MARK and label == "app_b":
    Partition.mark_app_valid_cancel_rollback()
if len(known) < 4:
    machine.reset()
"""


def board(a=True, b=True):
    """A chip that is awake, with sound applications in these partitions."""
    world = powered(partitions=APPS)
    for name, there in (("app_a", a), ("app_b", b)):
        if there:
            world.flash.put(name, application())
    return bootloader.selection()


def states(selection) -> list:
    return [entry[1] for entry in selection.entries()]


def test_an_erased_choice_starts_the_first_sound_application_as_valid():
    for a, b, number in (
        (True, True, 0),
        (True, False, 0),
        (False, True, 1),
        (False, False, None),
    ):
        selection = board(a, b)
        assert selection.start() == number
        if number is not None:
            assert states(selection)[0] == VALID and selection.chosen() == number
            assert selection.start() == number


def test_an_application_that_was_not_marked_is_left_at_the_next_reset():
    selection = board()
    assert selection.start() == 0
    selection.set_boot(1)
    assert states(selection) == [VALID, NEW] and selection.chosen() == 1
    assert selection.start() == 1 and states(selection) == [VALID, PENDING]
    assert selection.start() == 0 and states(selection) == [VALID, ABORTED]
    assert selection.start() == 0
    selection.set_boot(1)
    assert selection.start() == 1


def test_one_that_was_marked_stays_and_the_next_update_goes_the_other_way():
    selection = board()
    selection.start()
    for number in (1, 0, 1, 0):
        selection.set_boot(number)
        assert selection.start() == number
        selection.mark_valid()
        for _ in range(3):
            assert selection.start() == number
        selection.mark_valid()


def test_going_back_by_set_boot_puts_the_old_one_on_trial_as_well():
    selection = board()
    selection.start()
    selection.set_boot(1)
    selection.start()
    selection.set_boot(0)
    assert states(selection) == [NEW, PENDING]
    assert selection.start() == 0 and states(selection) == [PENDING, ABORTED]
    # Nobody has marked it: there is no entry left that counts, and the first one is taken.
    assert selection.start() == 0 and states(selection) == [ABORTED, ABORTED]
    assert selection.start() == 0


def test_only_a_whole_application_for_this_chip_can_be_chosen():
    good = application(bytes(5000))
    for data in (
        b"",
        good[:4096],
        good[:-1],
        good[:3000] + b"\xf0" + good[3001:],
        b"\xe8" + good[1:],
        application(chip=9),
        good[:-32],
    ):
        selection = board(b=False)
        SILICON.world.flash.put("app_b", data)
        assert refused(OSError, selection.set_boot, 1), data[:40]
        assert selection.start() == 0
    selection = board(b=False)
    SILICON.world.flash.put("app_b", good)
    selection.set_boot(1)
    # What rots afterwards is found before it is started.
    SILICON.world.flash.put("app_b", good[:4096] + bytes(100))
    assert selection.start() == 0


def test_the_partitions_are_those_of_the_table():
    board()
    SILICON.application = "app_a"
    running = Partition(Partition.RUNNING)
    assert running.info() == (0, 0x10, 0x10000, 4 * 4096, "app_a", False)
    other = running.get_next_update()
    assert other.info()[1:3] == (0x11, 0x1D0000) and other.info()[4] == "app_b"
    assert other.get_next_update().info()[4] == "app_a"
    found = [part.info()[4] for part in Partition.find(Partition.TYPE_APP)]
    assert found == ["app_a", "app_b"]
    assert Partition.find(Partition.TYPE_DATA, label="vfs") and not Partition.find(
        1, label="romfs"
    )
    assert refused(OSError, running.writeblocks, 0, b"x", 0)
    assert refused(OSError, running.ioctl, 6, 0)
    other.set_boot()
    assert Partition(Partition.BOOT).info()[4] == "app_b"
    assert Partition(Partition.RUNNING).info()[4] == "app_a"


def test_a_stock_chip_has_one_application_and_no_rollback():
    powered()
    SILICON.application = "factory"
    running = Partition(Partition.RUNNING)
    assert running.info()[4] == "factory"
    assert refused(OSError, running.get_next_update)
    try:
        Partition.mark_app_valid_cancel_rollback()
    except OSError as error:
        assert error.args[0] == -261
        return
    raise AssertionError


def test_the_chip_starts_what_the_bootloader_has_chosen():
    for mark, lives in ((False, "abaaa"), (True, "abbbb")):
        chip = programmed(_PROGRAM.replace("MARK", str(mark)), partitions=APPS)
        for name in ("app_a", "app_b"):
            chip.world.flash.put(name, application())
        chip.run(limit_ms=10000)
        assert SILICON.rtc_memory.decode() == lives, (mark, SILICON.rtc_memory)
        remove(chip)


def test_a_soft_reset_does_not_ask_the_bootloader():
    program = """
import machine
from esp32 import Partition
rtc = machine.RTC()
known = rtc.memory().decode()
running = Partition(Partition.RUNNING)
rtc.memory((known + running.info()[4][-1]).encode())
if len(known) == 0:
    running.get_next_update().set_boot()
    machine.reset()
if len(known) < 4:
    machine.soft_reset()
"""
    chip = programmed(program, partitions=APPS)
    for name in ("app_a", "app_b"):
        chip.world.flash.put(name, application())
    chip.run(limit_ms=10000)
    assert SILICON.rtc_memory == b"abbbb", SILICON.rtc_memory
    remove(chip)


def test_without_a_sound_application_nothing_runs():
    chip = programmed("import machine\nmachine.RTC().memory(b'ran')", partitions=APPS)
    chip.run(limit_ms=3000)
    assert SILICON.rtc_memory == b"" and chip.boots == 1
    remove(chip)


class Cut(Exception):
    """The power is gone."""


def cut():
    raise Cut


def test_a_cut_at_any_operation_leaves_a_choice_that_starts():
    # Choosing (2 operations), the first start (2), then marking (2) or another reset (2).
    for place in range(6):
        for kind in (LOST, TORN, DONE):
            for last in ("mark_valid", "start"):
                selection = board()
                selection.start()
                SILICON.world.cut_power = cut
                SILICON.world.flash.cut_after(place, kind)
                try:
                    selection.set_boot(1)
                    selection.start()
                    getattr(selection, last)()
                except Cut:
                    pass
                else:
                    raise AssertionError((place, kind, last))
                for _ in range(3):
                    assert selection.start() in (0, 1), (place, kind, last)
                number = selection.start()
                selection.set_boot(1 - number)
                assert selection.start() == 1 - number
                selection.mark_valid()
                assert selection.start() == 1 - number
