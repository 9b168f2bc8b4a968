"""Stands in for `_thread`: what would hold a thread passes beside the firmware, not within it.

A thread runs in one piece, after the time for which its calls would have held it on the chip.
`STARTED` counts them.
"""

from silicon import SILICON

_SCAN_US = 2200000
STARTED = [0]


def start_new_thread(function, arguments, options=None):
    """Run it; the one thing that holds the firmware's threads is a look at the air."""
    STARTED[0] += 1
    SILICON.clock.after(_SCAN_US, _run, (function, arguments))
    return 1


def _run(what):
    function, arguments = what
    if SILICON.dead:
        return
    SILICON.in_thread = True
    try:
        function(*arguments)
    finally:
        SILICON.in_thread = False
