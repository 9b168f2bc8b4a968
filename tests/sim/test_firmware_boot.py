"""How far it is from a reset to safe outputs, and to the first pilot cycle: counted, with bounds.

The same bounds stand in docs/budget.md; instructions are counted in tests/tools/test_counted.py.
"""

from boot_watch import Start
from chip import until
from firmware_bench import app, box, started
from scenario_setup import initial_document
from world.car import Car

from firmware.boards.sim import BOARD

COILS = ("contactor", "phase_contactor", "lock", "residual_test", "pilot_disconnect")
# What a start may take until its first pilot cycle is over.
MOST_FILES = 75
MOST_MODULES = 130
MOST_FLASH_READS = 6000
MOST_FLASH_PROGRAMS = 0
# What boot.py may read before the outputs are safe.
FEW_FILES = 6
FEW_MODULES = 4


def second_start(chip, files=None) -> Start:
    """The record of a start on a flash that has been used before; `files` are put there first."""
    records = []

    def story():
        yield from started(chip)
        yield 5000
        chip.world.flash.files(files or {})
        records.append(Start(chip))
        chip.cut_power(500)
        yield from until(lambda: chip.boots == 2 and records[0].over, 20000, "no pilot cycle")

    try:
        chip.run(story(), limit_ms=60000)
    finally:
        records[0].end()
    return records[0]


def until_safe(start) -> list:
    """The events before the last coil was driven low and the pilot high."""
    wanted = {BOARD[name] for name in COILS}
    for index, event in enumerate(start.events):
        if event[0] != "pin":
            continue
        if event[1] in wanted and event[2] == 0:
            wanted.remove(event[1])
        if not wanted and event[1] == BOARD["pilot_pwm"] and event[2] == 1:
            return start.events[:index]
    raise AssertionError("the outputs were never safe")


def full_box():
    document = initial_document("mqtt://127.0.0.1:1")
    return box(document)


def test_the_outputs_are_safe_before_anything_else_is_read():
    before = until_safe(second_start(full_box()))
    files = [event[1] for event in before if event[0] == "file"]
    modules = [event[1] for event in before if event[0] == "module"]
    assert len(files) <= FEW_FILES and len(modules) <= FEW_MODULES, before
    for path in files:
        known = path.startswith("/data/slots/") or path == "/data/board" or path[-7:] == "boot.py"
        assert known, path
    for name in modules:
        assert name == "firmware.wiring" or name.startswith("firmware.boards"), name


def test_with_the_list_of_pins_they_are_safe_before_the_firmware_is_looked_for():
    chip = full_box()
    coils = " ".join(str(BOARD[name]) for name in COILS)
    files = {"slots/choice": "a good 0", "slots/pins": f"sim a {BOARD['pilot_pwm']} {coils}"}
    before = until_safe(second_start(chip, files))
    files = [event[1] for event in before if event[0] == "file"]
    assert [event for event in before if event[0] == "module"] == []
    assert all(path[-7:] == "boot.py" or path.startswith("/data/") for path in files), files
    assert len(files) <= 4, files


def test_no_coil_is_driven_high_before_the_first_cycle_is_over():
    coils = [BOARD[name] for name in COILS]
    for event in second_start(full_box()).events:
        assert event[0] != "pin" or event[1] not in coils or event[2] == 0, event


def test_the_pilot_loop_runs_after_a_bounded_number_of_reads():
    start = second_start(full_box())
    found = (len(start.files()), len(start.modules()), start.reads, start.programs, start.erased)
    print("files, modules, flash reads, programs, erases:", found)
    assert len(start.files()) <= MOST_FILES, start.files()
    assert len(start.modules()) <= MOST_MODULES, start.modules()
    assert start.reads <= MOST_FLASH_READS and start.programs <= MOST_FLASH_PROGRAMS, found
    assert start.erased == 0, found


def test_a_plugged_car_is_seen_by_the_first_cycles_and_waits():
    chip = full_box()

    def story():
        chip.world.plug(Car({}))
        yield from until(lambda: chip.program.get("app") and app(chip).pilot_loop.cycles, 20000)
        assert not chip.world.contactor.coil
        yield from until(lambda: chip.world.contactor.closed, 20000, "it never charges")

    chip.run(story(), limit_ms=60000)
