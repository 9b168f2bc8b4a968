"""A car as its profile in tools/sim/cars describes it: what it does to the pilot, what it draws."""

import json

_TICK_US = 250_000  # while current ramps; HTW's laboratory cars settle within seconds
_STEADY_US = 10_000_000  # while it does not: the state of charge moves slowly
_FIRST_UP_MA = 8000
_FIRST_DOWN_MA = 10_000
_NOMINAL_V = 230

_DEFAULTS = {
    "phases": 3,
    "current_ma": 16000,
    "minimum_ma": 6000,
    "battery_wh": 60000,
    "soc_permille": 300,
    "phases_below": (),
    "power_factor": 990,
    "overdraw_permille": 0,
    "close_after_ms": 1500,
    "open_after_ms": 300,
    "draw_after_ms": 1500,
    "follow_ms": 1000,
    "ramp_up_ma_s": 2000,
    "ramp_down_ma_s": 4000,
    "r2_ohm": 2740,
    "r3_ohm": 1300,
    "diode": "good",
    "short_ohm": None,
    "simplified": False,
    "start": (),
    "stop": (),
    "duty_change": (),
    "chatter": None,
    "asleep": False,
    "wakes_after_gap_ms": None,
    "wakes_after_f_ms": None,
    "notices_gap_ms": 100,
    "interruptions": None,
}


def load(path: str) -> dict:
    """A profile with its defaults; ValueError names what is missing or unknown."""
    with open(path) as file:
        given = json.load(file)
    for name in ("name", "source"):
        if not given.get(name):
            raise ValueError(f"{path}: without {name}")
    for name in given:
        if name not in _DEFAULTS and name not in ("name", "source"):
            raise ValueError(f"{path}: unknown key {name}")
    profile = dict(_DEFAULTS)
    profile.update(given)
    return profile


