"""Charging sessions: from the charge point's events to the flash and to clients."""

from micropython import const

from firmware.charge.transaction import REASONS

_DEVICE = "E1"
_FOREVER = const(0xFFFFFFFF)


class Sessions:
    """Opens and closes transactions; `entries` is what the API's get_transactions reads.

    `transactions` is the store's ring, None when the flash has no room for it: then sessions are
    told to clients, and forgotten.
    """

    def __init__(self, point, transactions, clock, log):
        self.publish = None  # called with (kind, entry), kind "begin" or "end"
        self._visit = point.transaction
        self._transactions = transactions
        self._clock = clock
        self._log = log

    def resume(self):
        """Go on with the session that a restart interrupted; before the first pilot cycle.

        Whether the car is still there shows later: a car that is gone ends the session.
        """
        entry = self._transactions.open.get(_DEVICE) if self._transactions else None
        if entry:
            begun, now = entry["start"], self._clock()
            known = begun is not None and now is not None
            self._visit.restore(
                {
                    "open": True,
                    "energy_wh": max(0, self._visit.total_wh - entry["start_wh"]),
                    "duration_s": max(0, now - begun) if known else 0,
                    "authorised": entry["user"],
                }
            )
            self._log.info("session", f"number {entry['number']} goes on after the restart")

    def opened(self):
        """A car was plugged in, or is still there after a restart."""
        if self._transactions is None or _DEVICE in self._transactions.open:
            return
        visit = self._visit
        start_wh = visit.total_wh - visit.energy_wh
        entry = self._transactions.begin(_DEVICE, self._clock(), start_wh, visit.authorised)
        self._tell("begin", entry)

    def closed(self, reason: int):
        """The car was unplugged; `reason` as in charge/transaction.py."""
        if self._transactions is None:
            return
        end_wh = self._visit.total_wh
        entry = self._transactions.end(_DEVICE, self._clock(), end_wh, REASONS[reason])
        if entry:
            self._log.info("session", f"{entry['end_wh'] - entry['start_wh']} Wh")
            self._tell("end", entry)

    def _tell(self, kind, entry):
        if self.publish:
            self.publish(kind, self._shown(entry))

    def entries(self, first: int, last: int = _FOREVER):
        """Yield the sessions that began between two unix times, oldest first, as dicts."""
        for entry in self._transactions.entries() if self._transactions else ():
            if entry and first <= (entry["start"] or 0) <= last:
                yield self._shown(entry)

    def _shown(self, entry):
        """A transaction with the member names of the API."""
        start, end = entry["start"], entry.get("end")
        known = start is not None and end is not None
        end_wh = entry.get("end_wh")
        return {
            "nr": entry["number"],
            "dev_id": entry["device"],
            "begin": start,
            "end": end,
            "duration_s": end - start if known else None,
            "energy_wh": None if end_wh is None else end_wh - entry["start_wh"],
            "meter_begin_wh": entry["start_wh"],
            "meter_end_wh": end_wh,
            "user": entry["user"],
            "rfid": entry["rfid"],
            "reason": entry.get("reason", ""),
        }
