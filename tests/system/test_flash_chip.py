"""`make flash` with the real esptool, against a chip whose loader is simulated."""

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from rom_loader import RomLoader
from simulated_board import PYTHON, ROOT, SimulatedBoard, tool


@pytest.fixture
def firmware(tmp_path):
    data = bytearray(b"\xff" * 0x20000)
    data[0] = 0xE9
    data[12:14] = b"\x00\x00"
    data[0x7000:0x7002] = b"\xaa\x50"
    data[0x10000:0x10020] = b"MicroPython v1.25.0 on 2025-04\x00\x00"
    path = tmp_path / "ESP32_GENERIC-v1.25.0.bin"
    path.write_bytes(data)
    return path


@pytest.fixture(autouse=True, scope="module")
def esptool():
    fetched = subprocess.run([PYTHON, str(ROOT / "tools/setup"), "esptool"], check=False)
    if fetched.returncode:
        pytest.skip("esptool is not here, and cannot be fetched")


def flash(port: str, firmware: Path, *more: str):
    return tool("flash", None, "--firmware", str(firmware), *more, port=port)


def test_micropython_is_written_where_the_chip_looks_for_it(firmware):
    with RomLoader() as chip:
        chip.memory[0x300000] = 0x55
        done = flash(chip.port, firmware)
        assert done.worked and "Found ESP32" in done.text, done
        data = firmware.read_bytes()
        assert chip.memory[0x1000 : 0x1000 + len(data)] == data
        assert chip.memory[0x300000] == 0x55, "the rest of the flash stays"
        assert not chip.erased


def test_a_chip_is_emptied_when_that_is_asked_for(firmware):
    with RomLoader() as chip:
        chip.memory[0x300000] = 0x55
        done = flash(chip.port, firmware, "--erase")
        assert done.worked and "energy counters are gone" in done.text, done
        assert chip.erased and chip.memory[0x300000] == 0xFF


def test_another_chip_is_left_alone(firmware):
    with RomLoader("esp32s2") as chip:
        done = flash(chip.port, firmware)
        assert not done.worked and "ESP32-S2" in done.text, done
        assert not any(chip.memory)


def test_a_chip_with_half_the_flash_is_left_alone(firmware):
    with RomLoader(size_id=0x15) as chip:
        done = flash(chip.port, firmware)
        assert not done.worked and "2 MB of flash" in done.text, done
        assert not any(chip.memory)


def test_a_port_without_a_chip_is_said_in_words(firmware, tmp_path):
    with SimulatedBoard(tmp_path / "chip") as board:
        done = flash(board.port, firmware)
    assert not done.worked and "no chip answers" in done.text, done
    assert "there is no /dev/nix" in flash("/dev/nix", firmware).text
