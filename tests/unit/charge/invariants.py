"""The safety rules, judged from inputs and outputs alone, after every step.

Written against the rules and not against the firmware: it keeps its own counts.
"""

_DC = 65535
# The times of the rules; tests/property scales them down to explore every moment of them.
ASK_MS = 500
PROOF_MS = 80
LEAVE_MS = 30
SILENT_MS = 60
APART_MS = 250
FORCED_MS = 6000
BLANK_CLOSED_MS = 200
BLANK_DUTY_MS = 550
GAP_MS = 75
EMPTY_MS = 490
CLICK_MS = 1000


class Broken(AssertionError):
    """A rule does not hold."""


def offered(duty: int) -> int:
    """Milliamperes that a car reads from a duty of 65536; 0 when it may not charge."""
    if duty in (0, _DC):
        return 0
    if duty <= 85 * 65536 // 100:
        return duty * 60000 // 65536
    return duty * 250000 // 65536 - 160000


def _kind(high_mv: int) -> str:
    if high_mv >= 11000:
        return "A"
    if high_mv > 1000:
        return "car"
    return "E" if high_mv > -6000 else "F"


class Watch:
    """Call before() with the inputs of a step ready, after() with its outputs."""

    def __init__(self, bench):
        self.bench = bench
        self.asking_ms = 0  # C (or D) without a break
        self.away = 0  # decisions in a row that want the contactor open
        self.away_ms = 0
        self.doubt_ms = 0  # the same, counting decisions that may be glitches
        self.unknown_ms = 0
        self.unknown = 0
        self.proof_ms = 0  # of a sound diode in this plug-in
        self.kind = ""  # A, E, F, or a car; for how long without a break
        self.same = self.same_ms = 0
        self.stop_ms = 0  # closed without PWM
        self.blank_ms = 0  # while B may be a glitch
        self.open_ms = 10000
        self.was_closed = False
        self.was_phase = False
        self.was_duty = _DC
        self.offered_before = False
        self.empty = False  # the socket, at some time since boot
        self.energy_wh = 0
        self.tripped = 0
        self.gap_ms = 0
        self.empty_ms = 0  # of A without a break
        self.clicking = False
        self.click_ms = 0
        self.there = self.there_ms = 0  # decisions in a row that show anything but A

    def before(self, elapsed: int):
        bench = self.bench
        inputs = bench.inputs
        self.gap_ms = elapsed
        self.blank_ms = max(0, self.blank_ms - elapsed)
        self.tripped = min(self.tripped + 1, 2) if inputs.residual_tripped else 0
        running = 0 < self.was_duty < _DC
        hidden = not bench.outputs.pilot_connected or self.was_duty == 0
        if hidden:
            self.asking_ms = -1
            return
        if not inputs.levels_known:
            self.unknown = min(self.unknown + 1, 3)
            self.unknown_ms = min(self.unknown_ms + elapsed, SILENT_MS)
            return
        self.unknown = self.unknown_ms = 0
        high, low = inputs.high_mv, inputs.low_mv
        self._look_for_a_plug(_kind(high) == "A", elapsed)
        vented = bench.point.fitted.ventilation
        asks = (1000 if vented else 4000) <= high <= 8000
        sound = not running or low <= -10000
        self.empty = self.empty or (self.kind == "A" and self.same >= 3)
        self._prove(running and sound and 1000 < high < 11000, high, elapsed)
        if asks and sound:
            ms = self.asking_ms + min(elapsed, 50) if self.asking_ms >= 0 else 0
            self.asking_ms = min(ms, ASK_MS)
            self.away = 0
            return
        self.asking_ms = -1
        self.doubt_ms = min(self.doubt_ms + elapsed, LEAVE_MS) if self.away else 0
        if self.blank_ms and 7000 <= high <= 11000 and sound:
            return
        self.away_ms = self.doubt_ms
        self.away = min(self.away + 1, 3)

    def _look_for_a_plug(self, empty: bool, elapsed: int):
        self.empty_ms = min(self.empty_ms + min(elapsed, 50), EMPTY_MS) if empty else 0
        self.there_ms = min(self.there_ms + elapsed, LEAVE_MS) if self.there and not empty else 0
        self.there = 0 if empty else min(self.there + 1, 3)

    def _prove(self, sound: bool, high: int, elapsed: int):
        """A spike is no unplugging: three decisions and 30 ms of the same level forget the car."""
        kind = _kind(high)
        self.same = min(self.same + 1, 3) if kind == self.kind else 1
        self.same_ms = min(self.same_ms + elapsed, LEAVE_MS) if kind == self.kind else 0
        self.kind = kind
        if sound:
            self.proof_ms = min(self.proof_ms + elapsed, PROOF_MS)
        elif kind != "car" and self.same >= 3 and self.same_ms >= LEAVE_MS:
            self.proof_ms = 0

    def _must(self, holds: bool, rule: str):
        if not holds:
            raise Broken(f"{rule}: {self.bench.why()}")

    def after(self):
        outputs = self.bench.outputs
        closed = outputs.contactor
        running = 0 < outputs.duty < _DC
        if closed and not self.was_closed:
            self.clicking = self.bench.point.trial.standing
        if closed and self.clicking:
            self._judge_click(outputs.duty)
        elif closed and not self.was_closed:
            self._must(running, "closes only while PWM runs")
            self._must(self.asking_ms >= ASK_MS, "closes only after 500 ms of asking")
            self._must(
                self.proof_ms >= PROOF_MS, "closes only with the diode proved in this plug-in"
            )
            self._must(self.open_ms >= APART_MS, "closes only 250 ms after opening")
            self._must(self.bench.inputs.contactor_mirror in (None, False), "closes a weld")
        if closed:
            self._judge_closed(running)
        self._must(
            not closed or self.clicking or not self.bench.point.trial.standing,
            "while a trial stands a car closes nothing",
        )
        self._judge_offer(outputs.duty)
        self._judge_phases(outputs)
        energy_wh = self.bench.point.transaction.total_wh
        self._must(energy_wh >= self.energy_wh, "energy never decreases")
        self.energy_wh = energy_wh
        self._remember(outputs, closed, running)

    def _judge_closed(self, running: bool):
        inputs = self.bench.inputs
        self._must(self.bench.point.faults.active == 0, "a fault stands and it is closed")
        self._must(
            self.clicking or not (self.away >= 3 and self.away_ms >= LEAVE_MS),
            "three decisions and 30 ms open it",
        )
        self._must(
            not (self.unknown >= 3 and self.unknown_ms >= SILENT_MS), "60 ms of silence open it"
        )
        self._must(running or self.stop_ms < FORCED_MS + 20, "6 s without PWM open it")
        self._must(not inputs.emergency_stop, "an emergency stop opens it at once")
        self._must(inputs.supply_ok is not False, "a bad supply opens it at once")
        self._must(self.tripped < 2, "two decisions of the residual current sensor open it")
        self._must(self.gap_ms <= GAP_MS or not self.was_closed, "a step that came late opens it")

    def _judge_click(self, duty: int):
        """An installer has it closed for a second, with nothing plugged in."""
        point = self.bench.point
        if not self.was_closed:
            self._must(self.empty_ms >= EMPTY_MS, "clicks only at an empty socket")
            self._must(not point.transaction.open, "clicks only without a session")
            self._must(self.open_ms >= APART_MS, "clicks only 250 ms after opening")
            self._must(self.bench.inputs.contactor_mirror in (None, False), "clicks on a weld")
            self._must(
                self.bench.inputs.phase_mirror in (None, self.was_phase),
                "clicks only with L2/L3 at rest",
            )
        self._must(duty == _DC, "nothing is offered while it clicks")
        self.click_ms = self.click_ms + self.gap_ms if self.was_closed else 0
        self._must(self.click_ms <= CLICK_MS, "a click is over after a second")
        self._must(
            not (self.there >= 3 and self.there_ms >= LEAVE_MS), "a plug opens a click in 30 ms"
        )

    def _judge_offer(self, duty: int):
        point = self.bench.point
        current = offered(duty)
        self._must(duty in (0, _DC) or 6553 - 7 <= duty <= 62914, "no offer between 0 and 6 A")
        self._must(current <= point.limits.value_ma, "more than the smallest limit")
        self._must(current <= point.fitted.max_current_ma, "more than the hardware carries")
        rating = point.chores.cable.rating_ma
        self._must(not rating or current <= rating, "more than the cable carries")

    def _judge_phases(self, outputs):
        if outputs.phase_contactor == self.was_phase:
            return
        self._must(not outputs.contactor and not self.was_closed, "L2/L3 moves while closed")
        self._must(self.open_ms >= APART_MS, "L2/L3 moves right after opening")
        self._must(self.bench.inputs.contactor_mirror is False, "L2/L3 moves without proof")
        if self.bench.point.trial.standing:
            self._judge_swap(outputs)
        if outputs.pilot_connected:
            self._must(not self.offered_before, "L2/L3 moves, pilot joined")
            # A car that is there at boot may have been offered current before: to it the
            # contactor may only come back to where it was.
            kept = self.bench.kept_phases == (3 if outputs.phase_contactor else 1)
            switched = self.bench.point.options.phase_switching
            self._must(self.empty or kept or not switched, "L2/L3 moves with a car at boot")

    def _judge_swap(self, outputs):
        """An installer has L2/L3 moved: the pilot was cut at an empty socket."""
        self._must(not outputs.pilot_connected, "a trial moves L2/L3 with the pilot joined")
        self._must(self.empty_ms >= EMPTY_MS, "a trial moves L2/L3 only at an empty socket")
        self._must(not self.bench.point.transaction.open, "a trial moves L2/L3 in a session")
        self._must(not self.bench.point.faults.active, "a trial moves L2/L3 with a fault")

    def _remember(self, outputs, closed: bool, running: bool):
        if closed and not self.was_closed:
            self.blank_ms = max(self.blank_ms, BLANK_CLOSED_MS)
        changed = running and 0 < self.was_duty < _DC and outputs.duty != self.was_duty
        if changed and not self.blank_ms and self.asking_ms >= 0:
            self.blank_ms = BLANK_DUTY_MS
        self.stop_ms = self.stop_ms + self.gap_ms if closed and not running else 0
        self.open_ms = 0 if closed else min(self.open_ms + self.gap_ms, APART_MS)
        self.offered_before = self.offered_before or running
        self.empty = self.empty or running  # from now on nothing asks for it any more
        self.was_closed = closed
        self.was_phase = outputs.phase_contactor
        self.was_duty = outputs.duty
