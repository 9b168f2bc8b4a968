"""An S0 meter: a contact that closes once per so many watt-hours, and may bounce."""

_NJ_PER_KWH = 3600000000000000


class S0Meter:
    """Counts the energy that `mains` accounts for, or that of a fixed power.

    Levers: `bounces` (contact bounces per edge, `bounce_us` apart), `silent`, `set_power(mw)`.
    """

    def __init__(self, world, pin: int, pulses_per_kwh: int = 1000, mains=None):
        self._world = world
        self._pin = pin
        self._mains = mains
        self._nj_per_pulse = _NJ_PER_KWH // pulses_per_kwh
        self.pulse_ms = 50
        self.bounces = 0
        self.bounce_us = 300
        self.silent = False
        self.pulses = 0
        self._power_mw = 0
        self._energy_nj = 0
        self._settled_at = 0
        self._event = None
        world.silicon.drive(pin, None)

    def set_power(self, mw: int):
        """Count this power from now on, on an input that is not joined to the charge point."""
        self._settle()
        self._power_mw = mw
        self._plan()

    def load_changed(self):
        """The power through the meter is another one from now on."""
        if self._mains is not None:
            self._plan()

    def _settle(self) -> int:
        if self._mains is not None:
            return self._mains.energy_nj()
        now = self._world.clock.now()
        self._energy_nj += self._power_mw * (now - self._settled_at)
        self._settled_at = now
        return self._energy_nj

    def _plan(self):
        clock = self._world.clock
        clock.cancel(self._event)
        self._event = None
        power_mw = self._power_mw if self._mains is None else self._mains.total_mw
        left_nj = (self.pulses + 1) * self._nj_per_pulse - self._settle()
        if power_mw > 0 or left_nj <= 0:
            delay_us = max(0, -(-left_nj // power_mw)) if power_mw else 0
            self._event = clock.after(delay_us, self._pulse)

    def _pulse(self, _):
        self._event = None
        if self._settle() >= (self.pulses + 1) * self._nj_per_pulse:
            self.pulses += 1
            if not self.silent:
                self._edge((0, self.bounces * 2))
                self._world.clock.after(self.pulse_ms * 1000, self._edge, (None, self.bounces * 2))
        self._plan()

    def _edge(self, what):
        level, left = what
        if left % 2:
            self._world.silicon.drive(self._pin, None if level == 0 else 0)
        else:
            self._world.silicon.drive(self._pin, level)
        if left:
            self._world.clock.after(self.bounce_us, self._edge, (level, left - 1))
