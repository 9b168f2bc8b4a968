"""On MicroPython: makes of a used heap one that begins like a chip's, in one free piece."""

import gc

_MOST = 8192
_SIZES = (4096, 1024, 256, 64, 1)


def largest() -> bytearray:
    """All that is free in one piece."""
    least, most = 0, gc.mem_free()
    while most - least > 256:
        size = (least + most) // 2
        try:
            bytearray(size)
            least = size
        except MemoryError:
            most = size
    return bytearray(least)


def fill() -> list:
    """Take all memory but the largest piece, for as long as the answer is kept.

    What making the simulated board has left are holes, to which words on the stack may still
    point; no chip's heap begins like that.
    """
    gc.collect()
    holes = [None] * _MOST
    rest = largest()
    count = 0
    for size in _SIZES:
        try:
            while True:
                holes[count] = bytearray(size)
                count += 1
        except MemoryError:
            pass
    del rest
    gc.collect()
    return holes
