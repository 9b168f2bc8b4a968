"""Tells the log, the ledger and the sessions what happened at the charge point."""

import asyncio

from micropython import const

from firmware.charge import events, faults, states
from firmware.charge.transaction import REASONS

_LOOK_MS = const(100)


class Recorder:
    """Drains the charge point's ring of events; the loop that fills it must never do this."""

    def __init__(self, point, ledger, sessions, log):
        self.listener = None  # called with each event's kind and value
        self.keepsake = None  # carries what stands over a restart
        self.meters = None  # where the energy is booked with the count it belongs to
        self._point = point
        self._ledger = ledger
        self._sessions = sessions
        self._log = log

    async def run(self):
        """Look ten times a second, for ever."""
        while True:
            self.drain()
            await asyncio.sleep_ms(_LOOK_MS)

    def drain(self):
        """Log all events that wait, keep what outlives a restart, and book the energy."""
        point = self._point
        while event := point.events.pop():
            self._tell(event[0], event[1])
            if self.listener:
                self.listener(event[0], event[1])
        if self.keepsake:
            self.keepsake.look()
        self.meters.book(point.transaction)

    def _tell(self, kind, value):
        if kind == events.STATE:
            self._log.info("charge", f"state {states.NAMES[value]}")
        elif kind == events.FAULT:
            # Parsed when it is needed: kept, the table would take 3 KB.
            code, name, unit, _, _, text = faults.table()[value - 1]
            measured = self._point.faults.measured[code]
            self._log.error("fault", f"{name}: {text} ({measured} {unit})")
            if code == faults.SUPPLY:
                self._ledger.flush()  # there may be time for one record
        elif kind == events.CLEARED:
            self._log.info("fault", f"{faults.table()[value - 1][1]} cleared")
        else:
            self._log.info("charge", _text(kind, value))
        if kind == events.OPENED:
            self._sessions.opened()
        elif kind == events.CLOSED:
            self._sessions.closed(value)
            self._ledger.flush()


def _text(kind: int, value: int) -> str:
    """The other events in words."""
    if kind == events.OPENED:
        return "car plugged in"
    if kind == events.CLOSED:
        return f"car unplugged; charging ended by: {REASONS[value]}"
    if kind == events.PHASES:
        return f"phases in use: {value}"
    if kind == events.WAKING:
        return f"waking the car, interruption {value}"
    if kind == events.TOGGLED:
        return f"the car toggled its state, times: {value}"
    return f"test of the residual current sensor: {'passed' if value else 'failed'}"
