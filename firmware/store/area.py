"""Erase blocks of our own inside the littlefs of a stock image, to be programmed without erasing.

A littlefs file of exactly one block has no pointers in its data, and littlefs neither moves nor
checks the data of a file that nobody writes to. So a few such files reserve blocks on the flash,
which are then read, programmed and erased directly, beside littlefs: a program takes 0.7 ms,
where the smallest write through littlefs reads hundreds of times and may erase at any moment.
Deleting the files gives the blocks back to littlefs.
"""

from array import array

from micropython import const

from firmware.store.once import forget

_HEAD = const(32)
_ERASE = const(6)
_BLOCK_SIZE = const(5)


class Area:
    """`blocks` erase blocks of `block_size` usable bytes each.

    `device` is the block device below littlefs (on the ESP32 the esp32.Partition), `places` the
    numbers of its blocks that are ours; each begins with the 32 bytes by which it was found.
    OSError comes through from the device.
    """

    def __init__(self, device, places: list):
        self._device = device
        self._places = array("H", places)
        self.blocks = len(places)
        self.block_size = device.ioctl(_BLOCK_SIZE, 0) - _HEAD

    def read(self, block: int, offset: int, buffer):
        """Fill `buffer`: one flash read."""
        self._device.readblocks(self._places[block], buffer, offset + _HEAD)

    def program(self, block: int, offset: int, data):
        """Clear bits from 1 to 0: one flash program of `data` into erased bytes."""
        self._device.writeblocks(self._places[block], data, offset + _HEAD)

    def erase(self, block: int):
        """Set all bits to 1: one block erase and one program, 45 ms typical and 400 ms worst."""
        place = self._places[block]
        head = bytearray(_HEAD)
        self._device.readblocks(place, head, 0)
        self._device.ioctl(_ERASE, place)
        self._device.writeblocks(place, head, 0)


def claim(folder: str, device, wear, name: str = "ledger", count: int = 16) -> Area:
    """Find the blocks reserved in `folder`/`name`, or reserve them; `device` is under `folder`.

    Only before the loop starts: some 100 reads for each file and one for each block of the flash
    (docs/storage.md), and it writes the files that are missing. StoreError: no room for them.
    """
    from firmware.store.reserve import reserve

    places = reserve(folder + "/" + name, device, wear, count)
    forget("reserve")
    return Area(device, places)
