"""The pilot loop with a board that only notes what is asked of it."""

import asyncio

import micropython

from firmware.pace import Pace
from firmware.pilot_loop import PilotLoop


class Outputs:
    contactor = False


class Inputs:
    def __init__(self):
        self.now = 0


class Point:
    def __init__(self):
        self.inputs = Inputs()
        self.times = []
        self.outputs = Outputs()
        self.steps = 0
        self.fails_at = None

    def step(self):
        self.steps += 1
        if self.times is not None:
            self.times.append(self.inputs.now)
        if self.steps == self.fails_at:
            raise ValueError("broken step")


class Board:
    """Each `read` takes `reading_ms` of a clock that only `sleep_ms` moves otherwise."""

    def __init__(self, start=0):
        self.ticks = start
        self.reading_ms = 2
        self.late_ms = ()
        self.fed = 0
        self.watched = False
        self.applied = None

    def now(self):
        return self.ticks & 0x3FFFFFFF

    def watch(self):
        self.watched = True

    def read(self, inputs):
        inputs.now = self.now()
        self.ticks += self.reading_ms

    def apply(self, outputs):
        self.applied = outputs

    def feed(self):
        self.fed += 1


def run(board, point, pace, cycles, held=lambda gap_ms: None):
    """Run the loop for a number of cycles with sleeps that move the board's clock."""
    real = asyncio.sleep_ms

    async def sleep_ms(ms):
        board.ticks += ms
        if board.late_ms:
            board.ticks += board.late_ms[board.fed % len(board.late_ms)]
        await real(0)

    async def main():
        loop = PilotLoop(board, point, pace, held)
        asyncio.sleep_ms = sleep_ms
        task = asyncio.create_task(loop.run())
        while loop.cycles < cycles and not task.done():
            await real(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass

    try:
        asyncio.run(main())
    finally:
        asyncio.sleep_ms = real


def test_cycles_come_every_10_ms_whatever_sampling_takes():
    board = Board()
    pace = Pace()
    run(board, Point(), pace, 100)
    assert board.watched
    assert pace.counts[0] >= 99 and sum(pace.counts[1:]) == 0
    assert pace.worst_ms == 10


def test_a_cycle_a_little_late_is_told_as_punctual_and_a_late_one_as_late():
    board = Board()
    board.late_ms = (0, 1, 2, 0, 0)
    point = Point()
    run(board, point, Pace(), 60)
    assert all(later - now == 10 for now, later in zip(point.times, point.times[1:]))
    board.late_ms = (0, 0, 0, 0, 3)
    del point.times[:]
    run(board, point, Pace(), 60)
    assert 13 in [later - now for now, later in zip(point.times, point.times[1:])]


def test_the_wrap_of_the_ticks_is_no_event():
    board = Board((1 << 30) - 300)
    pace = Pace()
    run(board, Point(), pace, 100)
    assert pace.worst_ms == 10


def test_each_cycle_reads_steps_applies_and_feeds():
    board = Board()
    point = Point()
    run(board, point, Pace(), 7)
    assert point.steps == board.fed
    assert board.applied is point.outputs


def test_a_failing_step_is_not_fed_and_ends_the_loop():
    board = Board()
    point = Point()
    point.fails_at = 4
    try:
        run(board, point, Pace(), 10)
    except ValueError as error:
        assert str(error) == "broken step"
    else:
        raise AssertionError("the exception was swallowed")
    assert board.fed == 3


def test_being_held_with_a_closed_contactor_is_reported():
    board = Board()
    point = Point()
    point.outputs.contactor = True
    reported = []
    loop = PilotLoop(board, point, Pace(), reported.append)
    loop.cycle()
    board.ticks += 70
    loop.cycle()
    assert reported == [72]


def test_a_cycle_allocates_nothing():
    point = Point()
    point.times = None
    loop = PilotLoop(Board(), point, Pace(), lambda gap_ms: None)
    micropython.heap_lock()
    try:
        for _ in range(50):
            loop.cycle()
    finally:
        micropython.heap_unlock()
    assert loop.cycles == 50


def test_a_hold_that_makes_the_charge_point_open_counts_as_one_with_a_closed_contactor():
    board = Board()
    point = Point()
    point.outputs = Outputs()
    point.outputs.contactor = True
    pace = Pace()
    reported = []
    loop = PilotLoop(board, point, pace, reported.append)
    loop.cycle()
    board.ticks += 90

    def step():
        point.outputs.contactor = False

    point.step = step
    loop.cycle()
    assert reported == [92] and pace.held == 1 and pace.worst_closed_ms == 92
