"""The partition tables of the own MicroPython build: they fit the chip, images and the store."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools" / "image"))

import application

BOARD = ROOT / "tools/board/WALLBOX"
TABLES = ("partitions.csv", "partitions-frozen.csv")
_KIB = 1024
# What firmware/memory.py reserves: 16 for the ledger, 35 for transactions.
_STORE_BLOCKS = 51


def partitions(table="partitions.csv"):
    rows = {}
    for line in (BOARD / table).read_text().splitlines():
        if line and not line.startswith("#"):
            name, kind, subtype, offset, size, _ = (word.strip() for word in line.split(","))
            rows[name] = (kind, subtype, int(offset, 0), int(size, 0))
    return rows


@pytest.mark.parametrize("table", TABLES)
def test_the_partitions_follow_each_other_and_end_with_the_chip(table):
    end = 0x9000
    for name, (_, _, offset, size) in partitions(table).items():
        assert offset == end, name
        end = offset + size
    assert end == 4096 * _KIB


def test_both_slots_hold_the_largest_image_and_are_mapped_in_whole_pages():
    kind, subtype, offset, size = partitions()["romfs"]
    assert (kind, subtype) == ("data", "0x8f")
    assert size // 2 >= 400 * _KIB
    assert offset % (64 * _KIB) == 0 and size % (2 * 64 * _KIB) == 0


def test_micropython_and_the_files_find_their_partitions():
    kind, _, offset, size = partitions()["factory"]
    assert kind == "app" and offset == 0x10000 and size >= 1800 * _KIB
    kind, subtype, _, size = partitions()["vfs"]
    # Ledger and transactions take 51 blocks, and littlefs wants as many again to move in.
    assert (kind, subtype) == ("data", "fat") and size >= 4 * _STORE_BLOCKS * 4 * _KIB


def test_both_applications_have_the_same_room_where_flash_is_mapped():
    rows = partitions("partitions-frozen.csv")
    # ESP-IDF: two sectors, and subtypes that the bootloader counts through.
    assert rows["otadata"][:2] == ("data", "ota") and rows["otadata"][3] == 8 * _KIB
    assert rows["otadata"][2] % (4 * _KIB) == 0
    for name, subtype in (("app_a", "ota_0"), ("app_b", "ota_1")):
        assert rows[name][:2] == ("app", subtype)
        assert rows[name][2] % (64 * _KIB) == 0 and rows[name][3] % (64 * _KIB) == 0
        assert rows[name][3] == 1792 * _KIB
        # The last block is the header's.
        assert rows[name][3] - 4 * _KIB == application.LARGEST_BYTES


def test_a_frozen_firmware_leaves_the_store_what_it_needs():
    kind, subtype, offset, size = partitions("partitions-frozen.csv")["vfs"]
    assert (kind, subtype) == ("data", "fat") and offset % (4 * _KIB) == 0
    # A box that was set up and updated has 58 blocks in use, see tests/system/test_slots.py,
    # which runs on a file system of this size.
    assert size // (4 * _KIB) == 112 >= 2 * _STORE_BLOCKS
    text = (ROOT / "tests/system/slots_box.py").read_text()
    assert '"application": {"blocks": 112, "app_blocks": 448}' in text


def test_the_simulated_table_is_the_boards():
    text = (ROOT / "tools/sim/storage.py").read_text()
    rows = partitions("partitions-frozen.csv")
    for name in ("app_a", "app_b", "otadata"):
        place = re.search(rf'"{name}": \(\d, \w+, (\w+)\)', text)[1]
        assert int(place, 0) == rows[name][2], name


def test_the_names_of_the_applications_are_those_that_boot_and_firmware_look_for():
    assert '("app_a", "app_b")' in (ROOT / "boot.py").read_text()
    assert '"app_"' in (ROOT / "firmware/board.py").read_text()


@pytest.mark.parametrize("form", ["mapped", "frozen"])
def test_each_form_is_built_with_its_own_table(form, tmp_path):
    program = tmp_path / "board.cmake"
    program.write_text(
        f"set(CMAKE_BINARY_DIR {tmp_path})\nset(MICROPY_BOARD_DIR /board)\n"
        f"include({BOARD / 'mpconfigboard.cmake'})\n"
    )
    words = ["-DWALLBOX_FROZEN=1"] if form == "frozen" else []
    try:
        subprocess.run(["cmake", *words, "-P", program], check=True)
    except FileNotFoundError:
        pytest.skip("no cmake on this machine")
    lines = (tmp_path / "sdkconfig.wallbox").read_text().splitlines()
    table = "partitions-frozen.csv" if form == "frozen" else "partitions.csv"
    assert f'CONFIG_PARTITION_TABLE_CUSTOM_FILENAME="/board/{table}"' in lines
    assert ("CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE=y" in lines) == (form == "frozen")
    assert all(line.startswith("CONFIG_") for line in lines)


def test_the_board_has_a_rom_file_system_and_its_own_table():
    assert "#define MICROPY_VFS_ROM (1)" in (BOARD / "mpconfigboard.h").read_text()
    text = (BOARD / "mpconfigboard.cmake").read_text()
    assert all(f"set(WALLBOX_PARTITIONS {table})" in text for table in TABLES)


def test_the_readme_says_where_the_slots_are():
    _, _, offset, size = partitions()["romfs"]
    text = (BOARD.parent / "README.md").read_text()
    for place in (offset, offset + size // 2):
        assert f"0x{place:X}" in text
    assert str(size) in text
    text = text[text.index("`partitions-frozen.csv`:") :]
    for name, (_, _, offset, size) in partitions("partitions-frozen.csv").items():
        if name in ("app_a", "app_b", "vfs"):
            row = next(line for line in text.splitlines() if line.startswith(f"| {name} |"))
            assert f"0x{offset:X}" in row and str(size // _KIB) in row
