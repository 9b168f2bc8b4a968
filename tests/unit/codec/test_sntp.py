"""Answers of time servers, good, cut, forged and hostile."""

from firmware.codec.sntp import SntpError, answer, question

STAMP = b"\x01\x02\x03\x04\x05\x06\x07\x08"
NOON = 3976343400  # NTP seconds of 2026-01-02T11:30:00Z
UNIX = 1767353400 + 1200


def reply(**changes):
    """A good answer, with single bytes or fields changed: b0=..., sent=(seconds, fraction)."""
    packet = bytearray(48)
    packet[0] = 0x24
    packet[1] = 2
    packet[2] = 6
    packet[3] = 0xE9
    packet[12:16] = b"\x0a\x00\x00\x01"
    packet[24:32] = STAMP
    fields = {"came": (NOON + 2208, 0x40000000), "sent": (NOON + 2208, 0x80000000)}
    for name, value in changes.items():
        if name in fields:
            fields[name] = value
        elif name == "stamp":
            packet[24:32] = value
        elif name == "letters":
            packet[12:16] = value
        else:
            packet[int(name[1:])] = value
    for name, at in (("came", 32), ("sent", 40)):
        for index, number in enumerate(fields[name]):
            packet[at + 4 * index : at + 4 * index + 4] = number.to_bytes(4, "big")
    return bytes(packet)


def refused(packet, stamp=STAMP):
    try:
        answer(packet, stamp)
    except SntpError as error:
        return error
    raise AssertionError("taken")


def test_a_question_is_a_client_of_version_4_that_tells_nothing_but_its_stamp():
    packet = question(STAMP)
    assert len(packet) == 48 and packet[0] == 0x23
    assert packet[1:40] == bytes(39) and packet[40:] == STAMP


def test_a_good_answer_is_the_time_at_which_it_was_sent():
    assert answer(reply(), STAMP) == (NOON + 2208 - 2208988800, 500, 250)


def test_the_era_after_2036_is_known():
    first = (1 << 32) - 2208988800
    assert answer(reply(came=(1, 0), sent=(1, 0)), STAMP) == (first + 1, 0, 0)
    last = (0xFFFFFFFF, 0)
    assert answer(reply(came=last, sent=last), STAMP) == (first - 1, 0, 0)


def test_an_answer_that_spans_two_eras_is_one():
    seconds, ms, held = answer(reply(came=(0xFFFFFFFF, 0xC0000000), sent=(1, 0)), STAMP)
    assert (seconds, ms, held) == ((1 << 32) - 2208988800 + 1, 0, 1250)


def test_what_does_not_answer_our_question_may_be_followed_by_what_does():
    assert not refused(reply(stamp=bytes(8))).ours
    assert not refused(reply(), b"otherone").ours
    for length in range(48):
        assert not refused(reply()[:length]).ours, length


def test_every_reason_for_mistrust_has_its_words():
    for changes, words in (
        ({"b0": 0x23}, "no answer of a server"),  # our own question, sent back
        ({"b0": 0x25}, "no answer of a server"),  # broadcast
        ({"b0": 0x14}, "no answer of a server"),  # version 2
        ({"b0": 0x3C}, "no answer of a server"),  # version 7
        ({"b0": 0xE4}, "does not know the time"),  # leap indicator 3
        ({"b1": 16}, "does not know the time"),
        ({"b1": 255}, "does not know the time"),
        ({"b5": 1}, "a second or more"),
        ({"b4": 0xFF}, "a second or more"),
        ({"b9": 1}, "a second or more"),
        ({"b8": 1}, "a second or more"),
        ({"sent": (0, 0)}, "a time is missing"),
        ({"came": (0, 0)}, "a time is missing"),
        ({"sent": (NOON, 0)}, "sent before its question came"),
        ({"sent": (NOON + 2208, 0)}, "sent before its question came"),
        ({"sent": (NOON + 3000, 0)}, "much later"),
    ):
        error = refused(reply(**changes))
        assert words in str(error) and error.ours and not error.kiss, (changes, str(error))


def test_what_is_allowed_is_taken():
    for changes in ({"b0": 0x1C}, {"b0": 0x64}, {"b0": 0xA4}, {"b1": 1}, {"b1": 15}, {"b6": 255}):
        answer(reply(**changes), STAMP)


def test_a_kiss_of_death_gives_its_letters_and_only_when_it_is_for_us():
    for letters, kiss in ((b"DENY", "DENY"), (b"RATE", "RATE"), (b"R\n\x00\xff", "R???")):
        error = refused(reply(b1=0, letters=letters))
        assert error.kiss == kiss and error.ours
    assert refused(reply(b1=0, letters=b"DENY", stamp=bytes(8))).kiss == ""


def test_any_bytes_are_an_answer_or_an_error():
    state = 1
    for length in (0, 1, 47, 48, 49, 68, 512):
        for _ in range(200):
            packet = bytearray(length)
            for index in range(length):
                state = (state * 1103515245 + 12345) & 0x7FFFFFFF
                packet[index] = state >> 16 & 255
            if length >= 48 and state & 1:
                packet[24:32] = STAMP
                packet[0] = 0x24
                packet[1] = state >> 8 & 3
            try:
                seconds, ms, held = answer(packet, STAMP)
            except SntpError:
                continue
            assert 0 < seconds < 1 << 33 and 0 <= ms < 1000 and 0 <= held < 11000
