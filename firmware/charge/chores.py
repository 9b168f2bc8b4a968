"""The slower jobs of a charge point: ten of them, one per step, each ten times a second."""

from micropython import const

from firmware.charge import blocks, events, faults, pilot, states
from firmware.charge.lock import Lock
from firmware.charge.protection import Protection
from firmware.charge.proximity import Proximity
from firmware.charge.residual import ResidualTest
from firmware.ticks import since

_UNPLUGGED_MS = const(500)  # a Leaf bounces to A when it stops: a session does not end by that
_UNRATED_MS = const(1000)
_UNLOCK_MS = const(5000)  # a fault gives the plug back after this
_LONGEST_MS = const(60000)
_PHASES = const(0x82)  # blocks.SWITCHING, blocks.PLACING
# welded, phase_welded, current_while_open: the plug may be live and stays locked
_WELDS = const(0xA40)


class Chores:
    """Cable, sensors, currents, lock, phases, wake-up, session: what may wait for 100 ms."""

    def __init__(self, point):
        fitted = point.fitted
        self.residual = ResidualTest(fitted.residual_test, point.faults, point.events)
        self.cable = Proximity()
        self.protection = Protection(fitted, point.faults, point.limits)
        self._point = point
        self._fitted = fitted
        self._lock = Lock(fitted.lock, point.faults)
        self._lap_ms = 0  # length of the last round
        self._lap_at = 0
        self._fault_ms = 0
        self._unrated_ms = 0
        self._slot = 0

    def turn(self):
        """Do the next one."""
        slot = self._slot
        self._slot = slot - 1 if slot else 9
        _SLOTS[slot](self)

    def _limits(self):
        point = self._point
        now = point.inputs.now
        point.limits.update(now)
        self._lap_ms = min(max(0, since(now, self._lap_at)), _LONGEST_MS)
        self._lap_at = now
        if point.delay_ms:
            point.delay_ms = max(0, point.delay_ms - self._lap_ms)
            point.block(blocks.DELAYED, point.delay_ms > 0)

    def _cable(self):
        if not self._fitted.proximity:
            return
        point = self._point
        if self.cable.update(point.inputs.proximity_ohm):
            self._rate(self.cable.rating_ma, point)
        doubtful = not self.cable.rating_ma
        point.block(blocks.UNRATED, doubtful)
        doubtful = doubtful and point.transaction.open
        self._unrated_ms = self._unrated_ms + self._lap_ms if doubtful else 0
        if self._unrated_ms >= _UNRATED_MS:
            point.faults.report(faults.PROXIMITY, min(point.inputs.proximity_ohm or 0, 999999))

    def _rate(self, rating_ma: int, point):
        """A doubtful cable of a plugged car keeps the limit that it had."""
        if rating_ma:
            point.limits.set("cable", rating_ma, 0, None, point.inputs.now)
        elif not point.transaction.open:
            point.limits.lift("cable")

    def _sensors(self):
        self.protection.sensors(self._point.inputs)

    def _currents(self):
        self.protection.currents(self._point, self._lap_ms)

    def _residual(self):
        if not self._fitted.residual_test:
            return
        point = self._point
        idle = point.state == states.A1 and point.contactor.proved_open()
        self.residual.update(point.inputs.residual_tripped, idle, self._lap_ms)
        testing = self.residual.running()
        self.protection.testing = testing
        point.block(blocks.TESTING, testing)
        point.outputs.residual_test = self.residual.output

    def _locking(self):
        if not self._fitted.lock:
            return
        point = self._point
        standing = point.faults.active
        wanted = point.transaction.open or point.trial.lock_ms > 0
        self._fault_ms = min(self._fault_ms + self._lap_ms, _UNLOCK_MS) if standing else 0
        if self._fault_ms >= _UNLOCK_MS:
            wanted = wanted and standing & _WELDS != 0
        self._lock.update(wanted, point.inputs.lock_closed, self._lap_ms)
        point.block(blocks.UNLOCKED, not self._lock.locked)
        point.outputs.lock = self._lock.output

    def _phases(self):
        point = self._point
        if not self._fitted.phase_contactor:
            return
        phases = point.phases
        phases.update(point.inputs.phase_mirror, self._lap_ms)
        if point.state == states.GAP:
            # A fault ends the gap in this very step, and joins the pilot again.
            safe = point.contactor.proved_open() and not point.faults.active
            phases.gap(safe, self._lap_ms)
        elif not phases.placed:
            if point.level != pilot.A or point.pilot.seen_ms >= _UNPLUGGED_MS:
                phases.settle(point.contactor.proved_open(), point.level)
        else:
            active = phases.active
            if not point.trial.standing:
                phases.joined = active
            if active == 3 and phases.switching and phases.automatic and point.outputs.contactor:
                phases.watch(point.measured, self._lap_ms)
        bits = 0 if phases.ready else blocks.PLACING
        if phases.due:
            bits |= blocks.SWITCHING
        point.blocked = point.blocked & ~_PHASES | bits
        point.outputs.phase_contactor = phases.output

    def _wake(self):
        point = self._point
        if point.trial.standing:
            point.wish = point.trial.update(self._lap_ms)
        elif point.phases.due:
            safe = point.contactor.proved_open() and not self.residual.running()
            point.wish = states.SWITCH if safe else 0
        else:
            point.wish = point.waker.update(point.state, self._lap_ms)

    def _session(self):
        point = self._point
        visit = point.transaction
        gone = point.level == pilot.A and point.pilot.seen_ms >= _UNPLUGGED_MS
        if gone and (visit.open or point.faults.active):
            self._depart()
        visit.update(point.measured, point.outputs.contactor, self._lap_ms)

    def _depart(self):
        """No car is there: its session is over, and faults that waited for this may clear."""
        point = self._point
        point.faults.unplugged()
        if point.transaction.open:
            point.phases.unplugged()
            self.residual.ask()
            point.events.put(events.CLOSED, point.transaction.end())

    def _faults(self):
        point = self._point
        point.faults.update(self._lap_ms)
        first = point.faults.first
        point.outputs.led = 16 + first if first else states.OUTPUTS[point.state][3]


# Plain functions: a method that is kept with its object takes 16 bytes.
_SLOTS = (
    Chores._limits,
    Chores._cable,
    Chores._sensors,
    Chores._currents,
    Chores._residual,
    Chores._locking,
    Chores._phases,
    Chores._wake,
    Chores._session,
    Chores._faults,
)
