"""Stands in for `gc`: a collection takes the chip's time, and the host collects when it must.

Walking the host's heap, which is a hundred times the chip's, would cost more than all the rest of
the simulation. What is allocated is counted instead: what the firmware asked for since the last
collection, on top of `SILICON.live_bytes`, which stands for what a collection leaves.
"""

import sys

from micropython import mem_total
from silicon import SILICON

_64_BIT = sys.maxsize > 0x7FFFFFFF

_enabled = [True]


def collect() -> int:
    """Hold the firmware for `SILICON.collection_us`."""
    SILICON.collections += 1
    SILICON.garbage_base = _requested()
    SILICON.clock.charge(SILICON.collection_us)
    return 0


def mem_alloc() -> int:
    return SILICON.live_bytes + _requested() - SILICON.garbage_base


def mem_free() -> int:
    return max(0, SILICON.heap_bytes - mem_alloc())


def enable():
    _enabled[0] = True


def disable():
    _enabled[0] = False


def isenabled() -> bool:
    return _enabled[0]


def threshold(amount: int = -1):
    return -1 if amount == -1 else None


def _requested() -> int:
    """Bytes that the firmware asked for so far; objects are twice as large on a 64-bit host."""
    requested = mem_total() - SILICON.clock.world_bytes
    return requested // 2 if _64_BIT else requested
