"""Keeps every task but the pilot loop alive, and knows which of them held it for how long."""

import asyncio
import sys
import time

from micropython import const

from firmware.ticks import since

_FIRST_WAIT_MS = const(1000)
_LONGEST_WAIT_MS = const(60000)


class Task:
    """One supervised task: how often it was restarted, and its longest stretch in us.

    For asyncio this is the coroutine itself: one around it would take 200 bytes more.
    """

    restarts = 0  # of the class, until a task has failed: one attribute more takes 16 bytes

    def __init__(self, name: str, supervisor, make, arguments: tuple):
        self.name = name
        self.longest_us = 0
        self._supervisor = supervisor
        self._make = make
        self._arguments = arguments
        self._began = 0
        self._wait_ms = _FIRST_WAIT_MS
        self._coroutine = None

    def send(self, value):
        """Run one stretch."""
        return self._timed(self._resume, value)

    def throw(self, error):
        """Run one stretch, which begins with an exception."""
        return self._timed(self._interrupt, error)

    def close(self):
        """End the task without running it."""
        if self._coroutine is not None:
            self._coroutine.close()

    def _timed(self, resume, value):
        began = time.ticks_us()
        try:
            return resume(value)
        except StopIteration:
            reason = "ended"
        except Exception as error:  # the one place that catches all: it decides to restart
            reason = f"{type(error).__name__}: {error}"
            sys.print_exception(error)
        except asyncio.CancelledError as error:
            self._supervisor.end(error)
            raise
        finally:
            us = time.ticks_diff(time.ticks_us(), began)
            self.longest_us = max(self.longest_us, us)
            self._supervisor.ran(self.name, us)
        self._coroutine = self._again(self._failed(reason))
        return self._coroutine.send(None)

    def _resume(self, value):
        if self._coroutine is None:
            self._began = self._supervisor.now()
            self._coroutine = self._make(*self._arguments)
        return self._coroutine.send(value)

    def _interrupt(self, error):
        if self._coroutine is None:
            raise error
        return self._coroutine.throw(error)

    def _failed(self, reason: str) -> int:
        """How long to wait before the next try, in ms; it is logged."""
        supervisor = self._supervisor
        if not 0 <= since(supervisor.now(), self._began) <= _LONGEST_WAIT_MS:
            self._wait_ms = _FIRST_WAIT_MS
        wait_ms = self._wait_ms
        self._wait_ms = min(2 * wait_ms, _LONGEST_WAIT_MS)
        self.restarts += 1
        text = f"{self.name} stopped ({reason}), starts again in {wait_ms} ms"
        supervisor.log.error("task", text)
        return wait_ms

    async def _again(self, wait_ms: int):
        await asyncio.sleep_ms(wait_ms)
        self._began = self._supervisor.now()
        await self._make(*self._arguments)


class Supervisor:
    """Runs named coroutine functions for ever, each restarted with a doubling wait of 1 to 60 s.

    A task that ran for longer than the longest wait before it failed starts over at 1 s.
    `error` is why the task that has called `begin` was cancelled.
    `now()` gives ticks of 30 bits. `recent_name` and `recent_us` are the longest stretch since
    `forget` was last called: the pilot loop uses them to name who held it.
    """

    def __init__(self, log, now):
        self.tasks = []
        self.recent_name = ""
        self.recent_us = 0
        self.busy_us = 0
        self.log = log
        self.now = now
        self.error = None
        self._main = None

    def begin(self, *coroutines):
        """Run all tasks, and `coroutines` once, beside the present task, which ends with them.

        It is cancelled when a task is, or when one of `coroutines` ends with an error.
        """
        self._main = asyncio.current_task()
        for coroutine in self.tasks + [self._once(coroutine) for coroutine in coroutines]:
            asyncio.create_task(coroutine)  # noqa: RUF006  the loop keeps it

    async def _once(self, coroutine):
        try:
            await coroutine
        except (Exception, asyncio.CancelledError) as error:
            self.end(error)

    def end(self, error):
        """Cancel the task that has called `begin`, because of this."""
        self.error = error
        if self._main:
            self._main.cancel()

    def forget(self) -> int:
        """Start a new search for the longest stretch; us for which tasks ran since the last."""
        busy_us = self.busy_us
        self.busy_us = self.recent_us = 0
        return busy_us

    def ran(self, name: str, us: int):
        """Note one stretch of a task."""
        self.busy_us += us
        if us > self.recent_us:
            self.recent_us = us
            self.recent_name = name

    def keep(self, name: str, make, *arguments) -> Task:
        """Await `make(*arguments)` again and again; only cancelling the task ends this."""
        task = Task(name, self, make, arguments)
        self.tasks.append(task)
        return task

    def status(self) -> dict:
        """Restarts and the longest stretch in us of each task."""
        return {
            task.name: {"restarts": task.restarts, "longest_us": task.longest_us}
            for task in self.tasks
        }
