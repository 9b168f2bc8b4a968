"""Transactions on a real littlefs: none lost, none twice, the oldest give way."""

import json

from firmware.store.transactions import FIELDS, Transactions
from firmware.store.wear import Wear
from tests.unit.store import littlefs
from tests.unit.store.littlefs import FOLDER
from tests.unit.store.nor import Quiet


def boot(energy_wh=0):
    kept = Transactions(FOLDER, Wear(), Quiet())
    kept.messages = kept.load(lambda device: energy_wh)
    while kept.pending():
        kept.step(False)
    return kept


def charge(kept, count=1, wh=1000):
    for _ in range(count):
        start = kept.last * wh
        kept.begin("E1", 1760000000, start, "anna", "04AB")
        kept.step(False)
        kept.end("E1", 1760003600, start + wh, "unplugged")
        kept.step(False)


def test_a_transaction_is_complete_and_survives():
    littlefs.fresh()
    charge(boot())
    assert list(boot().entries()) == [
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


def test_at_least_a_thousand_are_kept_in_bounded_space():
    littlefs.fresh(128)
    kept = boot()
    charge(kept, 1500)
    numbers = [entry["number"] for entry in boot().entries()]
    assert numbers == list(range(1500 - len(numbers) + 1, 1501))
    assert 1000 <= len(numbers) <= 1100
    assert len([name for name in littlefs.names() if name.startswith("ta.0")]) <= 18


def test_a_power_failure_while_charging_closes_the_transaction_with_the_ledgers_energy():
    littlefs.fresh()
    kept = boot()
    charge(kept)
    kept.begin("E1", 1760010000, 1000, "anna")
    kept.step(False)
    again = boot(4321)
    assert "transaction 2 was open" in again.messages[0]
    last = list(again.entries())[-1]
    assert (last["number"], last["end_wh"], last["end"]) == (2, 4321, None)
    assert last["reason"] == "power failure"
    assert boot(9999).messages == []
    assert len(list(boot().entries())) == 2
    charge(again)
    assert [entry["number"] for entry in boot().entries()] == [1, 2, 3]


def test_while_the_contactor_is_closed_nothing_is_written():
    chip = littlefs.fresh()
    kept = boot()
    chip.programs = chip.erases = 0
    kept.begin("E1", None, 5)
    for _ in range(10):
        kept.step(True)
    assert (chip.programs, chip.erases) == (0, 0)
    kept.end("E1", None, 6, "unplugged")
    assert kept.pending()
    kept.step(False)
    kept.step(False)
    assert not kept.pending()
    assert len(list(boot().entries())) == 1


def test_delivery_marks_survive_and_what_is_not_marked_comes_again():
    littlefs.fresh()
    kept = boot()
    charge(kept, 5)
    assert [entry["number"] for entry in kept.undelivered()] == [1, 2, 3, 4, 5]
    kept.delivered(3)
    kept.delivered(2)
    kept.step(False)
    assert [entry["number"] for entry in boot().undelivered()] == [4, 5]


def test_the_energy_of_a_transaction_is_never_negative():
    littlefs.fresh()
    kept = boot()
    kept.begin("E1", None, 500)
    assert kept.end("E1", None, 400, "unplugged")["end_wh"] == 500
    assert kept.end("E1", None, 400, "unplugged") is None


def test_a_second_plug_in_closes_a_lost_transaction():
    littlefs.fresh()
    kept = boot()
    kept.begin("E1", None, 500)
    kept.begin("E1", None, 700)
    kept.end("E1", None, 900, "unplugged")
    for _ in range(5):
        kept.step(False)
    entries = list(kept.entries())
    assert [(entry["end_wh"], entry["reason"]) for entry in entries] == [
        (700, "lost"),
        (900, "unplugged"),
    ]


def test_spoilt_lines_are_left_out_and_the_next_one_is_whole():
    littlefs.fresh()
    charge(boot(), 3)
    content = littlefs.read("ta.00000")
    for cut in range(1, 40):
        littlefs.fresh()
        charge(boot(), 3)
        littlefs.write("ta.00000", content[:-cut])
        kept = boot()
        charge(kept)
        numbers = [entry["number"] for entry in boot().entries()]
        assert numbers == [1, 2, 3, 4], (cut, numbers)
    for position in range(0, len(content), 7):
        spoilt = bytearray(content)
        spoilt[position] ^= 1
        littlefs.write("ta.00000", spoilt)
        assert len(list(boot().entries())) >= 1


def test_rubbish_in_the_small_files_is_said_and_passed_over():
    littlefs.fresh()
    for rubbish in (b"", b"x", b"12345678 {}", b"\xff" * 600):
        littlefs.write("ta.open.E1", rubbish)
        littlefs.write("ta.sent", rubbish)
        kept = boot()
        assert kept.messages == ["ta.open.E1 is not readable"]
        assert kept.sent == 0


def test_a_write_that_fails_is_tried_again():
    chip = littlefs.fresh()
    kept = boot()
    kept.begin("E1", None, 500)
    kept.step(False)
    chip.failing = True
    kept.end("E1", None, 900, "unplugged")
    kept.step(False)
    assert kept.pending() and kept._wear.failures == 1
    chip.failing = False
    littlefs.mount(chip)
    for _ in range(61):
        kept.step(False)
    assert len(list(boot().entries())) == 1


def test_csv_and_json_are_streamed_and_whole():
    littlefs.fresh()
    kept = boot()
    charge(kept, 70)
    kept.begin("E1", None, 5, "=1+1", 'a;"b"')
    kept.end("E1", None, 6, "unplugged")
    kept.step(False)
    kept.step(False)
    lines = list(kept.csv())
    assert lines[0] == ";".join(FIELDS) + "\r\n"
    assert lines[1] == "1;E1;1760000000;1760003600;0;1000;anna;04AB;unplugged\r\n"
    assert lines[71] == '71;E1;;;5;6;\'=1+1;"a;""b""";unplugged\r\n'
    assert json.loads("".join(kept.json())) == list(kept.entries())
    assert len(list(kept.csv(60))) == 13
    littlefs.fresh()
    assert "".join(boot().json()) == "[]"
