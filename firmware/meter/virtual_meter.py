"""A meter that is worked out: each of its values a formula over other meters and variables."""

from firmware.meter.checks import Checks
from firmware.meter.reading import Reading


class VirtualMeter:
    """Filled by `update`, once a second; stale while a value that a formula needs is unknown.

    definition  whose variables are all `expr`; lookup(name) as in Checks
    """

    def __init__(self, definition, lookup, reading: Reading | None = None):
        self.reading = reading or Reading()
        self.extra = [None] * definition.extra_count
        self.errors = 0
        self._targets = [target for target, _ in definition.formulas]
        self.checks = Checks(definition, self.reading, lookup)

    def update(self, now: int):
        """Work out all values as of `now`."""
        if self.checks.finish(self, now) and self._known():
            self.reading.touch(now)

    def _known(self) -> bool:
        reading = self.reading
        values = reading.voltage_v + reading.current_ma
        values += [reading.power_w, reading.import_wh, reading.export_wh, reading.soc]
        values += self.extra
        return all(values[target] is not None for target in self._targets)
