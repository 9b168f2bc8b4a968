import asyncio

from firmware.log import Log
from firmware.supervisor import Supervisor


class Clock:
    """Replaces waiting: every sleep is noted and over at once."""

    def __init__(self):
        self.now = 0
        self.waits = []


async def kept(failures, run_ms, clock, log):
    """Keep a task that raises `failures` times and then stays; the waits are in clock.waits."""
    supervisor = Supervisor(log, lambda: clock.now)
    left = [failures]
    done = asyncio.Event()

    async def task():
        if left[0] == 0:
            done.set()
            await asyncio.Event().wait()
        left[0] -= 1
        clock.now += run_ms
        raise ValueError("boom")

    real = asyncio.sleep_ms

    async def no_wait(ms):
        clock.waits.append(ms)
        await real(0)

    asyncio.sleep_ms = no_wait
    try:
        keeper = asyncio.create_task(supervisor.keep("meter", task))
        await done.wait()
        keeper.cancel()
        await real(0)
    finally:
        asyncio.sleep_ms = real
    return supervisor


def test_a_failing_task_is_restarted_with_a_doubling_wait():
    clock = Clock()
    log = Log(None, None)
    supervisor = asyncio.run(kept(8, 5, clock, log))
    assert clock.waits == [1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000]
    assert supervisor.restarts == {"meter": 8}
    assert "ValueError: boom" in list(log.after(0))[0][4]


def test_a_task_that_ran_long_starts_over_at_the_shortest_wait():
    clock = Clock()
    asyncio.run(kept(3, 61000, clock, Log(None, None)))
    assert clock.waits == [1000, 1000, 1000]
