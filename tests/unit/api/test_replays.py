"""Requests that come more than once."""

from firmware.api.replays import Replays
from firmware.ticks import PERIOD, after

START = PERIOD - 1000


def test_the_same_request_at_once_is_a_replay_and_later_it_is_not():
    replays = Replays()
    assert not replays.is_replay("ctl", b"1", False, START)
    assert replays.is_replay("ctl", b"1", False, after(START, 5))
    assert replays.is_replay("ctl", memoryview(b"1"), False, after(START, 200))
    assert not replays.is_replay("ctl", b"1", False, after(START, 1000))
    assert not replays.is_replay("ctl", b"2", False, after(START, 1001))
    assert not replays.is_replay("ctl", b"1", False, after(START, 1002))
    assert not replays.is_replay("other", b"1", False, after(START, 1003))


def test_after_a_new_subscription_the_last_request_of_a_topic_is_not_run_again():
    replays = Replays()
    for topic, payload in (("ctl", b"old"), ("ctl", b"last"), ("api/x", b"")):
        assert not replays.is_replay(topic, payload, False, START)
    later = after(START, 3600000)
    replays.subscribed(later)
    assert replays.is_replay("ctl", b"last", False, after(later, 100))
    assert replays.is_replay("api/x", b"", False, after(later, 2900))
    assert not replays.is_replay("ctl", b"old", False, after(later, 2901))
    assert not replays.is_replay("api/x", b"", False, after(later, 3100))


def test_a_redelivered_message_is_known_by_its_flag_for_longer():
    replays = Replays()
    replays.is_replay("ctl", b"1", False, START)
    assert replays.is_replay("ctl", b"1", True, after(START, 60000))
    assert not replays.is_replay("ctl", b"2", True, after(START, 60000))
    assert not replays.is_replay("ctl", b"2", True, after(START, 3600000))


def test_many_topics_push_out_the_oldest_and_large_requests_are_not_kept():
    replays = Replays()
    for number in range(40):
        replays.is_replay(f"t{number}", b"1", False, after(START, number))
    assert len(replays._last) == 16
    assert replays.is_replay("t39", b"1", False, after(START, 50))
    assert not replays.is_replay("t1", b"1", False, after(START, 50))
    assert not replays.is_replay("big", b"x" * 2000, False, START)
    assert not replays.is_replay("big", b"x" * 2000, False, START)
