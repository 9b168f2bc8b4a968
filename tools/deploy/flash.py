"""`make flash`: MicroPython onto the chip with esptool, after a look at both."""

import os
import re
import subprocess
import sys
from pathlib import Path

from line import DeployError, Line

ROOT = Path(__file__).resolve().parents[2]
_OLDEST = (1, 25)
# Where the parts lie in a file that is written at 0x1000, as the ESP32's ROM wants it.
_START = 0x1000
_MAGIC = 0xE9
_CHIP_ID = 12
_TABLE = 0x8000 - _START
_TABLE_MAGIC = b"\xaa\x50"
_CHIPS = {0: "ESP32", 2: "ESP32-S2", 5: "ESP32-C3", 9: "ESP32-S3", 12: "ESP32-C2", 13: "ESP32-C6"}
_VERSION = re.compile(rb"MicroPython v(\d+)\.(\d+)[^\x00]{0,40}")
# The ESP32 itself is called ESP32-D0WD, ESP32-PICO, ESP32-U4WDH and the like.
_OTHER = re.compile(r"ESP32-[SCHP]\d")
_LARGEST = 4 * 1024 * 1024


def flash(port: str, firmware: str, erase: bool):
    """Write the file `firmware` onto the chip at `port`; `erase` empties the whole chip first."""
    if not firmware:
        raise DeployError(
            "say which file: FIRMWARE=ESP32_GENERIC-....bin, MicroPython for the ESP32, 1.25 or "
            "later, from MicroPython's download page or built with tools/board"
        )
    print(f"{Path(firmware).name}: {judged(Path(firmware))}")
    Line(port).close()  # says in words why a port cannot be opened
    _fetch()
    expect_chip(_esptool(port, "flash_id"))
    if erase:
        print("Erasing the whole chip: firmware, settings and energy counters are gone.")
        _esptool(port, "erase_flash")
    print("Writing; this takes half a minute.", flush=True)
    _esptool(port, "--baud", "460800", "write_flash", hex(_START), firmware)
    print("MicroPython is on the chip. Next: make deploy PORT=... BOARD=...")


def judged(path: Path) -> str:
    """What MicroPython is in the file; DeployError unless it is one for this chip."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DeployError(f"{path}: {error.strerror}") from None
    if path.suffix != ".bin" or not data or data[0] != _MAGIC:
        raise DeployError(f"{path} is no firmware of an ESP32: it ends in .bin and begins with E9")
    chip = _CHIPS.get(
        int.from_bytes(data[_CHIP_ID : _CHIP_ID + 2], "little"), "chip of another kind"
    )
    if chip != "ESP32":
        raise DeployError(f"{path} is for the {chip}, and the box has an ESP32")
    if data[_TABLE : _TABLE + 2] != _TABLE_MAGIC:
        raise DeployError(
            f"{path} holds no partition table: take the file ending in .bin, not in .app-bin"
        )
    if len(data) > _LARGEST - _START:
        raise DeployError(f"{path} is larger than the chip's flash")
    found = _VERSION.search(data)
    if not found:
        raise DeployError(f"{path} is no MicroPython")
    if (int(found[1]), int(found[2])) < _OLDEST:
        raise DeployError(f"{path} is {found[0].decode()}, and 1.25 or later is needed")
    return found[0].decode()


def expect_chip(said: str):
    """DeployError unless esptool has found an ESP32 with 4 MiB."""
    chip = re.search(r"Chip is (ESP32\S*)", said)
    if chip and _OTHER.match(chip[1]):
        raise DeployError(f"the chip is an {chip[1]}, and the firmware is for the ESP32")
    size = re.search(r"Detected flash size: (\d+)(KB|MB)", said)
    if size and (size[2] == "KB" or int(size[1]) < 4):
        raise DeployError(f"the chip has {size[1]} {size[2]} of flash, and 4 MB are needed")
    print(f"Found {chip[1] if chip else 'an ESP32'}{', ' + size[1] + ' MB' if size else ''}.")


def _esptool(port: str, *words: str) -> str:
    """What esptool prints; DeployError with the reason in words when it fails."""
    command = [sys.executable, "-m", "esptool", "--chip", "auto", "--port", port, *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / ".tools" / "esptool")}
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise DeployError(explained(port, answer.stdout + answer.stderr))
    return answer.stdout


def _fetch():
    sys.path.insert(0, str(ROOT / "tools" / "setup"))
    import flasher

    if flasher.ready():
        return
    if subprocess.run(
        [sys.executable, str(ROOT / "tools/setup"), "esptool"], check=False
    ).returncode:
        raise DeployError("esptool could not be fetched")


def explained(port: str, said: str) -> str:
    """Why esptool has failed, in words."""
    last = said.strip().rpartition("\n")[2]
    if "Failed to connect" in said or "No serial data received" in said:
        return (
            f"no chip answers at {port}. Hold the button BOOT (or IO0) while you press and "
            "release EN (or RESET), then try again; some boards need that"
        )
    if "This chip is" in said:
        return f"{last}: the firmware is for the ESP32"
    return f"esptool: {last}"
