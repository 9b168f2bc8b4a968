"""A contact that pulses: every stable closing is counted and timed, bounce is not."""

import time

from micropython import const

from firmware.ticks import since

_MASK = const(0x3FFFFFFF)
_STABLE_MS = const(4)  # a level that lasts shorter is bounce; IEC 62053-31 asks for 30 ms pulses


class PulseInput:
    """Counts on an input whose contact pulls it low; the interrupt of `pin` belongs to it.

    at  ticks of the last pulse's beginning, None before the first
    """

    def __init__(self, pin):
        self.at = None
        self._count = 0
        self._pin = pin
        self._level = pin.value()
        self._stable = 1
        self._edge_at = time.ticks_ms() & _MASK
        pin.irq(self._edge, pin.IRQ_FALLING | pin.IRQ_RISING)

    def value(self) -> int:
        """Pulses since the start."""
        return self._count

    def closed(self) -> bool:
        """The level now, for an input that is used as a switch."""
        return self._pin.value() == 0

    def _edge(self, pin):
        level = pin.value()
        if level == self._level:
            return  # gone again before we came to look
        now = time.ticks_ms() & _MASK
        if since(now, self._edge_at) >= _STABLE_MS and self._stable != self._level:
            self._stable = self._level
            if self._stable == 0:
                self._count += 1
                self.at = self._edge_at
        self._level = level
        self._edge_at = now
