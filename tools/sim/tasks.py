"""Replaces `_asyncio`: the scheduler's queue and task on the simulated clock.

The builtin ones stamp tasks with the host's clock and compare with the host's tick period, so they
do not survive simulated days. Sorted list instead of a heap: a firmware has a dozen tasks.
"""

from time import ticks_ms

from micropython import const

_MASK = const(0x3FFFFFFF)
_HALF = const(0x20000000)


class TaskQueue:
    """Tasks by the time they are due; those of the same millisecond in the order they came."""

    def __init__(self):
        self._head = None

    def peek(self):
        return self._head

    @micropython.native
    def push(self, task, key=None):
        if key is None:
            key = ticks_ms()
        task.data = None
        task.ph_key = key
        before = None
        after = self._head
        while after is not None and ((key - after.ph_key + _HALF) & _MASK) >= _HALF:
            before = after
            after = after.ph_next
        task.ph_next = after
        if before is None:
            self._head = task
        else:
            before.ph_next = task

    @micropython.native
    def pop(self):
        task = self._head
        if task is None:
            raise IndexError("empty heap")
        self._head = task.ph_next
        task.ph_next = None
        return task

    def remove(self, task):
        before = None
        here = self._head
        while here is not task:
            if here is None:
                return
            before = here
            here = here.ph_next
        if before is None:
            self._head = task.ph_next
        else:
            before.ph_next = task.ph_next
        task.ph_next = None


class Task:
    """A coroutine with its place in a queue.

    state: True = running, a queue = running and awaited, None = done, False = done and awaited.
    """

    def __init__(self, coro, context=None):
        self.coro = coro
        self.data = None
        self.state = True
        self.ph_key = 0
        self.ph_next = None
        self._context = context

    def __iter__(self):
        if not self.state:
            self.state = False
        elif self.state is True:
            self.state = TaskQueue()
        elif not isinstance(self.state, TaskQueue):
            raise RuntimeError("can't wait")
        return self

    def __next__(self):
        if not self.state:
            raise self.data
        current = self._context["cur_task"]
        self.state.push(current)
        # Whoever cancels the waiting task finds by this what it waits for.
        current.data = self

    def done(self) -> bool:
        return not self.state

    def cancel(self) -> bool:
        """Have CancelledError raised in the task; False if it has ended already."""
        if not self.state:
            return False
        if self is self._context["cur_task"]:
            raise RuntimeError("can't cancel self")
        task = self
        while isinstance(task.data, Task):
            task = task.data
        queue = self._context["_task_queue"]
        if hasattr(task.data, "remove"):
            task.data.remove(task)
            queue.push(task)
        elif ((task.ph_key - ticks_ms()) & _MASK) < _HALF:
            queue.remove(task)
            queue.push(task)
        task.data = self._context["CancelledError"]
        return True
