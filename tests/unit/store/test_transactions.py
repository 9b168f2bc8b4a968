"""Transactions on blocks of a real littlefs: none lost, none twice, the oldest give way."""

from firmware.store.area import claim
from firmware.store.transactions import Transactions
from firmware.store.wear import Wear
from tests.unit.store import littlefs
from tests.unit.store.littlefs import FOLDER
from tests.unit.store.nor import Blocks, Quiet


def boot(chip, energy_wh=0, blocks=4):
    """The store's transactions as after a power cut; `messages` are those of the load."""
    kept = Transactions(claim(FOLDER, chip, Wear(), "ta", blocks), Wear(), Quiet())
    kept.messages = kept.load(lambda device: energy_wh)
    settle(kept)
    return kept


def settle(kept):
    for _ in range(70):
        kept.step(False)
    assert not kept.pending()


def charge(kept, count=1, wh=1000):
    for _ in range(count):
        start = kept.last * wh
        kept.begin("E1", 1760000000, start, "anna", "04AB")
        kept.step(False)
        kept.end("E1", 1760003600, start + wh, "unplugged")
        for _ in range(3):
            kept.step(False)
        assert not kept.pending()


def listed(kept, **options):
    return [entry for entry in kept.entries(**options) if entry]


def numbers(kept, **options):
    return [entry["number"] for entry in listed(kept, **options)]


def test_a_transaction_is_complete_and_survives():
    chip = littlefs.fresh()
    charge(boot(chip))
    assert listed(boot(chip)) == [
        {
            "number": 1,
            "device": "E1",
            "start": 1760000000,
            "end": 1760003600,
            "start_wh": 0,
            "end_wh": 1000,
            "user": "anna",
            "rfid": "04AB",
            "reason": "unplugged",
        }
    ]


def test_estimated_times_are_marked_and_the_mark_survives():
    chip = littlefs.fresh()
    kept = boot(chip)
    for start_estimated, end_estimated in ((0, 0), (1, 0), (0, 1), (1, 1)):
        entry = kept.begin("E1", 1760000000, 0)
        if start_estimated:
            entry["estimated"] = 1
        settle(kept)
        entry = kept.end("E1", 1760003600, 1, "unplugged")
        if end_estimated:
            entry["estimated"] = entry.get("estimated", 0) | 2
        settle(kept)
    found = [entry.get("estimated", 0) for entry in listed(boot(chip))]
    assert found == [0, 1, 2, 3], found


def test_a_begin_that_becomes_known_replaces_the_estimate_under_the_same_number():
    for start in (None, 1750000000):
        for early in (True, False):
            chip = littlefs.fresh()
            kept = boot(chip)
            charge(kept)
            entry = kept.begin("E1", start, 1000, "anna")
            if start:
                entry["estimated"] = 1
            if not early:
                settle(kept)
            kept.correct("E1", 1760000500)
            settle(kept)
            kept.end("E1", 1760003600, 2000, "unplugged")
            settle(kept)
            for entries in (listed(kept), listed(boot(chip))):
                assert [entry["number"] for entry in entries] == [1, 2], (start, early)
                assert entries[1]["start"] == 1760000500 and "estimated" not in entries[1]
                assert entries[1]["user"] == "anna"


def test_a_correction_survives_a_power_cut_in_the_session():
    chip = littlefs.fresh()
    kept = boot(chip)
    kept.begin("E1", None, 0)
    settle(kept)
    kept.correct("E1", 1760000500)
    settle(kept)
    again = boot(chip, 3000)
    (entry,) = listed(again)
    assert entry["start"] == 1760000500 and entry["end_wh"] == 3000


def test_at_least_a_thousand_are_kept():
    chip = littlefs.fresh(64)
    kept = boot(chip, blocks=35)
    for count in (1024, 37, 500):
        charge(kept, count)
        kept = boot(chip, blocks=35)
        found = numbers(kept)
        assert found == list(range(kept.last - len(found) + 1, kept.last + 1))
        assert 1000 <= len(found) <= 1085
    assert numbers(kept, first=1500) == list(range(1500, kept.last + 1))


def test_a_power_failure_while_charging_closes_the_transaction_with_the_ledgers_energy():
    chip = littlefs.fresh()
    kept = boot(chip)
    charge(kept)
    kept.begin("E1", 1760010000, 1000, "anna")
    kept.step(False)
    again = boot(chip, 4321)
    assert again.messages == ["transaction 2 was open at a restart (power failure): closed"]
    last = listed(again)[-1]
    assert (last["number"], last["end_wh"], last["end"]) == (2, 4321, None)
    assert last["reason"] == "power failure"
    assert boot(chip, 9999).messages == []
    charge(again)
    assert numbers(boot(chip)) == [1, 2, 3]


