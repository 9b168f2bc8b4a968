"""Stands in for `gc`: a collection takes the chip's time, and the host collects when it must.

Walking the host's heap, which is a hundred times the chip's, would cost more than all the rest of
the simulation. What is allocated is counted instead: heap.py.
"""

from silicon import SILICON


def collect() -> int:
    SILICON.heap.collect()
    return 0


def mem_alloc() -> int:
    return SILICON.heap.allocated()


def mem_free() -> int:
    return SILICON.heap.free()


def enable():
    SILICON.heap.enable(True)


def disable():
    SILICON.heap.enable(False)


def isenabled() -> bool:
    return SILICON.heap.enabled


def threshold(amount: int | None = None):
    """The threshold; with an argument, set it."""
    found = SILICON.heap.threshold(amount)
    return found if amount is None else None
