"""The transaction log on MQTT: an ended session is told until the broker has acknowledged it."""

from micropython import const

from firmware.codec.json_stream import JsonStream
from firmware.ticks import since

# Slots of the flash that one look may read.
_LOOKS = const(4)
# After a refusal, in looks of 50 ms: a minute.
_PAUSE = const(1200)


class TransactionLog:
    """Begin and interval entries are told once; end entries at least once.

    An ended session is read from the flash, published with QoS 1, and marked there when the
    broker has acknowledged it; then comes the next one. What is not marked is told again in the
    next life. Without room on the flash an end is told once, too. `publish(payload)` is False
    when the queue is full; `mqtt` are the settings.
    """

    def __init__(self, sessions, mqtt, serial: str, publish):
        self._sessions = sessions
        self._store = sessions.transactions
        self._mqtt = mqtt
        self._serial = serial
        self._publish = publish
        self._reading = None
        self._first = 0
        self._wanted = True
        self._entry: dict | None = None
        self._awaited = None
        self._told_at = 0
        self._pause = 0

    def told(self, event: str, entry: dict):
        """A session began or ended; `entry` as Sessions shows it."""
        if event == "end" and self._store.slots:
            self._wanted = True
        elif self._mqtt.ta_log:
            self._publish(self._written(event, entry))

    def _written(self, event, entry):
        time = {"interval": self._sessions.time()}.get(event, entry.get(event))
        return JsonStream({"event": event, "time": time, "serial": self._serial} | entry)

    def delivered(self, payload):
        """The broker has acknowledged a message with this payload."""
        if payload is not None and payload is self._awaited:
            self._awaited = None
            self._store.delivered(self._entry["number"])
            self._first = self._entry["number"] + 1
            self._entry: dict | None = None

    def refused(self, payload):
        """The broker does not want it: again in a minute."""
        if payload is not None and payload is self._awaited:
            self._awaited = None
            self._pause = _PAUSE

    def tick(self, now: int):
        """One bounded look, every 50 ms or so."""
        if not self._mqtt.ta_log:
            self._told_at = now
            return
        self._tell_interval(now)
        self._pause = max(0, self._pause - 1)
        if not (self._awaited or self._pause or self._store.pending()):
            self._look()

    def _tell_interval(self, now):
        every_ms = self._mqtt.ta_interval_s * 1000
        if not every_ms or not self._sessions.charging():
            self._told_at = now
        elif since(now, self._told_at) >= every_ms:
            self._told_at = now
            self.told("interval", self._sessions.current())

    def _look(self):
        """Find the oldest session that was not delivered, a few slots at a time; send it."""
        if self._entry is None:
            self._entry = self._found()
        if self._entry:
            payload = self._written("end", self._sessions.shown(self._entry))
            if self._publish(payload):
                self._awaited = payload

    def _found(self):
        if self._reading is None:
            if not self._wanted:
                return None
            self._wanted = False
            self._reading = self._store.entries(self._first, True)
        for _ in range(_LOOKS):
            try:
                entry = next(self._reading, False)
            except OSError:
                # Again after the next session.
                entry = False
            if entry is False:
                self._reading = None
                return None
            if entry:
                return entry
        return None
