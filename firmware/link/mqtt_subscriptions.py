"""Which topics we want, and how far the broker is in granting them."""

from micropython import const

from firmware.ticks import since

_WANTED = const(0)
_ASKED = const(1)
_GRANTED = const(2)
_UNWANTED = const(3)
_REFUSED = const(4)

_HEAD = const(16)


class Subscription:
    """One topic filter and the state of its request."""

    def __init__(self, topic_filter: bytes, qos: int):
        self.filter = topic_filter
        self.qos = qos
        self.stage = self.packet_id = self.asked_at = 0


class Subscriptions:
    """Remembered for ever, asked for again on each connection; `due` while some must be sent."""

    def __init__(self):
        self.due = False
        self._all = []

    def add(self, topic_filter: bytes, qos: int):
        """Want this filter; a known one is asked for again with the new QoS."""
        for entry in self._all:
            if entry.filter == topic_filter:
                break
        else:
            entry = Subscription(topic_filter, qos)
            self._all.append(entry)
        entry.qos = qos
        entry.stage = _WANTED
        self.due = True

    def remove(self, topic_filter: bytes):
        for entry in self._all:
            if entry.filter == topic_filter:
                entry.stage = _UNWANTED
                self.due = True

    def reconnected(self):
        """Nothing is granted on a new connection; what is unwanted needs no farewell."""
        self._all = [entry for entry in self._all if entry.stage != _UNWANTED]
        for entry in self._all:
            entry.stage = _WANTED
        self.due = bool(self._all)

    def fill(self, encoder, outbox, now: int):
        """Put requests into the encoder while there is room."""
        for entry in self._all:
            if entry.stage not in (_WANTED, _UNWANTED):
                continue
            if encoder.room() < len(entry.filter) + _HEAD:
                return
            entry.packet_id = self._new_id(outbox)
            if entry.stage == _WANTED:
                encoder.subscribe(entry.packet_id, entry.filter, entry.qos)
                entry.stage = _ASKED
            else:
                encoder.unsubscribe(entry.packet_id, entry.filter)
                self._all.remove(entry)
                return
            entry.asked_at = now
        self.due = False

    def answered(self, packet_id: int, code: int) -> str:
        """SUBACK; the filter in words if the broker refuses it, else the empty text."""
        for entry in self._all:
            if entry.stage == _ASKED and entry.packet_id == packet_id:
                entry.stage = _REFUSED if code & 0x80 else _GRANTED
                if code & 0x80:
                    return entry.filter.decode()
        return ""

    def overdue(self, now: int, patience_ms: int) -> bool:
        """True when the broker has left a request unanswered for too long."""
        return any(e.stage == _ASKED and since(now, e.asked_at) > patience_ms for e in self._all)

    def _new_id(self, outbox) -> int:
        while True:
            number = outbox.new_id()
            if not any(e.stage == _ASKED and e.packet_id == number for e in self._all):
                return number
