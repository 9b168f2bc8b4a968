"""Files of one block each that reserve blocks of the flash: found, or made. Boot only."""

import os
from binascii import crc32

from micropython import const

from firmware.store.errors import StoreError

_HEAD = const(32)
_MAGIC = b"wallbox area 1\n\xff"
_BLOCK_COUNT = const(4)
_BLOCK_SIZE = const(5)


def reserve(folder: str, device, wear, count: int):
    """The numbers of the blocks on `device` that `count` files reserve."""
    try:
        heads = _heads(folder, device, wear, count)
        places = _find(device, heads)
        if any(len(found) > 1 for found in places):
            # A copy of a file was made and has the same head: give ours a new one.
            for index, found in enumerate(places):
                if len(found) > 1:
                    heads[index] = _renew(f"{folder}/{index}", index, wear)
            places = _find(device, heads)
    except OSError as error:
        raise StoreError(f"no room for {folder}: {error}")
    if any(len(found) != 1 for found in places):
        raise StoreError(f"the blocks of {folder} are not found on the flash")
    return [found[0] for found in places]


def _heads(folder, device, wear, count):
    size = device.ioctl(_BLOCK_SIZE, 0)
    heads = [_head(f"{folder}/{index}", index, size) for index in range(count)]
    if None in heads:
        _prepare(folder, device, size)
    for index, head in enumerate(heads):
        if head is None:
            heads[index] = _made(f"{folder}/{index}", index, size, wear)
    return heads


def _prepare(folder, device, size):
    # Asking this walks the whole file system: only where files are to be made.
    parent = folder[: folder.rindex("/")]
    system = os.statvfs(parent)
    if (system[0], system[2]) != (size, device.ioctl(_BLOCK_COUNT, 0)):
        raise StoreError(f"{parent} is not on the flash")
    _make_folder(parent)
    _make_folder(folder)


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


def _made(path, index, size, wear):
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
