"""What is looked at before a file is written onto a chip, and how esptool's words are told."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tools" / "deploy"), str(ROOT / "tools" / "setup")]

import flash
import flasher
from line import DeployError

GOOD = "MicroPython v1.25.0 on 2025-04-15"


def firmware(chip: int = 0, banner: str = GOOD, table: bytes = b"\xaa\x50") -> bytes:
    """The outline of a file as MicroPython publishes it for the ESP32."""
    data = bytearray(b"\xff" * 0x20000)
    data[0] = 0xE9
    data[12:14] = chip.to_bytes(2, "little")
    data[0x7000:0x7002] = table
    data[0x10000 : 0x10000 + len(banner)] = banner.encode()
    data[0x10000 + len(banner)] = 0
    return bytes(data)


@pytest.fixture
def written(tmp_path):
    def write(data: bytes, name: str = "ESP32_GENERIC-20250415-v1.25.0.bin") -> Path:
        (tmp_path / name).write_bytes(data)
        return tmp_path / name

    return write


def test_a_good_file_is_taken_and_its_version_said(written):
    assert flash.judged(written(firmware())) == GOOD


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (firmware(), "x.uf2", "ends in .bin"),
        (b"<html>", "x.bin", "begins with E9"),
        (b"", "x.bin", "no firmware"),
        (firmware(chip=9), "x.bin", "for the ESP32-S3"),
        (firmware(chip=77), "x.bin", "for the chip of another kind"),
        (firmware(table=b"\xff\xff"), "x.bin", "no partition table"),
        (firmware(banner="ESPHome"), "x.bin", "no MicroPython"),
        (firmware(banner="MicroPython v1.24.1 on x"), "x.bin", "1.25 or later is needed"),
        (firmware() + b"\xff" * 0x400000, "x.bin", "larger than the chip's flash"),
    ],
)
def test_a_wrong_file_is_refused_before_the_chip_is_touched(written, data, name, said):
    with pytest.raises(DeployError, match=said):
        flash.judged(written(data, name))


def test_a_missing_file_is_said_in_words(tmp_path):
    with pytest.raises(DeployError, match="No such file"):
        flash.judged(tmp_path / "nix.bin")
    with pytest.raises(DeployError, match="FIRMWARE="):
        flash.flash("/dev/nix", "", False)


@pytest.mark.parametrize("chip", ["ESP32-D0WD-V3", "ESP32-PICO-D4", "ESP32-U4WDH", "ESP32-D0WDQ6"])
def test_every_esp32_is_taken(chip):
    flash.expect_chip(f"Chip is {chip} (revision v3.0)\nDetected flash size: 4MB\n")


@pytest.mark.parametrize(
    "chip", ["ESP32-S3", "ESP32-S2FNR2", "ESP32-C3", "ESP32-C6FH4", "ESP32-H2"]
)
def test_every_other_chip_is_refused(chip):
    with pytest.raises(DeployError, match="the firmware is for the ESP32"):
        flash.expect_chip(f"Chip is {chip} (QFN56) (revision v0.1)\nDetected flash size: 8MB\n")


def test_a_small_flash_is_refused():
    with pytest.raises(DeployError, match="2 MB of flash"):
        flash.expect_chip("Chip is ESP32-D0WD (revision v1.0)\nDetected flash size: 2MB\n")


def test_a_chip_that_does_not_answer_is_told_how():
    said = "Connecting......\nA fatal error occurred: Failed to connect to ESP32: No serial data"
    assert "button BOOT" in flash.explained("/dev/x", said)


def test_esptool_is_pinned_with_everything_that_it_needs():
    pinned = (ROOT / "tools/setup/esptool.txt").read_text()
    others, requirement, hashes = flasher.split(pinned)
    assert requirement.startswith("esptool==") and len(hashes) == 1
    assert "esptool==" not in others and "pyserial==" in others
    blocks = [line for line in others.splitlines() if not line.startswith(" ")]
    assert all("==" in line and line.endswith("\\") for line in blocks)
