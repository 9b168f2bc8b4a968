"""The mains, what the car draws from it, and the world's own account of the energy."""

_NJ_PER_MWS = 1000000
_NJ_PER_WH = 3600000000000


class Mains:
    """Voltages and currents per phase, and energy as exact integers.

    `settle()` must be called before any of them changes; setters of this class do it. Levers:
    `set_voltage(phase, mv)`, `dip(duration_ms, mv)`.
    """

    def __init__(self, world):
        self._world = world
        self.voltage_mv = [230000, 230000, 230000]
        self.current_ma = [0, 0, 0]
        self.power_factor = 1000
        self.frequency_mhz = 50000
        self._energy_nj = [0, 0, 0]
        self._power_mw = [0, 0, 0]
        self._settled_at = 0

    def live(self, phase: int) -> bool:
        """Whether the car has voltage on this phase."""
        return self._world.phase_closed(phase) and self.voltage_mv[phase] > 100000

    def set_voltage(self, phase: int, mv: int):
        self.settle()
        self.voltage_mv[phase] = mv
        self._recalculate()
        self._world.power_changed()

    def dip(self, duration_ms: int, mv: int = 0):
        """All phases fall to this voltage for a while."""
        before = list(self.voltage_mv)
        for phase in range(3):
            self.set_voltage(phase, mv)
        self._world.clock.after(duration_ms * 1000, self._recover, before)

    def draw(self, currents_ma, power_factor: int):
        """The car draws this from now on; power factor in thousandths."""
        self.settle()
        self.current_ma = list(currents_ma)
        self.power_factor = power_factor
        self._recalculate()
        self._world.load_changed()

    def load_through(self, contactor) -> bool:
        """Whether more than a standby current flows through this contactor."""
        phases = self._world.phases_of(contactor)
        return any(self.current_ma[phase] > 500 for phase in phases)

    def settle(self):
        """Account for the time since the last change."""
        now = self._world.clock.now()
        elapsed = now - self._settled_at
        self._settled_at = now
        if elapsed:
            for phase in range(3):
                self._energy_nj[phase] += self._power_mw[phase] * elapsed

    @property
    def power_mw(self) -> list:
        return self._power_mw

    @property
    def total_mw(self) -> int:
        return sum(self._power_mw)

    def energy_mws(self) -> list:
        """Milliwatt-seconds per phase since the simulation began."""
        self.settle()
        return [energy // _NJ_PER_MWS for energy in self._energy_nj]

    def energy_nj(self) -> int:
        """Nanojoules of all phases; the S0 meter counts these."""
        self.settle()
        return sum(self._energy_nj)

    def energy_wh(self) -> int:
        return self.energy_nj() // _NJ_PER_WH

    def _recalculate(self):
        factor = self.power_factor
        for phase in range(3):
            micro_va = self.voltage_mv[phase] * self.current_ma[phase]
            self._power_mw[phase] = micro_va * factor // 1000000

    def _recover(self, voltages):
        for phase in range(3):
            self.set_voltage(phase, voltages[phase])
