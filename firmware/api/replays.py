"""Requests that a broker delivers twice, or again after a new subscription."""

from micropython import const

from firmware.ticks import since

_WINDOW_MS = const(250)  # brokers that send twice do so at once; people and controllers do not
_SUBSCRIBED_MS = const(3000)  # brokers that replay the last message of every topic do it by then
_REDELIVERED_MS = const(600000)  # a message with DUP may come long after its first delivery
_TOPICS = const(16)
_LONGEST = const(1024)


class Replays:
    """Remembers the last executed request of each of the last 16 topics."""

    def __init__(self):
        self._last = {}  # topic: (payload, executed at)
        self._subscribed_at = None

    def subscribed(self, now: int):
        """A connection with its subscriptions is new."""
        self._subscribed_at = now

    def is_replay(self, topic: str, payload, duplicate: bool, now: int) -> bool:
        """True if this request was executed already; otherwise it counts as executed now.

        `duplicate` is the message's DUP flag. Requests beyond 1 KiB are never taken for a replay.
        """
        last = self._last.get(topic)
        if last and last[0] == payload:
            age_ms = since(now, last[1])
            if age_ms < _WINDOW_MS or (duplicate and age_ms < _REDELIVERED_MS):
                return True
            if self._fresh(now):
                return True
        if len(payload) <= _LONGEST:
            if last is None and len(self._last) >= _TOPICS:
                self._forget_oldest(now)
            self._last[topic] = (bytes(payload), now)
        return False

    def _fresh(self, now: int) -> bool:
        """Whether the subscription is so new that a broker may still be replaying."""
        if self._subscribed_at is None:
            return False
        if since(now, self._subscribed_at) > _SUBSCRIBED_MS:
            self._subscribed_at = None
            return False
        return True

    def _forget_oldest(self, now: int):
        oldest = max(self._last, key=lambda topic: since(now, self._last[topic][1]))
        del self._last[oldest]
