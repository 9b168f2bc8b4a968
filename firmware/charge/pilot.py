"""The control pilot: current to duty, volts to a settled level, and the proof of the car's diode.

Two filters live side by side. Anything that asks for current has to be seen without a break for
500 ms; anything that stops it settles after three consecutive decisions and at least 30 ms
(opening the car's switch S2 must open the contactor within 100 ms: IEC 61851-1 table A.6, 8.1).
"""

from micropython import const

A = const(0)
B = const(1)
C = const(2)
D = const(3)
E = const(4)
F = const(5)
UNSOUND = const(6)  # a car is there, but the negative half does not reach -10 V
SILENT = const(7)  # no information for longer than its limit
NONE = const(8)  # nothing settled yet: after boot and after each gap in the pilot
LETTERS = "ABCDEF???"

_DC = const(65535)
# Bands around the nominal 12, 9, 6, 3, 0 and -12 V. Boundaries lie half way between the nominal
# levels; the level that has settled keeps 250 mV more on both sides, which is about 10 % of the
# car's resistance, as the optional hysteresis test A.4.11 wants it.
_LOWEST_MV = (10250, 7250, 4250, 1250, -6250, -32000, 1, 1, 1)
_HIGHEST_MV = (32000, 10750, 7750, 4750, 1750, -5750, 0, 0, 0)
_DIODE_MV = const(-10000)  # behind a diode the negative half stays between -11.4 and -12.6 V

_LONGEST_MS = const(50)  # a decision vouches for no more time than this
_CALM_MS = const(1000)
_PLENTY_MS = const(100000)
_DECISIONS = const(3)
_LEAVE_MS = const(30)
_ASK_MS = const(500)  # a BMW iX3 shows C for 250 ms without meaning it
_UNSOUND_MS = const(1000)  # with the contactor open; some Teslas lose the diode while they start
_SILENT_MS = const(1000)
_SILENT_CLOSED_MS = const(60)
_PROOF_MS = const(100)
_SETTLE_MS = const(100)  # after the wire was cut or held at -12 V
_TOGGLE_MS = const(150)  # a BCB toggle shows C for 200 to 400 ms, with 50 ms of tolerance
_TOGGLE_END_MS = const(450)


def duty(current_ma: int, bits: int = 16) -> int:
    """Duty (of 65536) that offers at most `current_ma`, for a PWM of `bits` bits at 1 kHz.

    6 to 51 A: 0.6 A per percent; 52.5 to 80 A: 2.5 A per percent above 64 %; nothing between
    (IEC 61851-1 tables A.7 and A.8). Rounded down, so a car never reads more than is allowed.
    Below 6 A there is no PWM, only +12 V. The fractions are reduced to stay below 2^30.
    """
    if current_ma < 6000:
        return _DC
    if current_ma < 52500:
        exact = min(current_ma, 51000) * 2048 // 1875
    else:
        exact = (min(current_ma, 80000) + 160000) * 4096 // 15625
    return exact >> (16 - bits) << (16 - bits)


