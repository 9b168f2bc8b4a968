"""A pulse meter on an S0 input: pulses to energy without drift, to power by their spacing."""

from micropython import const

from firmware.meter.reading import Reading
from firmware.ticks import since

_MS_MW_PER_KWH = const(3600000000)  # one kWh in W times ms
_WINDOW_MS = const(2000)  # spacing is measured over at least this, so that polling jitter is small
_FORGET_MS = const(3600000)  # an hour without a pulse is no power at all


class S0Meter:
    """Counts pulses into `reading`.

    pulses_per_kwh  1 to 100000
    phases          mask of the phases the load is spread over (bit 0 = L1); S0 does not tell
    voltages_v      nominal voltages, from which the currents are worked out
    pulses, energy_wh   the counts to go on from, as kept over a reset
    """

    def __init__(self, pulses_per_kwh=1000, phases=7, voltages_v=(230, 230, 230)):
        self.pulses = 0
        self.interval_ms = 0
        self.reading = Reading()
        self.reading.import_wh = 0
        self._seen = 0
        self._rest = 0
        self._pulse_at = None
        self._window_at = None
        self._window_pulses = 0
        self._spread(pulses_per_kwh, phases, voltages_v)

    def _spread(self, pulses_per_kwh: int, phases: int, voltages_v):
        self.pulses_per_kwh = pulses_per_kwh
        self._scale = _MS_MW_PER_KWH // pulses_per_kwh
        self._phases = phases
        for phase in range(3):
            used = phases >> phase & 1
            self.reading.voltage_v[phase] = voltages_v[phase] if used else None
        self._volts = sum(voltages_v[phase] for phase in range(3) if phases >> phase & 1)

    def restore(self, pulses: int, energy_wh: int):
        """Go on from counts kept over a reset."""
        self.pulses = pulses
        self.reading.import_wh = energy_wh

    def update(self, now: int, count: int, at: int | None = None):
        """Take the counter of the board (pulses since its reset) at `now`; call once a second.

        `at`, the time of the last pulse, makes the power exact; else it is that of the call.
        """
        pulses = count - self._seen
        self._seen = count
        if pulses < 0:
            pulses = count  # the board's counter began again
        if pulses:
            self._count(pulses)
            self._space(now if at is None else at, pulses)
        elif self._pulse_at is not None:
            self._decay(now)
        elif self.reading.power_w is None:
            self._show(0)
        self.reading.touch(now)

    def _count(self, pulses: int):
        self.pulses += pulses
        self._rest += pulses * 1000
        self.reading.import_wh += self._rest // self.pulses_per_kwh
        self._rest %= self.pulses_per_kwh

    def _space(self, now: int, pulses: int):
        """Power from the pulses of a window that begins and ends with a pulse."""
        self._pulse_at = now
        if self._window_at is None:
            self._window_at = now
            self._window_pulses = 0
            if self.reading.power_w is None:
                self._show(0)
            return
        self._window_pulses += pulses
        elapsed = since(now, self._window_at)
        if elapsed >= _WINDOW_MS:
            self.interval_ms = elapsed // self._window_pulses
            self._show(self._window_pulses * self._scale // elapsed)
            self._window_at = now
            self._window_pulses = 0

    def _decay(self, now: int):
        """Silence means that the power is at most one pulse per that silence."""
        silence = since(now, self._pulse_at)
        if silence >= _FORGET_MS:
            self._pulse_at = self._window_at = None
            self._show(0)
        elif silence > self.interval_ms and self._window_at is not None:
            self._show(min(self.reading.power_w, self._scale // silence))

    def _show(self, power_w: int):
        self.reading.power_w = power_w
        for phase in range(3):
            used = self._phases >> phase & 1
            self.reading.current_ma[phase] = power_w * 1000 // self._volts if used else 0
