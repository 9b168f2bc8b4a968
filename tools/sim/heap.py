"""The chip's heap as the clock sees it: how much garbage there is, and when it is collected."""

import sys

from micropython import mem_current, mem_total

# Objects are twice as large on a 64-bit host.
_SCALE = 2 if sys.maxsize > 0x7FFFFFFF else 1


class Heap:
    """The chip's heap, as numbers: `size`, what is `live` after a collection, and the garbage.

    A collection holds the firmware for `collection_us`; it comes when the firmware asks for it,
    when so much was asked for since the last one as the firmware has set (the interpreter counts
    what was given back at once as well, such as the frames of large functions), and when the heap
    is full.
    """

    def __init__(self, clock):
        # A chip with Wi-Fi has 148 KB, of which the standard set, frozen, holds 71 KB. Measured at
        # 160 MHz: a collection takes 6.6 ms with 40 KB live, 11.5 ms with 58 KB, 14 ms with 74 KB.
        self.size = 148000
        self.live = 71000
        self.collection_us = 14000
        self.collections = 0
        self.begin(clock)

    def begin(self, clock):
        """The chip starts: nothing has been allocated."""
        self._clock = clock
        self.enabled = True
        self._threshold = -1
        self._start_over()
        clock.look_around = self._look

    def collect(self):
        """What `gc.collect()` does."""
        self.collections += 1
        self._start_over()
        self._clock.pass_quietly(self.collection_us)

    def allocated(self) -> int:
        kept = mem_current() - self._clock.world_kept - self._kept_at
        return self.live + max(0, kept) // _SCALE

    def free(self) -> int:
        return max(0, self.size - self.allocated())

    def enable(self, enabled: bool):
        self.enabled = enabled

    def threshold(self, amount: int | None) -> int:
        """Set (or with None tell) after how much garbage a collection comes by itself."""
        if amount is not None:
            self._threshold = amount
        return self._threshold

    def _start_over(self):
        self._asked_at = mem_total() - self._clock.world_asked
        self._kept_at = mem_current() - self._clock.world_kept

    def _look(self):
        """Now and then, while the world does something."""
        asked = (mem_total() - self._clock.world_asked - self._asked_at) // _SCALE
        due = 0 < self._threshold < asked or self.allocated() > self.size
        if self.enabled and due:
            self.collections += 1
            self._start_over()
            self._clock.hold_us(self.collection_us)
