"""The faults: what was measured, what clears them, how often they may come back."""

from micropython import const

from firmware.charge import events, states

LATE = const(1)
SUPPLY = const(2)
EMERGENCY = const(3)
RESIDUAL = const(4)
RESIDUAL_TEST = const(5)
WELDED = const(6)
NOT_CLOSED = const(7)
DROPPED = const(8)
PHASE_WELDED = const(9)
PHASE_NOT_CLOSED = const(10)
CURRENT_WHILE_OPEN = const(11)
DIODE = const(12)
SHORT = const(13)
PILOT = const(14)
UNKNOWN = const(15)
OVER_CURRENT = const(16)
MISSING_PHASE = const(17)
OVER_TEMPERATURE = const(18)
SENSOR = const(19)
PROXIMITY = const(20)
LOCK = const(21)

# Every fault opens the contactor at once and stands for at least 30 s after its cause was last
# seen. Columns: code, name, unit of what was measured, what clears it, how often per plug-in.
#   gone: clears alone, as often as the last column says (-: without limit); then as unplug
#   unplug: clears when the car is unplugged
#   reset: clears when somebody acknowledges it; the pilot stays at -12 V meanwhile
# What needs the plug or a person outlives a reset, as bits on the flash: codes keep their meaning.
_TABLE = """\
1 late ms gone 5 The pilot loop was held while the contactor was closed
2 supply - gone - The supply of the controller is out of its range
3 emergency_stop - unplug 0 The emergency stop was pressed
4 residual_current - unplug 0 The residual current sensor tripped
5 residual_test ms reset 0 The residual current sensor failed its test
6 welded ms reset 0 The contactor is closed although it was told to open
7 not_closed ms gone 2 The contactor did not close
8 dropped mA gone 3 The contactor opened by itself
9 phase_welded mA reset 0 The contactor of L2 and L3 is closed or carries current unasked
10 phase_not_closed ms gone 2 The contactor of L2 and L3 did not close
11 current_while_open W reset 0 The meter shows current with the contactor open
12 diode mV gone 3 The negative half of the pilot is not the one of a car with its diode
13 pilot_short mV gone - The pilot is shorted to earth
14 pilot_driver mV gone - The pilot is negative although +12 V or 1 kHz is sent
15 pilot_unknown ms gone 5 The pilot could not be read
16 over_current mA gone 3 The car draws more than it was offered
17 missing_phase mA gone 3 The car draws from L2 or L3 but not from L1
18 over_temperature dC gone - Too hot inside
19 sensor - gone - A sensor is disconnected, frozen or out of its range
20 proximity ohm gone - The coding resistor of the cable is open, shorted or out of its range
21 lock tries unplug 0 The plug could not be locked
"""
_HOLD_OFF_MS = const(30000)
_PLENTY_MS = const(100000)


def table() -> list:
    """Rows of [code, name, unit, clears, times, text], as strings but for the code."""
    rows = []
    for line in _TABLE.split("\n"):
        if line:
            row = line.split(" ", 5)
            row[0] = int(row[0])
            rows.append(row)
    return rows


class Faults:
    """The faults that stand. Reporting one again and again keeps it; it clears by its rule."""

    def __init__(self, ring: events.Events):
        rows = table()
        self.active = 0  # bit per code
        self.first = 0  # code of the fault that came first
        self.event = states.CLEARED  # or TRIPPED, or BARRED_BY: only a person clears one of them
        self.measured = [0] * (len(rows) + 1)
        self.counts = [0] * (len(rows) + 1)  # in this plug-in
        self._times = bytearray(len(rows) + 1)
        self._reset = 0
        self._released = 0
        self._quiet_ms = 0
        self._ring = ring
        for code, _, _, clears, times, _ in rows:
            self._times[code] = 255 if times == "-" else int(times)
            if clears == "reset":
                self._reset |= 1 << code

    def report(self, code: int, measured: int):
        """The cause of `code` is there now; called again for as long as it is."""
        self._quiet_ms = 0
        bit = 1 << code
        if self.active & bit:
            return
        self.active |= bit
        self.first = self.first or code
        self._judge()
        self.measured[code] = measured
        self.counts[code] += 1
        if self._times[code] == 255 or self.counts[code] <= self._times[code]:
            self._released |= bit
        self._ring.put(events.FAULT, code)

    def _judge(self):
        if self.active & self._reset:
            self.event = states.BARRED_BY
        else:
            self.event = states.TRIPPED if self.active else states.CLEARED

    def unplugged(self):
        """A car left: what waited for that may clear, and the counts start anew."""
        self._released |= self.active & ~self._reset
        for code in range(len(self.counts)):
            self.counts[code] = 0

    def acknowledge(self):
        """Somebody looked after it: everything may clear once its cause is gone."""
        self._released |= self.active

    def kept(self) -> int:
        """What a reset may not forget, a bit per code: all that does not clear alone.

        That somebody has acknowledged it is forgotten: whether its cause was gone is not known.
        """
        mask = 0
        for code, times in enumerate(self._times):
            used_up = not times or (times != 255 and self.counts[code] > times)
            if used_up and self.active >> code & 1:
                mask |= 1 << code
        return mask

    def restore(self, mask: int):
        """Go on with the `kept()` from before a reset; before the first step. Tells no event."""
        for code, times in enumerate(self._times):
            if code and times != 255 and mask >> code & 1:
                self.active |= 1 << code
                self.counts[code] = times + 1
                self.first = self.first or code
        self._judge()

    def update(self, elapsed: int):
        """Clear what may clear, 30 s after any cause was last seen."""
        if not self.active or self._quiet_ms < _HOLD_OFF_MS:
            self._quiet_ms = min(self._quiet_ms + elapsed, _PLENTY_MS)
            return
        self._clear(self.active & self._released)

    def _clear(self, leaving: int):
        if not leaving:
            return
        self.active &= ~leaving
        self._released = 0
        self.first = 0
        self._judge()
        for code in range(len(self.counts)):
            if leaving >> code & 1:
                self._ring.put(events.CLEARED, code)
            elif self.active >> code & 1:
                self.first = self.first or code

    def status(self) -> list:
        """One dict per standing fault: code, name, text, measured, unit, clears, count."""
        answer = []
        for code, name, unit, clears, times, text in table():
            if self.active >> code & 1:
                used_up = clears == "gone" and times != "-" and self.counts[code] > int(times)
                answer.append(
                    {
                        "code": code,
                        "name": name,
                        "text": text,
                        "measured": self.measured[code],
                        "unit": unit,
                        "clears": "unplug" if used_up else clears,
                        "count": self.counts[code],
                    }
                )
        return answer
