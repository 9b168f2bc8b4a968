"""A car on the pilot wire: what it asks for, how fast it follows, and the habits of real ones.

Its parameters are data; the files of `tools/sim/cars/` and their README say which there are.
"""

from micropython import const

_DEFAULTS = {
    "name": "plain",
    "phases": 3,
    "current_ma": 16000,
    "battery_wh": 60000,
    "soc_permille": 300,
    "minimum_ma": 6000,
    "phases_below": None,
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
    "start": None,
    "stop": None,
    "duty_change": None,
    "chatter": None,
    "asleep": False,
    "wakes_after_gap_ms": None,
    "wakes_after_f_ms": None,
    "notices_gap_ms": 100,
    "interruptions": None,
}

_DIODE_MV = const(700)
_STEP_MS = const(100)
_FIRST_UP_MA = const(8000)
_FIRST_DOWN_MA = const(10000)
_REVIEW_S = const(30)
_TAPER_FROM = const(800)
_FULL_DUTY = const(65535)
_NJ_PER_WH = 3600000000000
_LEAST_MA = const(1000)


def offered_ma(duty: int) -> int:
    """Current a car may draw at this duty (65535 = 100 %), 0 = none; IEC 61851-1 Table A.8."""
    tenths_percent = (duty * 10000 + 32767) // 65535  # hundredths of a percent
    if not 800 <= tenths_percent <= 9700:
        return 0
    if tenths_percent < 1000:
        return 6000
    if tenths_percent <= 8500:
        return tenths_percent * 6
    return min(80000, tenths_percent * 25 - 160000)


