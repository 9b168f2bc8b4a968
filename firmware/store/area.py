"""Erase blocks of our own inside the littlefs of a stock image, to be programmed without erasing.

A littlefs file of exactly one block has no pointers in its data, and littlefs neither moves nor
checks the data of a file that nobody writes to. So a few such files reserve blocks on the flash,
which are then read, programmed and erased directly, beside littlefs: a program takes 0.7 ms,
where the smallest write through littlefs reads hundreds of times and may erase at any moment.
Deleting the files gives the blocks back to littlefs.
"""

import os
from binascii import crc32

from micropython import const

from firmware.store.config import StoreError

_HEAD = const(32)
_MAGIC = b"wallbox area 1\n\xff"
_ERASE = const(6)
_BLOCK_COUNT = const(4)
_BLOCK_SIZE = const(5)


class Area:
    """`blocks` erase blocks of `block_size` usable bytes each.

    `device` is the block device below littlefs (on the ESP32 the esp32.Partition), `places` the
    numbers of its blocks that are ours, `heads` the first 32 bytes of each. OSError comes
    through from the device.
    """

    def __init__(self, device, places: list, heads: list):
        self._device = device
        self._places = places
        self._heads = heads
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
        self._device.ioctl(_ERASE, place)
        self._device.writeblocks(place, self._heads[block], 0)


def claim(folder: str, device, wear, name: str = "ledger", count: int = 16) -> Area:
    """Find the blocks reserved in `folder`/`name`, or reserve them; `device` is under `folder`.

    Only before the loop starts: some 30 reads for each file and one for each block of the flash
    (docs/storage.md), and it writes the files that are missing. StoreError: no room for them.
    """
    folder = folder + "/" + name
    size = device.ioctl(_BLOCK_SIZE, 0)
    try:
        _make_folder(folder)
        heads = []
        for index in range(count):
            path = f"{folder}/{index}"
            heads.append(_head(path, index, size) or _reserve(path, index, size, wear))
        places = _find(device, heads)
        if any(len(found) > 1 for found in places):
            # A copy of a file was made and has the same head: give ours a new one.
            for index, found in enumerate(places):
                if len(found) > 1:
                    heads[index] = _renew(f"{folder}/{index}", index, wear)
            places = _find(device, heads)
    except OSError as error:
        raise StoreError(f"no room for the {name}: {error}")
    if any(len(found) != 1 for found in places):
        raise StoreError(f"the blocks of the {name} are not found on the flash")
    return Area(device, [found[0] for found in places], heads)


def _make_folder(folder):
    try:
        os.stat(folder)
    except OSError:
        os.mkdir(folder)


def _new_head(index):
    head = _MAGIC + os.urandom(8) + bytes((index, 255, 255, 255))
    return head + crc32(head).to_bytes(4, "little")


def _head(path, index, size):
    try:
        with open(path, "rb") as file:
            if file.seek(0, 2) != size:
                return None
            file.seek(0)
            head = file.read(_HEAD)
    except OSError:
        return None
    sound = head.startswith(_MAGIC) and head[24] == index
    return head if sound and crc32(head[:28]).to_bytes(4, "little") == head[28:] else None


def _reserve(path, index, size, wear):
    head = _new_head(index)
    with open(path, "wb") as file:
        file.write(head)
        empty = b"\xff" * 64
        for _ in range((size - _HEAD) // 64):
            file.write(empty)
        file.write(empty[: (size - _HEAD) % 64])
    wear.file("reserve", size)
    return head


def _renew(path, index, wear):
    with open(path, "rb") as file:
        file.seek(_HEAD)
        content = file.read()
    head = _new_head(index)
    with open(path, "wb") as file:
        file.write(head)
        file.write(content)
    wear.file("reserve", len(content))
    return head


def _find(device, heads):
    places = [[] for _ in heads]
    known = {head: index for index, head in enumerate(heads)}
    buffer = bytearray(_HEAD)
    for block in range(device.ioctl(_BLOCK_COUNT, 0)):
        device.readblocks(block, buffer, 0)
        if buffer.startswith(_MAGIC):
            index = known.get(bytes(buffer))
            if index is not None:
                places[index].append(block)
    return places
