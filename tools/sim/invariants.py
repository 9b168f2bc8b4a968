"""Watches the world for what must never happen, whatever the firmware believes.

Times are milliseconds on a clock that never wraps. What is fed in is the truth at the terminals:
the pilot level that the car makes, coil outputs, contact positions, the duty on the wire.
"""

_STEADY_MS = 500  # IEC 61851-1 Table A.6 allows 3 s to close; 500 ms keeps short C pulses out
_UNSEEN_MS = 12  # a pilot cycle and what delays it: what is shorter may fall between two samples
_OPEN_MS = 50
_OPEN_HELD_MS = 100  # Table A.6 sequence 8.1
_FORCED_MS = 6000  # sequence 10.2: PWM gone, the car does not open S2
_FOLLOW_MS = 6000  # one change of the duty per 5 s, and the cycle that makes it
_FULL = 65535
# How long a B may be taken for a glitch: after a change of the duty BMW hybrids show it for
# 500 ms, after the contactor's edge it is noise. Nothing else is ever waited for.
_BLANK_DUTY_MS = 560
_BLANK_CLOSED_MS = 210
_HOLDS = 8  # so many holds of the loop are remembered
_GAP_MS = 14_900  # without pilot a car forgets its phases; 15 s is the least that can be set
_LOST_WH = 100  # what a power cut may cost the ledger