class Pilot:
    """Turns the readings of each cycle into a level that the charge point may act upon."""

    def __init__(self):
        self.running = False  # 1 kHz is being sent, so the diode can be seen
        self._blank_ms = 0  # a car's B is not believed for so long while the contactor is closed
        self.toggles = 0  # BCB toggles seen so far
        self.reveal()

    def look(self, visible: bool):
        """Whether the wire tells of the car at all: not while it is cut or held at -12 V."""
        if visible and self._hidden:
            self.reveal()
        elif not visible and not self._hidden:
            self.hide()

    def hide(self):
        """The wire is cut or held at -12 V: nothing on it tells of the car."""
        self.reveal()
        self._hidden = True

    def reveal(self):
        """Forget everything and look again, once the wire has settled."""
        self._hidden = False
        self._settle_ms = _SETTLE_MS
        self._settle(NONE)
        self.seen = NONE  # raw class of the last decision, and how long without a break
        self.seen_ms = 0
        self._seen_count = 0
        self._away_ms = 0
        self.unknown_ms = 0
        self._unknown_count = 0
        self._calm = False  # nothing to count: the same sound level for a second

    def send(self, running: bool):
        """From now on 1 kHz is on the wire, or not."""
        self.running = running
        self._calm = False

    def blank(self, ms: int):
        """Do not believe in B for so long, if the contactor is closed.

        Never longer: a limit that falls again and again must not keep a car's B unseen, so a
        blank that runs is not extended, and a car that shows something else already gets none.
        """
        if not self._blank_ms and not self._away and self.seen == self.level:
            self._blank_ms = ms
        self._calm = False

    def update(self, inputs, elapsed: int, closed: bool) -> int:
        """Judge one cycle and return the settled level; `closed`: so was the contactor in it."""
        if self._calm and inputs.levels_known and self._lowest <= inputs.high_mv <= self._highest:
            level = self.level
            if inputs.low_mv <= _DIODE_MV or not self.running or level == A:
                return level
        if self._hidden:
            return NONE
        if self._settle_ms:
            self._settle_ms = max(0, self._settle_ms - elapsed)
        elif inputs.levels_known:
            self._judge(inputs, elapsed, closed)
        else:
            self._miss(elapsed, closed)
        return self.level

    def _judge(self, inputs, elapsed: int, closed: bool):
        self._blank_ms = max(0, self._blank_ms - elapsed)
        self.unknown_ms = self._unknown_count = 0
        if self._lowest <= inputs.high_mv <= self._highest:
            seen = self.level
        else:
            seen = _nearest(inputs.high_mv)
        if self.running:
            seen = self._check_diode(seen, inputs.low_mv, elapsed)
        if seen != self.seen:
            self._turn(seen)
        elif self.seen_ms < _CALM_MS:
            self.seen_ms += min(elapsed, _LONGEST_MS)
            self._seen_count = min(self._seen_count + 1, _DECISIONS)
        if seen != self.level:
            self._leave(seen, elapsed, closed)
            return
        self._away = 0
        if self.seen_ms >= _CALM_MS and not self._blank_ms:
            self._calm = self.proved or not self.running or seen == A

    def _check_diode(self, seen: int, low_mv: int, elapsed: int) -> int:
        if seen == A or seen > D:
            return seen
        if low_mv > _DIODE_MV:
            self._proof_ms = 0
            return UNSOUND
        if not self.proved:
            self._proof_ms += min(elapsed, _LONGEST_MS)
            self.proved = self._proof_ms >= _PROOF_MS
        return seen

    def _turn(self, seen: int):
        if self.seen == C and seen == B and _TOGGLE_MS <= self.seen_ms <= _TOGGLE_END_MS:
            self.toggles += 1
        self.seen = seen
        self.seen_ms = 0
        self._seen_count = 1

    def _leave(self, seen: int, elapsed: int, closed: bool):
        self._calm = False
        if closed:
            self._leave_closed(seen, elapsed)
        elif self._seen_count >= _DECISIONS and self.seen_ms >= self._patience(seen):
            self._settle(seen)

    def _leave_closed(self, seen: int, elapsed: int):
        """Any mixture of levels other than the settled one opens the contactor.

        Blanking holds back B alone: a duty change or a contactor edge makes some cars show B for
        up to 500 ms. With B the plug is known to be in and the car has its own contactors, so
        waiting costs contact wear at worst. Nothing may hold back A, where pins may be bare, nor
        D, E, F and a lost diode, where the wire itself is in doubt.
        """
        if self._away:
            self._away_ms = min(self._away_ms + elapsed, _LEAVE_MS)
        if seen == B and self._blank_ms:
            return
        if not self._away:
            self._away_ms = 0
        self._away = min(self._away + 1, _DECISIONS)
        if self._away == _DECISIONS and self._away_ms >= _LEAVE_MS:
            self._settle(seen if self._seen_count >= _DECISIONS else B)

    def _patience(self, seen: int) -> int:
        if seen == UNSOUND:
            return _UNSOUND_MS
        asks = seen == C or seen == D
        return _ASK_MS if asks and self.level != C and self.level != D else _LEAVE_MS

    def _miss(self, elapsed: int, closed: bool):
        self._calm = False
        self._blank_ms = max(0, self._blank_ms - elapsed)
        self._unknown_count = min(self._unknown_count + 1, _DECISIONS)
        self.unknown_ms = min(self.unknown_ms + elapsed, _PLENTY_MS)
        limit_ms = _SILENT_CLOSED_MS if closed else _SILENT_MS
        if self._unknown_count >= _DECISIONS and self.unknown_ms >= limit_ms:
            self._turn(SILENT)
            self._settle(SILENT)

    def _settle(self, level: int):
        self.level = level
        self._lowest = _LOWEST_MV[level]
        self._highest = _HIGHEST_MV[level]
        self._away = 0  # consecutive decisions that differ from the level
        if level == A or level > D:
            self.proved = False
            self._proof_ms = 0


def _nearest(high_mv: int) -> int:
    if high_mv >= 7500:
        return A if high_mv >= 10500 else B
    if high_mv >= 1500:
        return C if high_mv >= 4500 else D
    return E if high_mv >= -6000 else F
