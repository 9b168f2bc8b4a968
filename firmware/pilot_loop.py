"""The one loop that touches contactors and pilot: every 10 ms, on absolute deadlines."""

import asyncio
import time

from micropython import const

from firmware.ticks import after, since

_PERIOD_MS = const(10)
# A cycle that begins so little after its time counts as punctual: else the rounding of ticks to
# whole milliseconds makes three periods 29 ms long, and what needs 30 ms waits for a fourth.
_PUNCTUAL_MS = const(2)


class PilotLoop:
    """Reads, steps, applies, feeds the watchdog, and watches its own punctuality.

    `held(gap_ms)` is called when the loop was held for more than 50 ms with a closed contactor.
    """

    def __init__(self, board, point, pace, held):
        self.cycles = 0
        self.busy_us = 0  # whoever reads it sets it back
        self._board = board
        self._point = point
        self._pace = pace
        self._held = held
        self._before = self._due = board.now()

    async def run(self):
        """Until an exception, which nothing here catches: it must end in a reset."""
        board = self._board
        board.watch()
        self._before = due = board.now()
        while True:
            self._due = due
            self.cycle()
            due = after(due, _PERIOD_MS)
            wait_ms = since(due, board.now())
            if wait_ms < 0:
                due = board.now()
                wait_ms = 0
            await asyncio.sleep_ms(wait_ms)

    def cycle(self):
        """One pilot cycle; allocates nothing."""
        board = self._board
        point = self._point
        began = board.now()
        began_us = time.ticks_us()
        closed = point.outputs.contactor
        board.read(point.inputs)
        if 0 < since(point.inputs.now, self._due) <= _PUNCTUAL_MS:
            point.inputs.now = self._due
        point.step()
        board.apply(point.outputs)
        board.feed()
        gap_ms = since(began, self._before)
        self._before = began
        self.cycles += 1
        self.busy_us += time.ticks_diff(time.ticks_us(), began_us)
        if self._pace.note(gap_ms, closed):
            self._held(gap_ms)
