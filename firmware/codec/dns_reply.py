"""Answers every question for an address with the same one: the names of a captive network.

RFC 1035 section 4; a phone that asks for anything is to find the page of the box.
"""

from micropython import const

LARGEST = const(512)
_HEAD = const(12)
_LONGEST_NAME = const(255)
_A = const(1)
_ANY = const(255)
_IN = const(1)
_FLAGS = const(0x84)  # an answer with authority; the bit of recursion wanted comes back
_RECURSION = const(0x80)
_REFUSED = const(5)
# So short that a phone which has moved on to another network does not take it along.
_SECONDS = const(10)


def reply(packet, address: bytes) -> bytes | None:
    """The answer to a query; None for what is no query, which gets none.

    `address` is 4 bytes. Other records than addresses do not exist, other classes are refused.
    """
    if len(packet) < _HEAD or len(packet) > LARGEST or packet[2] & 0xF8:
        return None
    if packet[4] or packet[5] != 1 or packet[6] or packet[7] or packet[8] or packet[9]:
        return None
    end = _end_of_name(packet)
    if end is None:
        return None
    kind = packet[end] << 8 | packet[end + 1]
    known = packet[end + 2] == 0 and packet[end + 3] == _IN
    found = known and kind in (_A, _ANY)
    out = bytearray(packet[: end + 4])
    out[2] = _FLAGS | packet[2] & 1
    out[3] = _RECURSION if known else _RECURSION | _REFUSED
    out[6:12] = bytes((0, found, 0, 0, 0, 0))
    if found:
        out.extend(bytes((0xC0, _HEAD, 0, _A, 0, _IN, 0, 0, 0, _SECONDS, 0, 4)))
        out.extend(address)
    return bytes(out)


def _end_of_name(packet):
    """Where type and class of the question stand; None when they do not."""
    at = _HEAD
    while at < len(packet):
        size = packet[at]
        at += size + 1
        if size == 0:
            return at if at + 4 <= len(packet) and at - _HEAD <= _LONGEST_NAME else None
        if size > 63:
            return None
    return None
