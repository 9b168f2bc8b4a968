"""The charge point: one step per pilot cycle, from readings to outputs (IEC 61851-1 mode 3).

A step judges the pilot and the fast safety inputs, does one of the slower chores, computes at
most one event, follows the tables of states.py, and sets every output from the state.
"""

from micropython import const

from firmware.charge import blocks, events, faults, pilot, states, status, transaction
from firmware.charge.chores import Chores
from firmware.charge.contactor import Contactor
from firmware.charge.limits import Limits
from firmware.charge.options import Options
from firmware.charge.phases import Phases
from firmware.charge.signals import Fitted, Inputs, Measured, Outputs, Refused
from firmware.charge.trial import Trial
from firmware.charge.wake import Wake
from firmware.ticks import since

_HELD_MS = const(75)  # a cycle of 20 ms, held for 50 ms by somebody else; more is a fault
_LONGEST_MS = const(60000)
_TICKS = const(0x3FFFFFFF)
_LAST_SOUND = const(3)  # pilot.D
_PACE_MS = const(5000)  # cars need so long to follow; after a rise or a start, wait for them
_REST_MS = const(5000)  # after charging, before the contactor may close again
_LOADED_REST_MS = const(30000)  # the same after an opening under load
_BLANK_CLOSED_MS = const(200)
_BLANK_DUTY_MS = const(550)  # BMW hybrids show B for 500 ms after a change of the duty
_STEADY_MS = const(500)
_FLOWING_MA = const(1000)


