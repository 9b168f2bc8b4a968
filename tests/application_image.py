"""An application as ESP-IDF builds it, for the simulated bootloader; on both Pythons."""

import hashlib
import struct


def application(content: bytes = b"\xd2\xcd\x31\x00", chip: int = 0) -> bytes:
    """One with this where its machine code would be: by default an empty ROM file system.

    Layout: ESP-IDF's "App Image Format".
    """
    segment = struct.pack("<I", 0xABCD5432) + bytes(252) + content
    segment += bytes(-len(segment) % 4)
    data = struct.pack("<BBBBI4xHB8xB", 0xE9, 1, 2, 0x20, 0x40081000, chip, 0, 1)
    data += struct.pack("<II", 0x3F400020, len(segment)) + segment
    checksum = 0xEF
    for byte in segment:
        checksum ^= byte
    data += bytes(15 - len(data) % 16) + bytes([checksum])
    return data + hashlib.sha256(data).digest()
