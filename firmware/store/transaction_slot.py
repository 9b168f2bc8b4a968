"""One transaction as the bytes of a slot of 128: its beginning, later its end, later a mark."""

import struct
from binascii import crc32

from micropython import const

END = const(72)  # where the part of the end begins
SENT = const(112)  # where the mark of delivery stands
BEGUN = const(0xB1)
ENDED = const(0xE1)

_BEGIN_FORMAT = "<BBHIIQ4s24s20s"
_BEGIN_SIZE = const(68)
_END_FORMAT = "<BBHIQ16s"
_END_SIZE = const(32)
_NO_TIME = const(0xFFFFFFFF)
# Bits of an entry's `estimated`; a part that has an estimated time lacks the lowest bit of byte 1.
START_ESTIMATED = const(1)
END_ESTIMATED = const(2)


def begin_part(entry: dict) -> bytes:
    """What is known at the beginning; texts are cut to their room."""
    start = _NO_TIME if entry["start"] is None else entry["start"]
    texts = [entry[name].encode() for name in ("device", "user", "rfid")]
    sure = 255 ^ entry.get("estimated", 0) & START_ESTIMATED
    part = struct.pack(
        _BEGIN_FORMAT, BEGUN, sure, 65535, entry["number"], start, entry["start_wh"], *texts
    )
    return part + struct.pack("<I", crc32(part))


def end_part(entry: dict) -> bytes:
    """What is known at the end; belongs at END."""
    end = _NO_TIME if entry["end"] is None else entry["end"]
    reason = entry["reason"].encode()
    sure = 255 ^ entry.get("estimated", 0) >> 1 & 1
    part = struct.pack(_END_FORMAT, ENDED, sure, 65535, end, entry["end_wh"], reason)
    return part + struct.pack("<I", crc32(part))


def parsed(buffer) -> dict | None:
    """The transaction in a slot, without "end" if it has none; None if unsound."""
    if buffer[0] != BEGUN or not _sound(buffer, 0, _BEGIN_SIZE):
        return None
    values = struct.unpack_from(_BEGIN_FORMAT, buffer, 0)
    entry = {"number": values[3], "device": _text(values[6])}
    entry["start"] = None if values[4] == _NO_TIME else values[4]
    entry["start_wh"] = values[5]
    entry["user"], entry["rfid"] = _text(values[7]), _text(values[8])
    estimated = ~values[1] & START_ESTIMATED
    if buffer[END] == ENDED and _sound(buffer, END, _END_SIZE):
        values = struct.unpack_from(_END_FORMAT, buffer, END)
        entry["end"] = None if values[3] == _NO_TIME else values[3]
        entry["end_wh"], entry["reason"] = values[4], _text(values[5])
        estimated |= (~values[1] & 1) << 1
    if estimated:
        entry["estimated"] = estimated
    return entry


def _sound(buffer, start, size):
    crc = struct.unpack_from("<I", buffer, start + size)[0]
    return crc32(memoryview(buffer)[start : start + size]) == crc


def _text(data):
    # The last character may have been cut in the middle.
    data = data.rstrip(b"\x00")
    while data:
        try:
            return data.decode()
        except ValueError:
            data = data[:-1]
    return ""