class ChargePoint:
    """Everything the rest of the firmware may see of, and ask from, the charge point."""

    def __init__(self, fitted: Fitted, limits: Limits, options: dict | None = None):
        self.fitted = fitted
        self.limits = limits
        self.inputs = Inputs()
        self.outputs = Outputs()
        self.measured = Measured()
        self.enabled = True
        self.blocked = blocks.PLACING if fitted.phase_contactor else 0  # bits: blocks.py
        self.state = states.START
        self.shown = "A"  # letter for the outside world; steady while waking or switching
        self.level = pilot.NONE  # settled level, pilot.A to pilot.NONE
        self.offered_ma = 0  # what the pilot says now
        self.delay_ms = 0  # random wait before the first offer
        self.wish = 0  # event that a chore asks for
        self.events = events.Events()
        self.faults = faults.Faults(self.events)
        self.transaction = transaction.Transaction()
        self.pilot = pilot.Pilot()
        codes = (faults.WELDED, faults.NOT_CLOSED, faults.DROPPED)
        self.contactor = Contactor(fitted.contactor_mirror, self.faults, codes)
        self.phases = Phases(fitted, self.faults, self.events)
        self.waker = Wake(fitted.pilot_disconnect)
        self.options = Options()
        self.trial = Trial(self)
        self.chores = Chores(self)
        self._begin()
        limits.set("hardware", fitted.max_current_ma, 0, None, 0)
        limits.lift("cable")  # rows for those that are set in a step
        limits.lift("temperature")
        self.configure(options or {})

    def _begin(self):
        self._protection = self.chores.protection
        asked = states.ASKED if self.fitted.ventilation else states.VENTILATE
        answers = [states.UNPLUGGED, states.RELEASED, states.ASKED, asked]
        self._level_events = answers + [0] * (pilot.NONE - pilot.D)
        self._fresh = True  # until the first level has settled: no step before to be late after
        self._then = self._pace_ms = self._rest_ms = 0
        self._loaded = False
        self._row = states.TRANSITIONS[self.state][0]  # events that are followed from here
        self._timer_ms = 0  # until EXPIRED, in a state that knows it
        self._timed = False
        self._busy = False  # a timer runs
        self._mode, _, self._closed, _, _ = states.OUTPUTS[self.state]

    def step(self):
        """One pilot cycle: read self.inputs, fill self.outputs. Allocates nothing.

        MicroPython takes the frame of a function from the heap, for as long as it runs, when its
        locals and its stack need more than 11 words: nothing in a step may have such a frame.
        """
        inputs = self.inputs
        closed = self.outputs.contactor
        elapsed = (inputs.now - self._then) & _TICKS
        if elapsed > _HELD_MS:
            elapsed = self._held(closed)
        self._then = inputs.now
        self.level = self.pilot.update(inputs, elapsed, closed)
        if self.level > _LAST_SOUND:
            self._protection.doubt(self.level, inputs, self.pilot.unknown_ms)
        if inputs.residual_tripped or inputs.emergency_stop or inputs.supply_ok is False:
            self._protection.trip(inputs)
        if inputs.contactor_mirror is not closed or self.contactor.moving:
            self.contactor.update(closed, inputs.contactor_mirror, elapsed)
        if self._busy:
            self._count_down(elapsed)
        self.chores.turn()
        offer_ma = 0 if self.blocked else self.limits.offer_ma
        event = self._event(offer_ma)
        if event:
            self._enter(event)
        if offer_ma != self.offered_ma and self._mode == states.PWM:
            self._offer(offer_ma)
        self.outputs.contactor = self._closed and not self.faults.active

    def _held(self, closed: bool) -> int:
        """The step came late; or the clock jumped, which looks the same."""
        elapsed = since(self.inputs.now, self._then)
        if self._fresh:
            return 0
        if closed:
            self.faults.report(faults.LATE, elapsed)
        return min(max(0, elapsed), _LONGEST_MS)

    def _count_down(self, elapsed: int):
        self._timer_ms = max(0, self._timer_ms - elapsed)
        self._pace_ms = max(0, self._pace_ms - elapsed)
        self._rest_ms = max(0, self._rest_ms - elapsed)
        # A car that only waits may keep its offer; one that asks has to wait without.
        asks = self.level == pilot.C or self.level == pilot.D
        self.block(blocks.RESTING, self._rest_ms > 0 and asks)
        self._busy = self._timed or self._pace_ms > 0 or self._rest_ms > 0

    def block(self, reason: int, blocked: bool):
        """Note one reason of blocks.py; nothing is offered while any of them stands."""
        if blocked:
            self.blocked |= reason
        else:
            self.blocked &= ~reason

    def _event(self, offer_ma: int) -> int:
        """The first event that the present state lists, or 0."""
        row = self._row
        event = self.faults.event
        if event in row:
            return event
        event = self._level_events[self.level]
        if event in row:
            return event
        if not offer_ma:
            if states.WITHDRAWN in row:
                return states.WITHDRAWN
        elif states.OFFERED in row and not self._pace_ms:
            return states.OFFERED
        if self.wish in row:
            return self.wish
        return self._event_in_time() if self._timed else 0

    def _event_in_time(self) -> int:
        if self.state == states.READY and self._in_order():
            return states.CHECKED
        return 0 if self._timer_ms else states.EXPIRED

    def _in_order(self) -> bool:
        """The last look before the contactor closes."""
        wire = self.pilot
        return (
            wire.seen == wire.level
            and wire.seen_ms >= _STEADY_MS
            and wire.proved
            and wire.running
            and not wire.unknown_ms
            and self.contactor.proved_open()
            and not self.trial.standing
        )

    def _enter(self, event: int):
        was = self.state
        self.state = state = states.TRANSITIONS[was][1][self._row.index(event)]
        self._row = states.TRANSITIONS[state][0]
        self._timer_ms = states.TIMEOUTS.get(state, 0)
        self._set_outputs(states.OUTPUTS[state], was, event)
        self._note(state, event)
        self._timed = self._timer_ms > 0
        self._busy = True
        self._fresh = False
        self.wish = 0
        self.events.put(events.STATE, state)

    def _set_outputs(self, output: tuple, was: int, event: int):
        if output[2] != self._closed:
            self._closed = output[2]
            self._turn(self._closed, was, event)
        if output[0] != self._mode:
            self._mode = output[0]
            self._signal(self.limits.offer_ma if self._mode == states.PWM else 0)
        self.outputs.pilot_connected = output[1]
        self.pilot.look(output[1] and self._mode != states.MINUS)
        if output[4] != "-":
            self.shown = output[4]

    def _turn(self, closed: bool, was: int, event: int):
        """The contactor is about to move."""
        self.contactor.moving = True
        if closed:
            self.pilot.blank(_BLANK_CLOSED_MS if event == states.CHECKED else 0)
            self.transaction.reason = transaction.NO_REASON
            return
        self._loaded = was != states.CLICK and event != states.RELEASED and self._flowing()
        if self._loaded:
            self.contactor.under_load += 1
        long = self._loaded and event != states.UNPLUGGED  # for this car, not for the next
        self._rest_ms = _LOADED_REST_MS if long else _REST_MS
        self.transaction.reason = transaction.reason_of(was, event)

    def _flowing(self) -> bool:
        return not self.measured.known or max(self.measured.current_ma) > _FLOWING_MA

    def _signal(self, offer_ma: int):
        """Put an offer on the pilot: 1 kHz, or +12 V for none, or -12 V."""
        minus = self._mode == states.MINUS
        self.outputs.duty = 0 if minus else pilot.duty(offer_ma, self.fitted.pwm_bits)
        self.pilot.send(offer_ma > 0)
        self.offered_ma = offer_ma
        self._pace_ms = _PACE_MS
        self._busy = True

    def _offer(self, offer_ma: int):
        """A lower limit counts at once, a higher one 5 s after the last change."""
        if offer_ma < self.offered_ma or not self._pace_ms:
            if offer_ma and self.offered_ma:
                self.pilot.blank(_BLANK_DUTY_MS)
            self._signal(offer_ma)

    def _note(self, state: int, event: int):
        """What else begins with this transition."""
        if state == states.B1 or state == states.C1 or state == states.D1:
            self._arrive()
        elif state == states.GAP:
            self._timer_ms = self.phases.begin(self.transaction.open, self._loaded)
        elif event == states.WAKE or event == states.WAKE_BY_F:
            self._timer_ms = self.waker.hold_ms
            self.waker.taken()
            self.events.put(events.WAKING, self.waker.count)
        if event == states.ASKED:
            self.waker.charged()
        elif event == states.WITHDRAWN:
            self.waker.arm()

    def _arrive(self):
        """A car is there: a new one, or after a reset the one from before."""
        if not self.transaction.begin():
            return
        self.waker.plugged()
        options = self.options
        options.seed = (options.seed * 75 + 74) % 65537
        self.delay_ms = (options.random_delay_s + 1) * options.seed // 65537 * 1000
        self.block(blocks.DELAYED, self.delay_ms > 0)
        self.events.put(events.OPENED, 0)

    # What the rest of the firmware may ask.

    def enable(self, enabled: bool):
        """Allow or forbid charging; forbidding goes through the orderly stop."""
        self.enabled = enabled
        self.block(blocks.DISABLED, not enabled)

    def wake(self):
        """Interrupt the pilot once for a sleeping car; raises Refused(reason)."""
        if self.state != states.B1 and self.state != states.B2:
            raise Refused("no car waits in B")
        self.waker.ask()

    def request_phases(self, phases: int):
        """Change to 1 or 3 phases when the rules allow; raises Refused(reason)."""
        self.phases.request(phases)

    def acknowledge(self):
        """Somebody has looked: standing faults clear 30 s after their cause is gone."""
        self.faults.acknowledge()

    def authorise(self, who: str):
        """Note who lets this car charge, for the transaction."""
        self.transaction.authorised = who[:64]

    def configure(self, options: dict):
        """Check all of `options` against the board, then apply; raises Refused(reason)."""
        self.options.change(options, self.fitted, self.phases)
        self.options.apply(self)

    def restore(self, record: dict):
        """Continue the transaction that a reset interrupted; before the first step."""
        self.transaction.restore(record)

    def state_name(self) -> str:
        """State as in IEC 61851-1; a car that asks for ventilation and gets it shows D."""
        name = states.NAMES[self.state]
        return "D" + name[1:] if name[0] == "C" and self.level == pilot.D else name

    def waking(self) -> bool:
        return self.state == states.WAKE_GAP or self.state == states.WAKE_F

    def status(self) -> dict:
        """Plain values for the API and the panel: see status.py."""
        return status.status(self)
