"""Charging sessions: from the charge point's events to the flash and to clients."""

from micropython import const

from firmware.charge.transaction import REASONS
from firmware.store.transaction_slot import END_ESTIMATED, START_ESTIMATED

_DEVICE = "E1"
_FOREVER = const(0xFFFFFFFF)


class Sessions:
    """Opens and closes transactions; `entries` is what the API's get_transactions reads.

    `transactions` is the store's ring; one without an area forgets what has been told. `clock`
    gives unix seconds or None. `estimate`, when the app sets it, gives a time even then, which
    may be behind: a session that begins or ends by it says so.
    """

    def __init__(self, point, transactions, clock, log):
        self.publish = None  # called with (kind, entry), kind "begin" or "end"
        self.transactions = transactions
        self.time = self.estimate = clock
        self._resumed = False
        self._visit = point.transaction
        self._outputs = point.outputs
        self._user = self._rfid = ""
        self._log = log

    def resume(self):
        """Go on with the session that a restart interrupted; before the first pilot cycle.

        Whether the car is still there shows later: a car that is gone ends the session.
        """
        entry = self.transactions.open.get(_DEVICE)
        if entry:
            self._resumed = True
            begun, now = entry["start"], self.time()
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
        if _DEVICE in self.transactions.open:
            return
        self._resumed = False
        start_wh = self._visit.total_wh - self._visit.energy_wh
        who = self._user, self._rfid
        entry = self.transactions.begin(_DEVICE, self.estimate(), start_wh, *who)
        self._mark(entry, entry["start"], START_ESTIMATED)
        self._tell("begin", entry)

    def _mark(self, entry, seconds, bit):
        # The store writes the entry later.
        if seconds is not None and self.time() is None:
            entry["estimated"] = entry.get("estimated", 0) | bit

    def clock_set(self):
        """The time has become known: what began without it is counted back on the loop's ticks."""
        entry = self.transactions.open.get(_DEVICE)
        now = self.time()
        if entry is None or now is None:
            return
        if entry["start"] is None or entry.get("estimated"):
            # Since when a car is plugged that was here before the restart, nobody knows.
            if not self._resumed:
                self.transactions.correct(_DEVICE, now - self._visit.duration_s)
        else:
            self._visit.duration_s = max(self._visit.duration_s, now - entry["start"])

    def authorised(self, user: str, rfid: str):
        """Somebody may charge, this car or the next; "" for nobody any more.

        Who came first pays: a session keeps its user.
        """
        self._user, self._rfid = user, rfid
        entry = self.transactions.open.get(_DEVICE)
        if entry and user and not entry["user"]:
            self.transactions.authorise(_DEVICE, user, rfid)

    def closed(self, reason: int):
        """The car was unplugged; `reason` as in charge/transaction.py."""
        self._user = self._rfid = ""
        end_wh = self._visit.total_wh
        entry = self.transactions.end(_DEVICE, self.estimate(), end_wh, REASONS[reason])
        if entry:
            self._mark(entry, entry["end"], END_ESTIMATED)
            self._log.info("session", f"{entry['end_wh'] - entry['start_wh']} Wh")
            self._tell("end", entry)

    def _tell(self, kind, entry):
        if self.publish:
            self.publish(kind, self.shown(entry))

    def charging(self) -> bool:
        """Whether the contactor is closed in a session."""
        return self._outputs.contactor and _DEVICE in self.transactions.open

    def current(self) -> dict:
        """The session that is open, as far as it has come."""
        return self.shown(self.transactions.open[_DEVICE])

    def entries(self, first: int, last: int = _FOREVER):
        """Yield the sessions that began between two unix times, oldest first, as dicts."""
        for entry in self.transactions.entries():
            if entry and first <= (entry["start"] or 0) <= last:
                yield self.shown(entry)

    def shown(self, entry: dict) -> dict:
        """A transaction of the store with the member names of the API."""
        start, end, end_wh = entry["start"], entry.get("end"), entry.get("end_wh")
        now = end
        if end_wh is None:
            now, end_wh = self.estimate(), self._visit.total_wh
        known = start is not None and now is not None
        return {
            "nr": entry["number"],
            "dev_id": entry["device"],
            "begin": start,
            "end": end,
            "estimated": bool(entry.get("estimated")),
            "duration_s": max(0, now - start) if known else None,
            "energy_wh": end_wh - entry["start_wh"],
            "meter_begin_wh": entry["start_wh"],
            "meter_end_wh": end_wh,
            "user": entry["user"],
            "rfid": entry["rfid"],
            "reason": entry.get("reason", ""),
        }
