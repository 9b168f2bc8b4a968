"""Carries faults and phases in use over a reset and a power cut, as one counter of the ledger."""

from micropython import const

from firmware.charge import faults

_NAME = "E1.keep"
# The ledger only ever raises a value, so the upper half counts the changes. The lower half has a
# bit for each fault, by its code, and from bit 24 on what charge/phases.py keeps.
_SEQUENCE = const(32)
_PHASES = const(24)
_FAULTS = const(0xFFFFFF)
_PHASES_IN_USE = const(0x5)  # bits of phases.kept() that safety rests on; the others are wishes


class Keepsake:
    """Call `restore` before the first pilot cycle, and `look` often from then on."""

    def __init__(self, point, ledger, log):
        self._faults = point.faults
        self._phases = point.phases
        self._ledger = ledger
        self._log = log
        self._bits = ledger.value(_NAME) & 0xFFFFFFFF

    def restore(self):
        """Hand the charge point what stood before the restart, and say so in the log."""
        self._faults.restore(self._bits & _FAULTS)
        self._phases.restore(self._bits >> _PHASES)
        for code, name, _, _, _, text in faults.table():
            if self._faults.active >> code & 1:
                self._log.error("fault", f"{name} still stands from before the restart: {text}")

    def look(self):
        """Note a change: in the RTC memory at once, on the flash within a second."""
        phases = self._phases.kept()
        if not phases and not self._phases.placed:
            phases = self._bits >> _PHASES
        bits = phases << _PHASES | self._faults.kept()
        changed = bits ^ self._bits
        if not changed:
            return
        self._bits = bits
        sequence = (self._ledger.value(_NAME) >> _SEQUENCE) + 1
        self._ledger.raise_to(_NAME, sequence << _SEQUENCE | bits)
        # A controller may change its wishes all the time: they may wait for the next save.
        if changed & (_FAULTS | _PHASES_IN_USE << _PHASES):
            self._ledger.flush()