def test_a_resumed_transaction_stays_open_over_restarts_and_ends_once():
    chip = littlefs.fresh()
    kept = boot(chip)
    charge(kept)
    kept.begin("E1", 1760010000, 1000, "anna")
    kept.step(False)
    for _ in range(2):
        kept = Transactions(claim(FOLDER, chip, Wear(), "ta", 4), Wear(), Quiet())
        assert kept.load(None, "reset", ("E1",)) == []
        assert kept.open["E1"]["number"] == 2 and kept.open["E1"]["user"] == "anna"
        settle(kept)
    kept.end("E1", 1760020000, 5000, "unplugged")
    settle(kept)
    found = listed(boot(chip))
    assert [(entry["number"], entry["end_wh"]) for entry in found] == [(1, 1000), (2, 5000)]
    assert found[1]["start"] == 1760010000


def test_writing_while_the_contactor_is_closed_programs_but_never_erases():
    chip = littlefs.fresh()
    kept = boot(chip, blocks=3)
    chip.erases = 0
    for number in range(200):
        kept.begin("E1", None, number)
        kept.end("E1", None, number, "unplugged")
        for _ in range(4):
            chip.programs = 0
            kept.step(True)
            assert chip.programs <= 1
    assert chip.erases == 0
    assert kept.pending()
    for _ in range(40):
        chip.programs = chip.erases = 0
        kept.step(False)
        assert chip.erases <= 1
    assert not kept.pending()
    assert kept.last in numbers(boot(chip, blocks=3))


def test_delivery_marks_survive_and_what_is_not_marked_comes_again():
    chip = littlefs.fresh()
    kept = boot(chip)
    charge(kept, 40)
    assert numbers(kept, unsent=True) == list(range(1, 41))
    for number in (1, 2, 40, 33, 33, 99):
        kept.delivered(number)
        kept.step(False)
    assert numbers(boot(chip), unsent=True) == list(range(3, 33)) + list(range(34, 40))


def test_the_energy_of_a_transaction_is_never_negative():
    kept = boot(littlefs.fresh())
    kept.begin("E1", None, 500)
    assert kept.end("E1", None, 400, "unplugged")["end_wh"] == 500
    assert kept.end("E1", None, 400, "unplugged") is None


def test_a_second_plug_in_closes_a_lost_transaction():
    kept = boot(littlefs.fresh())
    kept.begin("E1", None, 500)
    kept.begin("E1", None, 700)
    kept.end("E1", None, 900, "unplugged")
    settle(kept)
    assert [(entry["end_wh"], entry["reason"]) for entry in listed(kept)] == [
        (700, "lost"),
        (900, "unplugged"),
    ]


def test_two_devices_charge_at_once():
    chip = littlefs.fresh()
    kept = boot(chip)
    kept.begin("E1", None, 1)
    kept.begin("E2", None, 2)
    kept.end("E1", None, 3, "unplugged")
    settle(kept)
    again = boot(chip, 50)
    assert [(entry["device"], entry["end_wh"]) for entry in listed(again)] == [
        ("E1", 3),
        ("E2", 50),
    ]


def test_a_spoilt_slot_is_left_out_and_the_others_stay():
    for position in range(0, 3 * 128, 5):
        chip = littlefs.fresh()
        kept = boot(chip)
        charge(kept, 3)
        kept._area.program(0, position, b"\x00")
        again = boot(chip)
        found = numbers(again)
        assert len(found) >= 2 and sorted(set(found)) == found, (position, found)
        charge(again)
        assert numbers(boot(chip))[-1] == again.last


def test_a_repaired_transaction_that_begins_a_second_block_stays_the_newest():
    area = Blocks(blocks=5, size=128)
    kept = Transactions(area, Wear(), Quiet())
    kept.load(None)
    charge(kept, 4)
    kept.begin("E1", None, 3)
    kept.step(False)
    area.program(4, 72, b"\x00")
    for _ in range(2):
        kept = Transactions(area, Wear(), Quiet())
        kept.load(lambda device: 10)
        settle(kept)
        assert [(entry["number"], entry["end_wh"]) for entry in listed(kept)] == [
            (4, 4000),
            (5, 10),
        ]
    kept.delivered(5)
    charge(kept, 2)
    assert numbers(kept) == [5, 6, 7] and numbers(kept, unsent=True) == [6, 7]


def test_long_and_strange_texts_are_cut_to_whole_characters():
    chip = littlefs.fresh()
    kept = boot(chip)
    kept.begin("E1", None, 0, "\u00e4" * 13, "\u20ac" * 7)
    kept.end("E1", None, 0, "\U0001f50c" * 9)
    settle(kept)
    entry = listed(boot(chip))[0]
    assert entry["user"] == "\u00e4" * 12 and entry["rfid"] == "\u20ac" * 6
    assert entry["reason"] == "\U0001f50c" * 4


def test_a_write_that_fails_is_tried_again():
    chip = littlefs.fresh()
    kept = boot(chip)
    kept.begin("E1", None, 500)
    kept.step(False)
    kept.end("E1", None, 900, "unplugged")
    chip.raising = True
    kept.step(False)
    assert kept.pending() and kept._wear.failures == 1
    chip.raising = False
    settle(kept)
    assert numbers(boot(chip)) == [1]


def test_without_an_area_nothing_is_kept_and_nothing_fails():
    kept = Transactions(None, Wear(), Quiet())
    assert kept.load(lambda device: 0) == []
    charge(kept, 3)
    assert listed(kept) == []
