"""The one clock: real, accelerated or virtual time, and the world's events in their order."""

import utime
from micropython import const, mem_current, mem_total
from peers import Peers
from registers import TIME

_NOW = const(0)
_DUE = const(1)
_PHASE = const(2)
_TICKS = const(6)
_FED = const(7)
_COSTS = const(8)
_PILOT_ADC = const(15)
_JUMP = const(17)
_ROUNDS = const(18)

_NEVER = const(0x3FFFFFFF)
_REBASE = const(1 << 27)
_TICKS_MASK = const(0x3FFFFFFF)
_LONGEST = const(1 << 28)
_CREDIT_US = const(1000)

# Measured on an ESP32 at 160 MHz: Pin.value() 8 us; ADC.read_uv() 27 us and 10 us of conversion.
_ESP32_COSTS = (8, 14, 23)


class WorldError(BaseException):
    """Something in the world, not in the firmware, has failed: `args[0]` is the exception."""


class Clock:
    """Microseconds since the simulation began, and what happens when.

    speed: 0 = virtual (jump to the next deadline), 1 = real time, N = N times real time.
    round_us: what one round of the scheduler costs; never 0, or a task that yields in a loop would
    stop virtual time. Set by `set_round()`.
    socket_rate: while a real connection is open, virtual time runs at most this many times faster
    than real time, so that the peer can answer.
    """

    def __init__(self, speed: int = 0):
        self.speed = speed
        self.restart()

    def restart(self):
        """Begin a new simulation at 0: no events, nothing held, all costs as on the chip."""
        self.socket_rate = 200
        self.halted = None
        self.look_around = None
        self.blocked_us = 0
        # What the world, and not the firmware, has allocated; heap.py needs it.
        self.world_asked = 0
        self.world_kept = 0
        self._epoch = 0
        self._events = []
        self._hold_us = 0
        self._busy = False
        self._debt_us = 0
        self._paid_at = utime.ticks_us()
        self.peers = Peers(self)
        self._pace_real = utime.ticks_us()
        self._pace_now = 0
        for i in range(len(TIME)):
            TIME[i] = 0
        TIME[_DUE] = _NEVER
        TIME[_PILOT_ADC] = -1
        self.set_round(240)
        self.charge_costs(True)

    def set_round(self, round_us: int):
        """What one round of the scheduler costs, at least 1."""
        self.round_us = max(1, round_us)
        TIME[_JUMP] = 0 if self.speed or self.peers.present else self.round_us

    def charge_costs(self, charged: bool):
        """Charge what reads cost on an ESP32 to the clock, or nothing."""
        for i, cost in enumerate(_ESP32_COSTS):
            TIME[_COSTS + i] = cost if charged else 0

    def now(self) -> int:
        """Microseconds since the simulation began."""
        return self._epoch + TIME[_NOW]

    def ms(self) -> int:
        """Milliseconds since the simulation began."""
        return (self._epoch + TIME[_NOW]) // 1000

    def set_ticks(self, ticks_ms: int):
        """Make `ticks_ms()` read this from now on (a chip that boots starts at 0)."""
        TIME[_TICKS] = (ticks_ms - TIME[_NOW] // 1000) & _TICKS_MASK

    def at(self, when_us: int, call, argument=None) -> list:
        """Call `call(argument)` at that time; the answer can be given to `cancel`."""
        events = self._events
        entry = [when_us, call, argument]
        i = len(events)
        while i and events[i - 1][0] <= when_us:
            i -= 1
        events.insert(i, entry)
        if i == len(events) - 1:
            self._arm()
        return entry

    def after(self, delay_us: int, call, argument=None) -> list:
        return self.at(self._epoch + TIME[_NOW] + delay_us, call, argument)

    def cancel(self, entry: list | None):
        """Forget an event; one that has happened, or None, does no harm."""
        if entry is not None:
            entry[1] = None

    def hold(self, duration_ms: int):
        """Hold the firmware (collection, flash erase, a task that burns); the world goes on."""
        self.hold_us(duration_ms * 1000)

    def hold_us(self, duration_us: int):
        """As `hold()`, in microseconds."""
        self._hold_us += duration_us
        TIME[_DUE] = -1

    def charge(self, cost_us: int):
        """The firmware has used this much time."""
        TIME[_NOW] += cost_us
        if TIME[_NOW] >= TIME[_DUE]:
            self.due()

    def due(self):
        """Let everything happen that is due; raises what ended the chip, if it has ended."""
        if self._busy:
            return
        self._busy = True
        TIME[_DUE] = _NEVER
        asked = mem_total()
        kept = mem_current()
        try:
            self._run_events()
            if self.look_around is not None:
                self.look_around()
            while self._hold_us:
                held = self._hold_us
                self._hold_us = 0
                self._travel(TIME[_NOW] + held)
        finally:
            self._busy = False
            self._arm()
            self.world_asked += mem_total() - asked
            self.world_kept += mem_current() - kept
        if self.halted is not None:
            self._raise()

    def interrupt(self):
        """Ctrl-C has come: raise KeyboardInterrupt once, at the firmware's next call."""
        if self.halted is None:
            self.halted = KeyboardInterrupt()
            TIME[_DUE] = -1

    def no_interrupt(self):
        """Nobody is left whom a Ctrl-C that has come could stop."""
        if isinstance(self.halted, KeyboardInterrupt):
            self.halted = None
            self._arm()

    def _raise(self):
        halted = self.halted
        TIME[_DUE] = -1
        self.no_interrupt()
        raise halted

    def advance(self, duration_us: int):
        """Let the world go on for a while with the firmware waiting."""
        while duration_us > _LONGEST // 4:
            self._step(_LONGEST // 4, None)
            duration_us -= _LONGEST // 4
        self._step(duration_us, None)

    def pass_quietly(self, duration_us: int):
        """Let the world go on, and leave the raising of what ended the chip to the next call."""
        if self._busy:
            self._hold_us += duration_us
            return
        self._busy = True
        try:
            self._travel(TIME[_NOW] + duration_us)
        finally:
            self._busy = False
            self._arm()
            if self.halted is not None:
                TIME[_DUE] = -1

    def block(self, duration_us: int):
        """A blocking call of the firmware; counted, because the firmware should have none."""
        self.blocked_us += duration_us
        self.advance(duration_us)

    @micropython.native
    def idle(self, wait_ms: int, poller):
        """All tasks sleep: go on for at most `wait_ms`, or until something may have become ready.

        poller: None, or an object whose `wait(ms)` waits really and tells if something is ready.
        """
        TIME[_ROUNDS] = (TIME[_ROUNDS] + 1) & 0xFFFFFF
        now = TIME[_NOW] + self.round_us
        target = now + wait_ms * 1000
        if self.speed or self.peers.present or poller is not None or target >= TIME[_DUE]:
            self._idle_slowly(target, poller)
        else:
            TIME[_NOW] = target

    def _idle_slowly(self, target: int, poller):
        while True:
            stop = min(target, TIME[_DUE])
            shift = self._epoch
            if stop > TIME[_NOW]:
                stop = self._wait(stop, poller)
                TIME[_NOW] = stop
            if TIME[_NOW] >= TIME[_DUE]:
                self.due()
            target -= self._epoch - shift
            if TIME[_NOW] >= target or (poller is not None and poller.wait(0)):
                return

    def _wait(self, stop: int, poller) -> int:
        """Spend the real time that the way to `stop` takes; the time reached."""
        if self.speed:
            return self._pace(stop, poller)
        if self.peers.present or (poller is not None and poller.real):
            self._give_peers_time(stop - TIME[_NOW], poller)
        return stop

    def _give_peers_time(self, duration_us: int, poller):
        """Sleep really, once what is owed for simulated time exceeds what has passed by a lot."""
        real = utime.ticks_us()
        gone_us = utime.ticks_diff(real, self._paid_at)
        self._paid_at = real
        owed_us = max(-_CREDIT_US, self._debt_us - gone_us)
        self._debt_us = owed_us + duration_us // self.socket_rate
        if self._debt_us >= _CREDIT_US:
            if poller is None:
                utime.sleep_us(self._debt_us)
            else:
                poller.wait(self._debt_us // 1000)
            self.peers.look()

    def _pace(self, stop: int, poller) -> int:
        wanted = self._real_now()
        wait_us = (stop - wanted) // self.speed
        if wait_us <= 0:
            return stop
        if poller is None:
            utime.sleep_us(wait_us)
            return stop
        if not poller.wait((wait_us + 999) // 1000):
            return stop
        return min(stop, max(TIME[_NOW], self._real_now()))

    def _real_now(self) -> int:
        """Where `now` should be by the host's clock; a host that was held up is forgiven."""
        elapsed = utime.ticks_diff(utime.ticks_us(), self._pace_real)
        now = self._pace_now - self._epoch + elapsed * self.speed
        late = now - TIME[_NOW]
        if late > 200000 * self.speed or late < -2000000 * self.speed or elapsed > 60000000:
            self._pace_real = utime.ticks_us()
            self._pace_now = self.now()
            now = TIME[_NOW]
        return now

    def set_speed(self, speed: int):
        """Change between virtual (0), real (1) and accelerated time (N) while running."""
        self.speed = speed
        self.set_round(self.round_us)
        self._pace_real = utime.ticks_us()
        self._pace_now = self.now()

    def _step(self, duration_us: int, poller):
        epoch = self._epoch
        target = TIME[_NOW] + duration_us
        while True:
            stop = min(target, TIME[_DUE]) if not self._busy else target
            if stop > TIME[_NOW]:
                TIME[_NOW] = self._wait(stop, poller)
            if TIME[_NOW] >= TIME[_DUE]:
                self.due()
                target -= self._epoch - epoch
                epoch = self._epoch
            if TIME[_NOW] >= target:
                break

    def _travel(self, target: int):
        """On to `target` with the world's events, and without the firmware."""
        end = self._epoch + target
        while self.halted is None:
            events = self._events
            stop = end if not events else min(end, events[-1][0])
            if stop > self._epoch + TIME[_NOW]:
                TIME[_NOW] = self._wait(stop - self._epoch, None)
            self._run_events()
            if self._epoch + TIME[_NOW] >= end:
                return

    def _run_events(self):
        if TIME[_NOW] >= _REBASE:
            self._rebase()
        events = self._events
        while events and self.halted is None:
            entry = events[-1]
            if entry[0] > self._epoch + TIME[_NOW]:
                break
            events.pop()
            if entry[1] is None:
                continue
            try:
                entry[1](entry[2])
            except Exception as error:
                # In here it would end in one of the firmware's tasks.
                self.halted = WorldError(error)

    def _arm(self):
        if self._busy or self.halted is not None or self._hold_us:
            return
        events = self._events
        due = _REBASE
        if events:
            due = min(due, max(events[-1][0] - self._epoch, -1))
        TIME[_DUE] = due

    def _rebase(self):
        """Move the epoch on, so that `now` stays a small integer on 32 bit."""
        shift = TIME[_NOW] // 1000 * 1000
        self._epoch += shift
        TIME[_NOW] -= shift
        TIME[_FED] = max(TIME[_FED] - shift, -_NEVER)
        TIME[_TICKS] = (TIME[_TICKS] + shift // 1000) & _TICKS_MASK
        period = TIME[5] or 10000
        gone = (TIME[_NOW] + shift - TIME[_PHASE]) * 10 - TIME[3]
        TIME[_PHASE] = TIME[_NOW]
        TIME[3] = -(gone % period)