class Car:
    """One car. The world calls `pilot` and `mains`; the car calls `changed()` when it acts.

    clock: `after(us, call, argument)` answers an entry for `cancel`, `now()` is in us.
    What it shows: `level` (its letter), `pilot_ohm` (after the diode, None = open), `diode`,
    `current_ma` of the phases, `power_w`, `soc_mwh`.
    """

    def __init__(self, profile: dict, clock, changed):
        self.profile = profile
        self.name = profile["name"]
        self.asks = True
        self.plugged = False
        self.level = "A"
        self.diode = profile["diode"]
        self.current_ma = [0, 0, 0]
        self.power_w = 0
        self.capacity_mwh = profile["battery_wh"] * 1000
        self.soc_mwh = self.capacity_mwh * profile["soc_permille"] // 1000
        self.asleep = profile["asleep"]
        self.stops = 0
        self._clock = clock
        self._changed = changed
        self._offered_ma = 0
        self._seen_ma = 0
        self._ampere_now = 0
        self._voltages = (0, 0, 0)
        self._s2 = False
        self._hung = False
        self._started = False
        self._forced = None
        self._at = clock.now()
        self._since = {}
        self._entries = {}

    def plug(self):
        """Into the socket: the pilot resistors appear."""
        self.plugged = True
        self._started = False
        self._hung = False
        self.stops = 0
        self._s2 = self.profile["simplified"]
        self._show()
        self._consider()

    def unplug(self):
        """Out of it, under load or not."""
        for name in list(self._entries):
            self._drop(name)
        self.plugged = False
        self._s2 = False
        self._offered_ma = self._seen_ma = 0
        self._forced = None
        self.asleep = self.profile["asleep"]
        self._draw(0)
        self._show()

    def ask(self, asks: bool):
        """Whether its driver wants it to charge."""
        self.asks = asks
        self._consider()

    def open_s2(self):
        """At once and whatever flows, as a car does that finds a fault; it asks no more."""
        self.asks = False
        self._open()

    def force(self, level):
        """Show this level until further notice, None for its own again."""
        self._forced = level
        self._show()

    def pilot(self, offered_ma: int, kind: str):
        """What the pilot tells now. kind: "pwm", "dc", "f" (-12 V) or "open" (no pilot)."""
        self._account()
        before = self._since
        if kind not in before:
            self._since = {kind: self._clock.now()}
            self._ended(before)
        old = self._offered_ma
        self._offered_ma = offered_ma
        if not self.plugged or old == offered_ma:
            return
        if old and not offered_ma and self._s2:
            self.stops += 1
            if self.stops == self.profile["interruptions"]:
                self.asleep = True
        if old and offered_ma and self._s2 and self.profile["duty_change"]:
            self._play("glitch", self.profile["duty_change"], self._show)
        self._later("follow", self.profile["follow_ms"], self._follow)
        self._consider()

    def mains(self, voltages):
        """The volts on L1, L2, L3 of the socket: 0 while the contactor is open."""
        self._account()
        had = self._voltages[0]
        self._voltages = voltages
        if not voltages[0]:
            self._drop("draw")
            self._draw(0)
        elif not had:
            self._later("draw", self.profile["draw_after_ms"], self._follow)
            if self.profile["chatter"]:
                self._later("chatter", self.profile["chatter"]["every_ms"], self._chatter)
        else:
            self._draw(self._ampere_now)

    @property
    def pilot_ohm(self):
        """Between pilot (behind the diode) and earth; None for no connection."""
        profile = self.profile
        if self.level == "A" or self.diode == "open":
            return None
        if self.level == "E":
            return profile["short_ohm"] or 0
        if self.level == "B":
            return profile["r2_ohm"]
        r3 = 270 if self.level == "D" else profile["r3_ohm"]
        return profile["r2_ohm"] * r3 // (profile["r2_ohm"] + r3)

    @property
    def soc_permille(self) -> int:
        return self.soc_mwh * 1000 // self.capacity_mwh

    def _ended(self, before):
        """A pilot that was open or at -12 V for long enough wakes, and may be a new plug-in."""
        for kind, key in (("open", "wakes_after_gap_ms"), ("f", "wakes_after_f_ms")):
            if kind not in before:
                continue
            lasted_ms = (self._clock.now() - before[kind]) // 1000
            if self.asleep and self.profile[key] is not None and lasted_ms >= self.profile[key]:
                self.asleep = False
            if kind == "open" and self.plugged and (self._started or self._hung):
                self._hung = lasted_ms < self.profile["notices_gap_ms"]
                self._started = False

    def _wants(self) -> bool:
        return (
            self.plugged
            and self.asks
            and not self.asleep
            and not self._hung
            and self.soc_mwh < self.capacity_mwh
            and self._offered_ma >= self.profile["minimum_ma"]
        )

    def _consider(self):
        """Close or open S2 after the car's own delays."""
        if self.profile["simplified"] or not self.plugged:
            return
        if self._wants():
            self._drop("open")
            if not self._s2 and "close" not in self._entries:
                self._later("close", self.profile["close_after_ms"], self._begin)
            return
        self._drop("close")
        self._drop("start")
        if self._forced is None and self.level != "B" and not self._s2:
            self._show()
        waits = self.profile["open_after_ms"]
        if self._s2 and "open" not in self._entries and (waits is not None or not self.asks):
            self._ramp(0)
            self._later("open", waits or 300, self._open)

    def _begin(self, _):
        if self._started or not self.profile["start"]:
            self._close()
        else:
            self._play("start", self.profile["start"], self._close)

    def _close(self):
        self._started = True
        self._s2 = True
        self._show()
        self._follow(None)

    def _open(self, _=None):
        if not self._s2:
            return
        self._s2 = False
        for name in ("open", "follow", "ramp", "glitch", "chatter"):
            self._drop(name)
        self._draw(0)
        self._play("stop", self.profile["stop"], self._show)

    def _chatter(self, _):
        chatter = self.profile["chatter"]
        if self._s2 and self._voltages[0]:
            self._play("bounce", [["B", chatter["open_ms"]]], self._show)
        self._later("chatter", chatter["every_ms"], self._chatter)

    def _play(self, name, sequence, then):
        """Show the levels of `sequence` one after the other, and call `then` at the end."""
        self._next([name, sequence, 0, then])

    def _next(self, playing):
        name, sequence, index, then = playing
        if index == len(sequence):
            self._entries.pop(name, None)
            then()
            return
        level, ms = sequence[index]
        playing[2] += 1
        self._show(level)
        self._later(name, ms, self._next, playing)

    def _show(self, level=None):
        """Make the pilot resistor of `level`, or of what the car is doing."""
        if level is None:
            level = self._forced
        self.diode = "shorted" if level == "diode" else self.profile["diode"]
        if not self.plugged:
            level = "A"
        elif level == "diode":
            level = "C"
        elif level is None:
            level = "B"
            if self.profile["short_ohm"] is not None:
                level = "E"
            elif self._s2:
                level = "D" if self.profile["r3_ohm"] < 500 else "C"
        self.level = level
        self._changed()

    def _follow(self, _):
        """The offer as the car has understood it by now is what it draws towards."""
        self._seen_ma = self._offered_ma
        target = 0
        if self._s2 and self._voltages[0] and (self._wants() or self.profile["simplified"]):
            target = min(self._seen_ma, self._most_ma())
            target += target * self.profile["overdraw_permille"] // 1000
        self._ramp(target)

    def _most_ma(self):
        most = self.profile["current_ma"]
        left = 1000 - self.soc_permille
        return most if left >= 200 else max(most * left // 200, 500)

    def _ramp(self, target):
        self._account()
        now = self._ampere_now
        if target > now:
            step = self.profile["ramp_up_ma_s"] // 4
            self._draw(min(target, max(now + step, min(_FIRST_UP_MA, target) if now == 0 else 0)))
        elif target < now:
            step = self.profile["ramp_down_ma_s"] // 4
            if "ramp" not in self._entries:
                step = max(step, _FIRST_DOWN_MA)
            self._draw(max(target, now - step))
        if self._ampere_now != target:
            self._later("ramp", _TICK_US // 1000, lambda _: self._ramp(target))
        elif target:
            self._later("ramp", _STEADY_US // 1000, self._follow)
        else:
            self._drop("ramp")

    def _draw(self, ma):
        """Load the phases with `ma`, as many as this car uses at this offer."""
        self._account()
        self._ampere_now = ma
        phases = self.profile["phases"]
        for below_ma, fewer in self.profile["phases_below"]:
            if self._seen_ma < below_ma:
                phases = min(phases, fewer)
        volts = self._voltages
        current_ma = [ma if i < phases and volts[i] else 0 for i in range(3)]
        power_w = sum(v * i for v, i in zip(volts, current_ma)) * self._factor(ma) // 1_000_000
        if current_ma != self.current_ma or power_w != self.power_w:
            self.current_ma = current_ma
            self.power_w = power_w
            self._changed()

    def _factor(self, ma):
        factor = self.profile["power_factor"]
        if isinstance(factor, int):
            return factor
        return max(permille for from_ma, permille in factor if ma >= from_ma)

    def _account(self):
        """Put into the battery what has flowed since the last call."""
        now = self._clock.now()
        self.soc_mwh += self.power_w * (now - self._at) // 3_600_000
        self._at = now
        if self.soc_mwh >= self.capacity_mwh and self._s2:
            self.soc_mwh = self.capacity_mwh
            self._later("full", 0, self._full)

    def _full(self, _):
        self._consider()

    def _later(self, name, ms, call, argument=None):
        self._drop(name)
        self._entries[name] = self._clock.after(ms * 1000, self._fire, (name, call, argument))

    def _fire(self, due):
        name, call, argument = due
        self._entries.pop(name, None)
        call(argument)

    def _drop(self, name):
        self._clock.cancel(self._entries.pop(name, None))
