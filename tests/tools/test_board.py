"""The partition table of the own MicroPython build: it fits the chip, the image and the store."""

from pathlib import Path

BOARD = Path(__file__).resolve().parent.parent.parent / "tools/board/WALLBOX"
_KIB = 1024


def partitions():
    rows = {}
    for line in (BOARD / "partitions.csv").read_text().splitlines():
        if line and not line.startswith("#"):
            name, kind, subtype, offset, size, _ = (word.strip() for word in line.split(","))
            rows[name] = (kind, subtype, int(offset, 0), int(size, 0))
    return rows


def test_the_partitions_follow_each_other_and_end_with_the_chip():
    end = 0x9000
    for name, (_, _, offset, size) in partitions().items():
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
    assert (kind, subtype) == ("data", "fat") and size >= 4 * 51 * 4 * _KIB


def test_the_board_has_a_rom_file_system_and_its_own_table():
    assert "#define MICROPY_VFS_ROM (1)" in (BOARD / "mpconfigboard.h").read_text()
    assert "${MICROPY_BOARD_DIR}/partitions.csv" in (BOARD / "mpconfigboard.cmake").read_text()


def test_the_readme_says_where_the_slots_are():
    _, _, offset, size = partitions()["romfs"]
    text = (BOARD.parent / "README.md").read_text()
    for place in (offset, offset + size // 2):
        assert f"0x{place:X}" in text
    assert str(size) in text