def offered_ma(duty: int) -> int:
    """What a car reads from `duty` (of 65535), IEC 61851-1 Table A.8; 0 without a PWM."""
    if duty <= 0 or duty >= _FULL:
        return 0
    permille_percent = duty * 100_000 // _FULL  # thousandths of a percent
    if permille_percent < 8000:
        return 0
    if permille_percent < 10_000:
        return 6000
    if permille_percent <= 85_000:
        return 60_000 * duty // _FULL
    return min(250_000 * duty // _FULL - 160_000, 80_000)


class Monitor:
    """Takes every change in the world as it happens; `violations` lists what broke a rule."""

    def __init__(self, max_current_ma: int = 32000, ventilated: bool = False):
        self.violations = []
        self.reactions = []  # (cause, ms until the coil output fell)
        self.closings = 0
        self.cable_ma = max_current_ma
        self._max_ma = max_current_ma
        self._powering = ("C", "D") if ventilated else ("C",)
        self._level = "A"
        self._steady_since = None
        self._gap_since = None
        self._diode_good = True
        self._proved = False
        self._trips = {}
        self._relay = False
        self._phase_relay = False
        self._main_closed = False
        self._car_phases = None  # position of L2/L3 that the car has charged with
        self._joined = True
        self._cut_since = 0
        self._duty = 0
        self._pwm_since = None
        self._no_pwm_since = 0
        self._causes = {}  # what demands an open contactor -> since when
        self._holds = [(0, 0)]
        self._blank_until = 0
        self._above_since = None
        self._energy_wh = 0
        self._reported = set()

    def wire(self, now: int, level: str, diode_good: bool = True):
        """The pilot level that car and cable make: A to E, whatever the box drives."""
        self._age(now)
        self._diode_good = diode_good
        if level == "A" and self._level != "A":
            self._proved = False
        powering = level in self._powering
        if powering and not self._was_powering():
            if not self._unseen(now):
                self._steady_since = now
        elif not powering and self._was_powering():
            self._gap_since = now
        self._level = level
        self._causes.pop("pilot", None)
        if not powering:
            self._demand(max(now, self._blank_until) if level == "B" else now, "pilot", True)
        self._demand(now, "diode", not diode_good)

    def trip(self, now: int, name: str, active: bool):
        """A safety input (residual current, emergency stop, …) trips or is clear again."""
        self._age(now)
        self._trips[name] = active
        self._demand(now, name, active)

    def outputs(self, now: int, relay: bool, phase_relay: bool, duty: int, dead: bool = False):
        """The firmware's outputs as the terminals see them; `dead`: a reset dropped them."""
        self._age(now)
        self._pilot(now, duty)
        if relay and not self._relay:
            self._closing(now)
            self._power(now, phase_relay)
        elif self._relay and not relay:
            self._opened(now, dead)
        self._relay = relay
        if phase_relay != self._phase_relay:
            if (relay or self._main_closed) and not dead:
                self._report(now, "the L2/L3 contactor moved while current could flow")
            self._phase_relay = phase_relay

    def joined(self, now: int, joined: bool, plugged: bool):
        """Whether the pilot reaches the cable, and whether a car is plugged in."""
        if self._joined and not joined:
            self._cut_since = now
        elif joined and not self._joined and now - self._cut_since >= _GAP_MS:
            self._car_phases = None
        if not plugged:
            self._car_phases = None
        self._joined = joined

    def contacts(self, now: int, main_closed: bool):
        """Where the main contacts really are."""
        self._age(now)
        self._main_closed = main_closed

    def hold(self, began: int, lasts_ms: int):
        """Somebody keeps the loop from running; what is asked for meanwhile comes after it."""
        began = max(began, self.held_until)
        self._holds.append((began, began + lasts_ms))
        if len(self._holds) > _HOLDS:
            self._holds.pop(0)

    @property
    def held_until(self) -> int:
        return self._holds[-1][1]

    def held_ms(self, since: int, now: int) -> int:
        """How long the loop was held between these times."""
        held = 0
        for began, ended in self._holds:
            held += max(0, min(ended, now) - max(began, since))
        return held

    def longer_ms(self, since: int, now: int) -> int:
        """By how much more than 50 ms a reaction may take: 50 ms when the loop was held."""
        held = self.held_ms(since, now)
        return _OPEN_HELD_MS - _OPEN_MS + max(0, held - _OPEN_MS) if held else 0

    def late(self, now: int, text: str):
        """The loop came too late with a closed contactor; `text` says by how much and whom."""
        self._report(now, text, "late")

    def limit(self, now: int, ruling_ma: int):
        """The smallest limit that the firmware knows of; the duty has 5 s to follow it down."""
        offered = offered_ma(self._duty)
        if offered > self.cable_ma:
            self._report(now, f"offers {offered} mA on a cable for {self.cable_ma} mA")
        if offered <= ruling_ma:
            self._above_since = None
        elif self._above_since is None:
            self._above_since = now
        elif now - self._above_since > _FOLLOW_MS:
            self._report(now, f"offers {offered} mA above the limit of {ruling_ma} mA")

    def energy(self, now: int, energy_wh: int, lost_power: bool = False):
        """The firmware's energy counter; only a power cut may cost up to 100 Wh."""
        if energy_wh < self._energy_wh - (_LOST_WH if lost_power else 0):
            self._report(now, f"energy fell from {self._energy_wh} to {energy_wh} Wh")
        self._energy_wh = energy_wh

    def finish(self, now: int):
        """The run is over: what is still overdue counts."""
        self._age(now)

    def worst(self) -> dict:
        """Longest reaction in ms per cause."""
        table = {}
        for cause, took in self.reactions:
            table[cause] = max(took, table.get(cause, 0))
        return table

    def _unseen(self, now):
        """Whether the break that ends now fell between two samples, or into a held loop."""
        since = self._gap_since
        if since is None:
            return False
        return now - since - self.held_ms(since, now) < _UNSEEN_MS

    def _was_powering(self):
        return self._level in self._powering

    def _demand(self, now, cause, active):
        if active:
            self._causes.setdefault(cause, now)
        else:
            self._causes.pop(cause, None)

    def _pilot(self, now, duty):
        running = 0 < duty < _FULL
        if self._relay and running and duty != self._duty:
            self._blank_until = now + _BLANK_DUTY_MS
        self._duty = duty
        if running and not _FULL * 99 // 1000 <= duty <= _FULL * 96 // 100:
            self._report(now, f"duty {duty} of 65535 is neither an offer nor a stop")
        if offered_ma(duty) > self._max_ma:
            self._report(now, f"offers {offered_ma(duty)} mA, the board carries {self._max_ma} mA")
        if running and self._pwm_since is None:
            self._pwm_since = now
            self._no_pwm_since = None
        elif not running and self._pwm_since is not None:
            self._pwm_since = None
            self._no_pwm_since = now

    def _closing(self, now):
        self.closings += 1
        self._blank_until = max(self._blank_until, now + _BLANK_CLOSED_MS)
        if not self._was_powering():
            self._report(now, f"closed in {self._level}")
        elif now - self._steady_since < _STEADY_MS - _UNSEEN_MS:
            self._report(now, f"closed {now - self._steady_since} ms after C")
        if self._pwm_since is None:
            self._report(now, "closed without PWM")
        elif now - self._pwm_since >= 1 and self._diode_good:
            self._proved = True
        if not self._proved:
            self._report(now, "closed before the diode was proved")
        for name, active in self._trips.items():
            if active:
                self._report(now, f"closed despite {name}")

    def _power(self, now, phase_relay):
        if self._car_phases not in (None, phase_relay):
            self._report(now, "the phases of a plugged car changed without a gap in the pilot")
        self._car_phases = phase_relay

    def _opened(self, now, dead):
        for cause, since in self._causes.items():
            if not dead:
                self.reactions.append((cause, max(0, now - since)))
        self._late(now)

    def _age(self, now):
        if not self._relay:
            return
        self._late(now)
        if (
            self._no_pwm_since is not None
            and now - self._no_pwm_since > _FORCED_MS + _OPEN_HELD_MS
        ):
            self._report(now, "closed without PWM for more than 6 s")

    def _late(self, now):
        for cause, since in self._causes.items():
            allowed = _OPEN_MS + self.longer_ms(since, now)
            if now - since > allowed:
                self._report(now, f"still closed {allowed} ms after {cause}", (cause, since))

    def _report(self, now, text, key=None):
        key = key or text
        if key not in self._reported:
            self._reported.add(key)
            self.violations.append((now, text))
