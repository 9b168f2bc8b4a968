"""DNS questions and answers for IPv4 addresses (RFC 1035), also as multicast DNS uses them."""

from micropython import const

_A = const(1)
_CNAME = const(5)
_IN = const(1)
_RESPONSE = const(0x80)
_RECURSION_DESIRED = const(1)
_NAME_ERROR = const(3)
_POINTERS = const(16)  # more of them in one name are a loop


class DnsError(Exception):
    """The answer is broken or a refusal; the argument says which."""


def question(name: str, number: int) -> bytes:
    """A query for the A record of `name`; `number` (16 bit) comes back in the answer."""
    out = bytearray([number >> 8, number & 255, _RECURSION_DESIRED, 0, 0, 1, 0, 0, 0, 0, 0, 0])
    for label in name.split("."):
        data = label.encode()
        out.append(len(data))
        out.extend(data)
    out.extend(b"\0\0\x01\0\x01")
    return bytes(out)


def answer(packet, name: str, number: int):
    """(address, time to live in s) for `name`; None if this packet does not belong to the query.

    Follows aliases. Raises DnsError for a refusal, or when there is no address in it.
    """
    if len(packet) < 12 or not packet[2] & _RESPONSE or _number(packet, 0) != number:
        return None
    code = packet[3] & 15
    if code:
        raise DnsError("no such name" if code == _NAME_ERROR else f"server failure {code}")
    return _records(packet, name)


def _records(packet, name: str):
    at = 12
    wanted = name.lower().encode()
    for _ in range(_number(packet, 4)):
        asked, at = _name(packet, at)
        if asked != wanted:
            return None
        at += 4
    for _ in range(_number(packet, 6)):
        owner, at = _name(packet, at)
        after = at + 10
        if after > len(packet) or after + _number(packet, at + 8) > len(packet):
            raise DnsError("cut answer")
        if owner == wanted and _number(packet, at + 2) & 0x7FFF == _IN:
            kind = _number(packet, at)
            if kind == _A and _number(packet, at + 8) == 4:
                return _address(packet, at)
            if kind == _CNAME:
                wanted = _name(packet, after)[0]
        at = after + _number(packet, at + 8)
    raise DnsError("no address in the answer")


def _address(packet, at: int):
    """The address and time to live of an A record whose type is at `at`."""
    address = ".".join([str(byte) for byte in packet[at + 10 : at + 14]])
    # more than 18 hours need no telling apart, and 16 bits are always a small integer
    return address, 65535 if _number(packet, at + 4) else _number(packet, at + 6)


def _number(packet, at: int) -> int:
    return packet[at] << 8 | packet[at + 1]


def _name(packet, at: int):
    """A name in lower case and the place after it; follows compression."""
    labels = []
    after = 0
    jumps = 0
    while True:
        if at >= len(packet):
            raise DnsError("cut name")
        size = packet[at]
        at += 1
        if size >= 0xC0:
            if at >= len(packet) or jumps > _POINTERS:
                raise DnsError("endless name")
            after = after or at + 1
            at = (size & 0x3F) << 8 | packet[at]
            jumps += 1
        elif size == 0:
            return b".".join(labels).lower(), after or at
        elif size > 63 or at + size > len(packet) or len(labels) > 127:
            raise DnsError("cut name")
        else:
            labels.append(bytes(packet[at : at + size]))
            at += size
