"""The queue of outgoing messages and its policies."""

from firmware.link.mqtt_outbox import ALWAYS, LATEST, NEWEST, Outbox


def drained(outbox, now=0):
    """Send everything that may be sent now; [(topic, payload), …]."""
    sent = []
    while letter := outbox.next():
        if letter.flags & 6 and not letter.packet_id:
            letter.packet_id = outbox.new_id()
        sent.append((letter.topic, letter.payload))
        outbox.now = now
        outbox.taken(letter)
    return sent


def test_the_latest_value_of_a_topic_replaces_one_that_waits_in_its_place():
    outbox = Outbox()
    outbox.put(b"a", b"1", 0, LATEST)
    outbox.put(b"b", b"1", 0, LATEST)
    outbox.put(b"a", b"2", 1, LATEST)
    assert len(outbox.waiting) == 2
    assert outbox.next().flags == 1
    assert drained(outbox) == [(b"a", b"2"), (b"b", b"1")]
    assert not outbox.waiting and outbox.dropped == 0


def test_a_value_on_its_way_is_not_replaced():
    outbox = Outbox()
    outbox.put(b"a", b"1", 2, LATEST)
    drained(outbox)
    outbox.put(b"a", b"2", 2, LATEST)
    assert len(outbox.waiting) == 1 and len(outbox.sent) == 1
    outbox.reconnected(True)
    outbox.put(b"a", b"3", 2, LATEST)
    assert drained(outbox) == [(b"a", b"1"), (b"a", b"3")]


def test_the_oldest_log_goes_first_then_the_oldest_state_and_a_bill_never():
    outbox = Outbox(4)
    outbox.put(b"s1", b"", 0, LATEST)
    outbox.put(b"log", b"1", 0, NEWEST)
    outbox.put(b"log", b"2", 0, NEWEST)
    outbox.put(b"s2", b"", 0, LATEST)
    outbox.put(b"log", b"3", 0, NEWEST)
    assert outbox.put(b"bill", b"1", 2, ALWAYS)
    assert outbox.put(b"bill", b"2", 2, ALWAYS)
    assert [letter.topic for letter in outbox.waiting + outbox.sent] == [
        b"s1",
        b"s2",
        b"bill",
        b"bill",
    ]
    assert not outbox.put(b"log", b"4", 0, NEWEST)
    assert outbox.put(b"bill", b"3", 2, ALWAYS)
    assert outbox.put(b"bill", b"4", 2, ALWAYS)
    assert not outbox.put(b"bill", b"5", 2, ALWAYS)
    assert not outbox.put(b"s3", b"", 0, LATEST)
    assert drained(outbox) == [(b"bill", b"%d" % number) for number in range(1, 5)]


def test_bytes_are_bounded_too():
    outbox = Outbox(100, 1000)
    for _ in range(50):
        outbox.put(b"log", b"x" * 300, 0, NEWEST)
    assert len(outbox.waiting) == 3
    assert not outbox.put(b"log", b"x" * 1001, 0, NEWEST)
    drained(outbox)
    assert outbox._bytes() == 0


def test_the_window_holds_back_and_order_is_kept():
    outbox = Outbox(window=2)
    for number in range(3):
        outbox.put(b"t", b"%d" % number, 2, ALWAYS)
    outbox.put(b"u", b"q0", 0, ALWAYS)
    assert drained(outbox) == [(b"t", b"0"), (b"t", b"1")]
    assert outbox.acknowledged(1).payload == b"0"
    assert drained(outbox) == [(b"t", b"2"), (b"u", b"q0")]


def test_packet_identifiers_skip_those_in_use_and_zero():
    outbox = Outbox()
    assert outbox.track(b"t", b"", 2) == 1
    for number in (2, 3):
        outbox.put(b"t", b"%d" % number, 2, ALWAYS)
    drained(outbox)
    outbox.acknowledged(2)
    outbox.reconnected(True)  # 1 and 3 are to be sent again under their identifiers
    for number in range(4, 65280):
        assert outbox.new_id() == number
    assert outbox.new_id() == 2 and outbox.new_id() == 4
    drained(outbox)
    for number in range(5, 65280):
        assert outbox.new_id() == number
    assert outbox.track(b"t", b"", 2) == 2
    assert outbox.new_id() == 4


def test_what_leaves_at_once_is_kept_like_the_rest_while_the_window_is_open():
    outbox = Outbox(window=2)
    assert outbox.track(b"a", b"1", 2) == 1 and outbox.track(b"a", b"2", 3) == 2
    assert outbox.track(b"a", b"3", 2) == -1
    outbox.untrack(2)
    assert outbox.track(b"b", b"4", 4) == 3
    outbox.reconnected(False)
    assert [(letter.topic, letter.payload, letter.flags) for letter in outbox.waiting] == [
        (b"a", b"1", 2),
        (b"b", b"4", 4),
    ]
    assert not outbox.put(b"c", b"x" * 8191, 0, LATEST) and len(outbox.waiting) == 2


def test_answers_to_unknown_identifiers_change_nothing():
    outbox = Outbox()
    outbox.put(b"t", b"", 2, ALWAYS)
    assert outbox.acknowledged(0) is None
    assert outbox.acknowledged(1) is None
    drained(outbox)
    assert outbox.acknowledged(2) is None
    outbox.received(2)
    assert len(outbox.sent) == 1
    assert outbox.acknowledged(1) and outbox.acknowledged(1) is None
    assert not outbox.sent


def test_released_messages_repeat_only_their_release():
    outbox = Outbox()
    outbox.put(b"t", b"", 4, ALWAYS)
    drained(outbox)
    outbox.now = 5
    outbox.received(1)
    outbox.reconnected(True)
    outbox.now = 9
    assert list(outbox.releases()) == [1] and drained(outbox, 9) == []
    outbox.now = 20
    assert not outbox.overdue(15)
    outbox.now = 30
    assert outbox.overdue(15)
    outbox.reconnected(False)
    assert outbox.next().flags == 4 and drained(outbox) == [(b"t", b"")]
