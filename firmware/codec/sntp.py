"""The question to a time server and its answer: unicast SNTP (RFC 4330, packets of RFC 5905)."""

from micropython import const

_SIZE = const(48)
_QUESTION = const(0x23)  # no warning, version 4, mode 3: a client
_SERVER = const(4)
_UNSYNCHRONISED = const(3)
_WORST_STRATUM = const(15)
_ORIGINATE = const(24)
_RECEIVED = const(32)
_SENT = const(40)
# Seconds from 1900 to 1970; and in one era of NTP, of which the second begins in 2036.
_UNIX_1900 = 2208988800
_ERA = 1 << 32
# No server thinks for so long about an answer.
_LONGEST_S = const(10)


class SntpError(Exception):
    """Why an answer is not believed.

    `ours`: it answers our question, so that no better one will follow. `kiss`: the four letters
    with which the server sends us away or asks for patience (RFC 5905 section 7.4), or "".
    """

    def __init__(self, reason: str, ours: bool = True, kiss: str = ""):
        super().__init__(reason)
        self.ours = ours
        self.kiss = kiss


def question(stamp: bytes) -> bytes:
    """A question marked with 8 random bytes, which must come back in the answer.

    They stand where a client may write its own time; a server needs no more than to return them.
    """
    return bytes((_QUESTION,)) + bytes(_SENT - 1) + stamp


def answer(packet, stamp: bytes) -> tuple:
    """(unix seconds, ms beyond them, ms that the server took) of an answer; SntpError.

    The time is the one at which the server sent it. Checks: RFC 4330 section 5.
    """
    if len(packet) < _SIZE:
        raise SntpError(f"{len(packet)} bytes instead of {_SIZE}", False)
    if bytes(packet[_ORIGINATE:_RECEIVED]) != stamp:
        raise SntpError("it does not answer our question", False)
    if packet[0] & 7 != _SERVER or not 3 <= packet[0] >> 3 & 7 <= 4:
        raise SntpError("no answer of a server of version 3 or 4")
    if packet[1] == 0:
        kiss = _letters(packet[12:16])
        raise SntpError(f"the server refuses: {kiss}", True, kiss)
    if packet[0] >> 6 == _UNSYNCHRONISED or packet[1] > _WORST_STRATUM:
        raise SntpError("the server does not know the time")
    if packet[4] or packet[5] or packet[8] or packet[9]:
        raise SntpError("the server is a second or more from its source")
    seconds, ms = _time(packet, _SENT)
    came, came_ms = _time(packet, _RECEIVED)
    held_s = seconds - came
    if not -1 <= held_s <= _LONGEST_S or held_s * 1000 + ms - came_ms < 0:
        raise SntpError("it was sent before its question came, or much later")
    return seconds, ms, held_s * 1000 + ms - came_ms


def _letters(data):
    return "".join(chr(byte) if 65 <= byte <= 90 else "?" for byte in data)


def _time(packet, at: int) -> tuple:
    """(unix seconds, ms) of a timestamp; one without its highest bit lies after 2036."""
    seconds = int.from_bytes(packet[at : at + 4], "big")
    ms = (packet[at + 4] << 8 | packet[at + 5]) * 1000 >> 16
    if not seconds:
        raise SntpError("a time is missing in it")
    if not packet[at] & 0x80:
        seconds += _ERA
    return seconds - _UNIX_1900, ms
