"""Blocks of our own inside a littlefs: found again, and never in littlefs's way."""

import os

from firmware.store.area import claim
from firmware.store.errors import StoreError
from firmware.store.wear import Wear
from tests.unit.store import littlefs
from tests.unit.store.littlefs import FOLDER
from tests.unit.store.nor import Chip


def areas(chip, count=4):
    return claim(FOLDER, chip, Wear(), "ledger", count)


def test_what_was_programmed_is_found_after_a_mount():
    chip = littlefs.fresh()
    area = areas(chip)
    for block in range(4):
        area.program(block, 16 * block, b"block %d" % block)
    littlefs.mount(chip)
    again = areas(chip)
    buffer = bytearray(7)
    for block in range(4):
        again.read(block, 16 * block, buffer)
        assert buffer == b"block %d" % block
    assert (again.blocks, again.block_size) == (4, 4064)


def test_the_blocks_are_the_files_data():
    chip = littlefs.fresh()
    area = areas(chip)
    area.program(2, 4064 - 4, b"last")
    littlefs.mount(chip)
    content = littlefs.read("ledger/2")
    assert len(content) == 4096 and content.endswith(b"\xfflast")


def test_a_second_claim_writes_nothing():
    chip = littlefs.fresh()
    areas(chip)
    littlefs.mount(chip)
    chip.programs = chip.erases = 0
    areas(chip)
    assert (chip.programs, chip.erases) == (0, 0)


def test_an_erased_block_is_found_again():
    chip = littlefs.fresh()
    area = areas(chip)
    area.program(1, 0, b"old")
    area.erase(1)
    littlefs.mount(chip)
    again = areas(chip)
    buffer = bytearray(4064)
    again.read(1, 0, buffer)
    assert buffer == b"\xff" * 4064


def test_littlefs_never_touches_the_blocks_and_lives_on():
    chip = littlefs.fresh(32)
    area = areas(chip)
    for block in range(4):
        area.program(block, 0, b"mine")
    for number in range(400):
        littlefs.write("f%d" % (number % 5), bytes([number % 251]) * (100 + 37 * (number % 90)))
        if number % 40 == 0:
            area.erase(number // 40 % 4)
            area.program(number // 40 % 4, 0, b"mine")
    littlefs.mount(chip)
    again = areas(chip)
    buffer = bytearray(4)
    for block in range(4):
        again.read(block, 0, buffer)
        assert buffer == b"mine"
    for number in range(395, 400):
        expected = bytes([number % 251]) * (100 + 37 * (number % 90))
        assert littlefs.read("f%d" % (number % 5)) == expected


def test_a_copied_file_does_not_take_the_blocks_place():
    chip = littlefs.fresh()
    areas(chip).program(1, 0, b"mine")
    littlefs.mount(chip)
    littlefs.write("copy", littlefs.read("ledger/1"))
    littlefs.mount(chip)
    area = areas(chip)
    area.program(1, 16, b"more")
    littlefs.mount(chip)
    content = littlefs.read("ledger/1")
    assert content[32:36] == b"mine" and content[48:52] == b"more"
    assert littlefs.read("copy")[48:52] == b"\xff" * 4


def test_a_deleted_or_spoilt_file_is_made_anew():
    chip = littlefs.fresh()
    areas(chip)
    os.remove(FOLDER + "/ledger/0")
    littlefs.write("ledger/1", b"short")
    littlefs.write("ledger/2", b"\x00" * 4096)
    littlefs.mount(chip)
    area = areas(chip)
    area.program(0, 0, b"x")
    littlefs.mount(chip)
    assert littlefs.read("ledger/0")[32:33] == b"x"
    assert len(littlefs.read("ledger/1")) == 4096


def test_the_folder_is_made_and_must_lie_on_the_flash():
    chip = littlefs.fresh()
    claim(FOLDER + "/data", chip, Wear(), "ledger", 2)
    assert littlefs.names() == ["data"]
    for folder, device in ((FOLDER, Chip(16)), ("/tmp", chip), ("/nowhere/at/all", chip)):
        try:
            claim(folder, device, Wear())
            assert False, folder
        except StoreError:
            pass


def test_a_full_flash_is_refused_with_a_reason():
    chip = littlefs.fresh(8)
    try:
        areas(chip, 8)
        assert False
    except StoreError as error:
        assert "no room" in str(error)
