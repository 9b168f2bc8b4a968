"""What the chip's bootloader does before any Python: find the application that starts.

A simulated application is a sound image of the chip's format, with a ROM file system of the
firmware where the machine code would be.
"""

import struct
import sys

import rom
from micropython import const
from otadata import Selection, read
from silicon import SILICON

LABELS = ("app_a", "app_b")

_NO_OTADATA = const(-261)
# Header of the image, header of its only segment, description of the application.
_BEFORE = const(24 + 8 + 256)
_MOUNT = "/application"


def selection() -> Selection:
    """That of the simulated chip; OSError on one without two applications."""
    flash = SILICON.world.flash
    if "otadata" not in flash.partitions:
        raise OSError(_NO_OTADATA, "ESP_ERR_NOT_FOUND")
    return Selection(flash.device("otadata"), [flash.device(label) for label in LABELS])


def start(world, soft: bool) -> bool:
    """Find and mount what runs, before any Python does; whether there is anything.

    A soft reset does not come by here: what ran runs on.
    """
    if "otadata" not in world.flash.partitions:
        SILICON.application = "factory"
        return True
    charge = world.flash.charge
    world.flash.charge = False  # it is part of the time that a boot takes
    try:
        if not soft:
            number = selection().start()
            if number is None:
                return False
            SILICON.application = LABELS[number]
        device = world.flash.device(SILICON.application)
        length = struct.unpack("<I", read(device, 28, 4))[0] - 256
        rom.mount(rom.VfsRom(read(device, _BEFORE, length)), _MOUNT)
    finally:
        world.flash.charge = charge
    sys.path.insert(0, _MOUNT)
    return True
