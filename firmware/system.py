"""The controller itself as the API sees it: identity, load, clock, restart."""

import gc
import hashlib
import os
import time

from micropython import const

from firmware.version import PRODUCT, VERSION

# MicroPython counts seconds from 2000 on the ESP32 and from 1970 on the unix port.
_UNIX_2000 = const(946684800)
# Anything before this build is the clock of a chip that nobody has told the time: 2025-01-01.
_KNOWN_FROM = const(1735689600)


class System:
    """`wanted` is what was asked for and waits for the app: "", "restart" or "factory reset"."""

    version = VERSION
    product = PRODUCT

    def __init__(self, board, status):
        self.serial = board.unique_id().hex()
        self.platform = board.platform()
        self.wanted = ""
        self.sync_wanted = False
        self.load_percent = 0
        self.status = status
        self.image_partition = board.image_partition
        self.wifi = None

    def address(self) -> str | None:
        """The box's address in the LAN, or None while there is no network."""
        return self.wifi.status()["address"] or None if self.wifi else None

    def cpu_percent(self) -> int:
        """Share of the last second in which tasks ran."""
        return self.load_percent

    def memory_percent(self) -> int:
        """Share of the heap in use."""
        used = gc.mem_alloc()
        return used * 100 // (used + gc.mem_free())

    def restart(self):
        self.wanted = "restart"

    def factory_reset(self):
        self.wanted = "factory reset"

    def slots(self):
        """firmware/slots/manage.py: loaded when it is needed."""
        from firmware.slots import manage

        return manage

    def sync(self):
        self.sync_wanted = True

    def digest(self, data) -> bytes:
        return hashlib.sha256(data).digest()

    def random(self, count: int) -> bytes:
        return os.urandom(count)


def chip_time() -> int:
    """Seconds since 1970 by the chip's clock, whether somebody has set it or not."""
    seconds = int(time.time())
    return seconds + _UNIX_2000 if time.gmtime(0)[0] == 2000 else seconds


def unix_time() -> int | None:
    """Seconds since 1970, or None while the clock has not been set."""
    seconds = chip_time()
    return seconds if seconds > _KNOWN_FROM else None