class Car:
    """Levers: `want(bool)`, `force(level)`, `settings`. `level` is what it puts on the pilot."""

    def __init__(self, settings: dict | None = None):
        self.settings = dict(_DEFAULTS)
        for key in settings or {}:
            if key not in _DEFAULTS and key not in ("source", "about"):
                raise ValueError(f"a car has no {key!r}")
        self.settings.update(settings or {})
        self.wants = True
        self.asleep = self.settings["asleep"]
        self.level = "B"
        self.forced = None
        self.closed = False
        self.hung = False
        self._charged = False
        self.stops = 0
        self.current_ma = 0
        self._target_ma = 0
        self._world = None
        self._duty = -1
        self._duty_at = 0
        self._plan = None
        self._script = []
        self._script_then = None
        self._playing = None
        self._ramp = None
        self._review = None
        self._drawing_from = None
        self._energy_nj = (
            self.settings["soc_permille"] * self.settings["battery_wh"] * (_NJ_PER_WH // 1000)
        )
        self._metered_nj = 0

    # What the world tells it.

    def arrive(self, world):
        """Plugged in."""
        self._world = world
        self._metered_nj = world.mains.energy_nj()
        self.stops = 0
        self.hung = self._charged = False
        self.closed = False
        self.level = "B"
        self._duty = -2
        self._duty_at = world.clock.now()
        if self.settings["simplified"]:
            self._close(None)
        self._review = world.clock.after(_REVIEW_S * 1000000, self._look_again)

    def leave(self):
        """Unplugged: everything it was about to do is off."""
        for event in (self._plan, self._playing, self._ramp, self._review, self._drawing_from):
            self._world.clock.cancel(event)
        self._plan = self._playing = self._ramp = self._review = self._drawing_from = None
        self.charge()
        self.closed = False
        self._target_ma = 0
        self._draw(0)

    def load(self):
        """What it puts between pilot and PE: None or (ohm, diode drop, blocking)."""
        level = self.forced or self.level
        settings = self.settings
        if level == "A" or settings["diode"] == "open":
            return None
        ohm = settings["r2_ohm"]
        if level == "E":
            ohm = 0
        elif level != "B":
            extra = {"C": 1300, "D": 270}.get(level, settings["r3_ohm"])
            if level == "C" and settings["r3_ohm"] > 300:
                extra = settings["r3_ohm"]
            ohm = ohm * extra // (ohm + extra)
        blocking = settings["diode"] == "good" and level != "diode"
        return (ohm, _DIODE_MV, blocking)

    def pilot_changed(self, duty: int):
        """The pilot it sees: -1 nothing, 0 = -12 V, 65535 = +12 V, between them PWM."""
        if duty == self._duty:
            return
        before = self._duty
        lasted_ms = (self._world.clock.now() - self._duty_at) // 1000
        self._duty = duty
        self._duty_at = self._world.clock.now()
        if before == -1:
            self._gap_ended(lasted_ms)
        elif before == 0 and self.asleep:
            self._wake_if(self.settings["wakes_after_f_ms"], lasted_ms)
        if offered_ma(before) and not offered_ma(duty) and self.current_ma:
            self.stops += 1
        if (
            self.closed
            and offered_ma(before)
            and offered_ma(duty)
            and self.settings["duty_change"]
        ):
            self._play(self.settings["duty_change"], None)
        self._consider()

    def power_changed(self):
        """A phase came or went."""
        if not self._world.mains.live(0):
            self._world.clock.cancel(self._drawing_from)
            self._drawing_from = None
            self._world.clock.cancel(self._ramp)
            self._ramp = None
            if self.current_ma:
                self._draw(0)
        elif self.closed and self._drawing_from is None:
            self._drawing_from = self._world.clock.after(
                self.settings["draw_after_ms"] * 1000, self._begin
            )
        elif self.current_ma:
            self._draw(self.current_ma)

    # Levers.

    def want(self, wants: bool):
        """The driver, or the car's own timer, wants to charge or not."""
        self.wants = wants
        self._consider()

    def force(self, level: str | None):
        """Put this level on the pilot whatever the car does; None lets it go on."""
        self.forced = level
        self._world.pilot.refresh()

    def wake(self):
        """Somebody opened the door."""
        self.asleep = False
        self._consider()

    def charge(self) -> int:
        """Account for the energy received; state of charge in thousandths."""
        now = self._world.mains.energy_nj()
        self._energy_nj += now - self._metered_nj
        self._metered_nj = now
        return self._energy_nj // (self.settings["battery_wh"] * (_NJ_PER_WH // 1000))

    # What it does by itself.

    def _gap_ended(self, lasted_ms: int):
        if lasted_ms >= self.settings["notices_gap_ms"]:
            self.stops = 0
            self.hung = self._charged = False
        elif self._charged:
            self.hung = True
        if self.asleep:
            self._wake_if(self.settings["wakes_after_gap_ms"], lasted_ms)

    def _wake_if(self, needed_ms, lasted_ms: int):
        if needed_ms is not None and lasted_ms >= needed_ms:
            self.asleep = False

    def _willing(self) -> bool:
        limit = self.settings["interruptions"]
        return (
            self.wants
            and not self.asleep
            and not self.hung
            and (limit is None or self.stops < limit)
            and offered_ma(self._duty) >= self.settings["minimum_ma"]
            and self.charge() < 1000
        )

    def _consider(self):
        """Close or open S2, or follow the offer, after this car's own delays."""
        if self._world is None:
            return
        settings = self.settings
        clock = self._world.clock
        if self._willing():
            if self.closed:
                self._cancel_plan()
                self._plan = clock.after(settings["follow_ms"] * 1000, self._follow)
            elif self._plan is None and self._playing is None:
                self._plan = clock.after(settings["close_after_ms"] * 1000, self._start)
            return
        self._cancel_plan()
        if self.closed:
            self._finish()
        else:
            self._cancel_script()
            if self.level != "B":
                self._show("B")

    def _finish(self):
        """Stop drawing, and open S2 after a while, unless there is none."""
        settings = self.settings
        self._aim(0)
        obeys = settings["open_after_ms"] is not None
        if not settings["simplified"] and (obeys or not self.wants or self.charge() >= 1000):
            delay_ms = settings["open_after_ms"] or 300
            self._plan = self._world.clock.after(delay_ms * 1000, self._open)

    def _cancel_plan(self):
        self._world.clock.cancel(self._plan)
        self._plan = None

    def _cancel_script(self):
        self._world.clock.cancel(self._playing)
        self._playing = None

    def _start(self, _):
        self._plan = None
        if self.settings["start"]:
            self._play(self.settings["start"], self._close)
        else:
            self._close(None)

    def _close(self, _):
        self.closed = self._charged = True
        self._show("D" if self.settings["r3_ohm"] <= 300 else "C")
        chatter = self.settings["chatter"]
        if chatter:
            self._plan = self._world.clock.after(chatter["every_ms"] * 1000, self._chatter)
        self.power_changed()

    def _open(self, _):
        self._plan = None
        self.closed = False
        self._world.clock.cancel(self._drawing_from)
        self._drawing_from = None
        self._cancel_script()
        self._aim(0)
        self._draw(0)
        if self.settings["stop"]:
            self._play(self.settings["stop"], self._opened)
        else:
            self._opened(None)

    def _opened(self, _):
        self._show("B")
        if self._willing():
            self._consider()

    def _chatter(self, _):
        self._plan = None
        if self.closed:
            self._play([["B", self.settings["chatter"]["open_ms"]]], self._close)

    def _play(self, script: list, then):
        """Show one level after the other, then call `then`, or go back to what was shown."""
        self._cancel_script()
        self._script = list(script)
        self._script_then = then
        self._next_level(None)

    def _next_level(self, _):
        self._playing = None
        if self._script:
            level, lasts_ms = self._script.pop(0)
            self._playing = self._world.clock.after(lasts_ms * 1000, self._next_level)
            self._show(level)
        elif self._script_then is not None:
            self._script_then(None)
        elif self.closed:
            self._show("D" if self.settings["r3_ohm"] <= 300 else "C")

    def _show(self, level: str):
        self.level = level
        self._world.pilot.refresh()

    def _begin(self, _):
        self._follow(None)

    def _follow(self, _):
        self._plan = None
        if self.closed and self._drawing_from is not None:
            self._aim(self._wanted_ma() if self._willing_to_draw() else 0)

    def _willing_to_draw(self) -> bool:
        return self.wants and offered_ma(self._duty) >= self.settings["minimum_ma"]

    def _wanted_ma(self) -> int:
        settings = self.settings
        offer = offered_ma(self._duty)
        most = settings["current_ma"]
        full = self.charge()
        if full >= _TAPER_FROM:
            most = max(_LEAST_MA, most * (1000 - full) // (1000 - _TAPER_FROM))
        wanted = min(offer * (1000 + settings["overdraw_permille"]) // 1000, most)
        # Cars stay a little below the offer: 0.84 per mille and 69 mA (HTW Berlin).
        if not settings["overdraw_permille"]:
            wanted -= wanted * 84 // 100000 + 69
        return wanted

    def _aim(self, target_ma: int):
        self._target_ma = target_ma
        if self._ramp is None and target_ma != self.current_ma and self._world.mains.live(0):
            change = target_ma - self.current_ma
            if change > 0:
                first = _FIRST_UP_MA if not self.current_ma else self._slope("ramp_up_ma_s")
                self._draw(self.current_ma + min(change, first))
            else:
                self._draw(self.current_ma - min(-change, _FIRST_DOWN_MA))
            self._ramp = self._world.clock.after(_STEP_MS * 1000, self._step)

    def _slope(self, name: str) -> int:
        return self.settings[name] * _STEP_MS // 1000

    def _step(self, _):
        self._ramp = None
        change = self._target_ma - self.current_ma
        if not change or not self._world.mains.live(0):
            return
        if change > 0:
            self._draw(self.current_ma + min(change, self._slope("ramp_up_ma_s")))
        else:
            self._draw(self.current_ma - min(-change, self._slope("ramp_down_ma_s")))
        self._ramp = self._world.clock.after(_STEP_MS * 1000, self._step)

    def _draw(self, current_ma: int):
        self.current_ma = current_ma
        phases = self.settings["phases"]
        for below_ma, fewer in self.settings["phases_below"] or ():
            if offered_ma(self._duty) < below_ma:
                phases = min(phases, fewer)
        mains = self._world.mains
        mains.draw(
            [current_ma if i < phases and mains.live(i) else 0 for i in range(3)],
            self._power_factor(current_ma),
        )

    def _power_factor(self, current_ma: int) -> int:
        factor = self.settings["power_factor"]
        if isinstance(factor, int):
            return factor
        found = factor[0][1]
        for from_ma, permille in factor:
            if current_ma >= from_ma:
                found = permille
        return found

    def _look_again(self, _):
        """Now and then: full, or time to draw less."""
        self._review = self._world.clock.after(_REVIEW_S * 1000000, self._look_again)
        if self.closed and self.current_ma:
            if self.charge() >= 1000:
                self._consider()
            elif self.charge() >= _TAPER_FROM:
                self._aim(self._wanted_ma())
