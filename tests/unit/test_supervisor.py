import asyncio
import time

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
    assert supervisor.status()["meter"]["restarts"] == 8
    assert "ValueError: boom" in list(log.after(0))[0][4]


def test_a_task_that_ran_long_starts_over_at_the_shortest_wait():
    clock = Clock()
    asyncio.run(kept(3, 61000, clock, Log(None, None)))
    assert clock.waits == [1000, 1000, 1000]


def test_each_stretch_without_yielding_is_measured_also_after_a_thrown_exception():
    async def task():
        try:
            await asyncio.wait_for_ms(asyncio.Event().wait(), 1)
        except asyncio.TimeoutError:
            end = time.ticks_add(time.ticks_us(), 3000)
            while time.ticks_diff(end, time.ticks_us()) > 0:
                pass
        await asyncio.Event().wait()

    async def main():
        supervisor = Supervisor(Log(None, None), lambda: 0)
        keeper = asyncio.create_task(supervisor.keep("busy", task))
        await asyncio.sleep_ms(20)
        keeper.cancel()
        return supervisor

    supervisor = asyncio.run(main())
    assert supervisor.recent_name == "busy" and supervisor.recent_us >= 3000
    assert supervisor.status()["busy"]["longest_us"] >= 3000
    supervisor.forget()
    assert supervisor.recent_us == 0


def test_cancelling_ends_a_kept_task_and_runs_its_clean_up():
    ended = []

    async def task():
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async def main():
        keeper = asyncio.create_task(Supervisor(Log(None, None), lambda: 0).keep("x", task))
        await asyncio.sleep_ms(0)
        await asyncio.sleep_ms(0)
        keeper.cancel()
        try:
            await keeper
        except asyncio.CancelledError:
            ended.append(False)

    asyncio.run(main())
    assert ended == [True, False]


async def ended_by(coroutine, cancelled: bool):
    """What the main task is told when a coroutine beside it ends, or a task is cancelled."""
    supervisor = Supervisor(Log(None, None), lambda: 0)
    kept = []

    async def sleeper():
        kept.append(asyncio.current_task())
        await asyncio.Event().wait()

    supervisor.keep("sleeper", sleeper)
    supervisor.begin(coroutine)
    try:
        await asyncio.sleep_ms(20)
        if cancelled:
            kept[0].cancel()
        await asyncio.sleep_ms(20)
    except asyncio.CancelledError:
        return supervisor.error
    return "not ended"


def test_an_error_beside_the_main_task_or_a_cancelled_one_ends_it():
    async def fine():
        await asyncio.sleep_ms(1)

    async def failing():
        await asyncio.sleep_ms(1)
        raise ValueError("boom")

    async def cancelled():
        raise asyncio.CancelledError

    assert asyncio.run(ended_by(fine(), False)) == "not ended"
    assert repr(asyncio.run(ended_by(failing(), False))) == "ValueError('boom',)"
    assert isinstance(asyncio.run(ended_by(cancelled(), False)), asyncio.CancelledError)
    assert isinstance(asyncio.run(ended_by(fine(), True)), asyncio.CancelledError)
