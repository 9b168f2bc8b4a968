"""Keeps every task but the pilot loop alive, and knows which of them held it for how long."""

import asyncio
import sys
import time

from micropython import const

from firmware.ticks import since

_FIRST_WAIT_MS = const(1000)
_LONGEST_WAIT_MS = const(60000)


class Slices:
    """Awaits a coroutine and measures each stretch in which it ran without yielding."""

    def __init__(self, coroutine, task):
        self._coroutine = coroutine
        self._task = task

    def __iter__(self):
        return self

    def __next__(self):
        return self._timed(self._coroutine.send, None)

    def throw(self, error):
        return self._timed(self._coroutine.throw, error)

    def _timed(self, resume, value):
        began = time.ticks_us()
        try:
            return resume(value)
        finally:
            self._task.ran(time.ticks_diff(time.ticks_us(), began))

    def close(self):
        self._coroutine.close()


class Task:
    """One supervised task: how often it was restarted, and its longest stretch in us."""

    def __init__(self, name: str, supervisor):
        self.name = name
        self.restarts = 0
        self.longest_us = 0
        self._supervisor = supervisor

    def ran(self, us: int):
        """Note one stretch."""
        if us > self.longest_us:
            self.longest_us = us
        self._supervisor.busy_us += us
        if us > self._supervisor.recent_us:
            self._supervisor.recent_us = us
            self._supervisor.recent_name = self.name


class Supervisor:
    """Runs named coroutine functions for ever, each restarted with a doubling wait of 1 to 60 s.

    A task that ran for longer than the longest wait before it failed starts over at 1 s.
    `now()` gives ticks of 30 bits. `recent_name` and `recent_us` are the longest stretch since
    `forget` was last called: the pilot loop uses them to name who held it.
    """

    def __init__(self, log, now):
        self.tasks = []
        self.recent_name = ""
        self.recent_us = 0
        self.busy_us = 0
        self._log = log
        self._now = now

    def forget(self) -> int:
        """Start a new search for the longest stretch; us for which tasks ran since the last."""
        busy_us = self.busy_us
        self.busy_us = self.recent_us = 0
        return busy_us

    async def keep(self, name: str, make, *arguments):
        """Await `make(*arguments)` again and again; only cancelling ends this."""
        task = Task(name, self)
        self.tasks.append(task)
        wait_ms = _FIRST_WAIT_MS
        while True:
            began = self._now()
            try:
                await Slices(make(*arguments), task)  # pyright: ignore  MicroPython awaits iterators
                reason = "ended"
            except Exception as error:  # the one place that catches all: it decides to restart
                reason = f"{type(error).__name__}: {error}"
                sys.print_exception(error)
            if not 0 <= since(self._now(), began) <= _LONGEST_WAIT_MS:
                wait_ms = _FIRST_WAIT_MS
            task.restarts += 1
            self._log.error("task", f"{name} stopped ({reason}), starts again in {wait_ms} ms")
            await asyncio.sleep_ms(wait_ms)
            wait_ms = min(2 * wait_ms, _LONGEST_WAIT_MS)

    def status(self) -> dict:
        """Restarts and the longest stretch in us of each task."""
        return {
            task.name: {"restarts": task.restarts, "longest_us": task.longest_us}
            for task in self.tasks
        }
