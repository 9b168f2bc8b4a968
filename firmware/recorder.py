"""Tells the log and the ledger what happened at the charge point."""

import asyncio

from firmware.charge import events, faults
from micropython import const

_LOOK_MS = const(100)


class Recorder:
    """Drains the charge point's ring of events; the loop that fills it must never do this."""

    def __init__(self, point, ledger, log):
        self._point = point
        self._ledger = ledger
        self._log = log
        self._faults = faults.table()

    async def run(self):
        """Look ten times a second, for ever."""
        while True:
            self.drain()
            await asyncio.sleep_ms(_LOOK_MS)

    def drain(self):
        """Log all events that wait and book the energy."""
        point = self._point
        while event := point.events.pop():
            self._tell(event[0], event[1])
        self._ledger.raise_to("E1.wh", point.transaction.total_wh)

    def _tell(self, kind, value):
        log = self._log
        if kind == events.STATE:
            log.info("charge", f"state {self._point.state_name()}")
        elif kind == events.FAULT:
            code, name, unit, _, _, text = self._faults[value - 1]
            measured = self._point.faults.measured[code]
            log.error("fault", f"{name}: {text} ({measured} {unit})")
        elif kind == events.CLEARED:
            log.info("fault", f"{self._faults[value - 1][1]} cleared")
        elif kind == events.OPENED:
            log.info("charge", "car plugged in")
        elif kind == events.CLOSED:
            log.info("charge", "car unplugged")
            self._ledger.flush()
        elif kind == events.PHASES:
            log.info("charge", f"{value} phases in use")
        elif kind == events.WAKING:
            log.info("charge", f"waking the car, interruption {value}")
        elif kind == events.TOGGLED:
            log.info("charge", f"the car toggled its state, {value} times")
        elif kind == events.TESTED:
            log.info("charge", f"residual current sensor test {'passed' if value else 'failed'}")
