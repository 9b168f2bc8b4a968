"""Keeps every task but the pilot loop alive: what ends or raises is counted, said, restarted."""

import asyncio
import sys

from micropython import const

_FIRST_WAIT_MS = const(1000)
_LONGEST_WAIT_MS = const(60000)


class Supervisor:
    """Runs named coroutine functions for ever, each restarted with a doubling wait of 1 to 60 s.

    A task that ran for longer than the longest wait before it failed starts over at 1 s.
    """

    def __init__(self, log, now):
        self.restarts = {}
        self._log = log
        self._now = now

    async def keep(self, name: str, make, *arguments):
        """Await `make(*arguments)` again and again; only cancelling ends this."""
        from firmware.ticks import since

        wait_ms = _FIRST_WAIT_MS
        self.restarts[name] = 0
        while True:
            began = self._now()
            try:
                await make(*arguments)
                reason = "ended"
            except Exception as error:  # the one place that catches all: it decides to restart
                reason = f"{type(error).__name__}: {error}"
                sys.print_exception(error)
            if since(self._now(), began) > _LONGEST_WAIT_MS:
                wait_ms = _FIRST_WAIT_MS
            self.restarts[name] += 1
            self._log.error("task", f"{name} stopped ({reason}), starts again in {wait_ms} ms")
            await asyncio.sleep_ms(wait_ms)
            wait_ms = min(2 * wait_ms, _LONGEST_WAIT_MS)
