"""A charge point on the bench: a car made of levels, contactors with mirrors, virtual time.

Every tick is judged by invariants.Watch, so each test also proves the safety rules.
"""

from firmware.charge import pilot
from firmware.charge.limits import Limits
from firmware.charge.point import ChargePoint
from firmware.charge.signals import Fitted
from tests.unit.charge.invariants import Watch

VOLTS_MV = {"A": 12000, "B": 9000, "C": 6000, "D": 3000, "E": 0, "F": -12000}
# What a car's resistors leave of -12 V when its diode is shorted.
SHORTED_MV = {"A": -12000, "B": -8790, "C": -5620, "D": -2370, "E": 0, "F": -12000}

PLAIN = {"max_current_ma": 32000, "phases": 3, "contactor_mirror": True}
FULL = {
    "max_current_ma": 32000,
    "phases": 3,
    "phase_contactor": True,
    "contactor_mirror": True,
    "phase_mirror": True,
    "residual_sensor": True,
    "residual_test": True,
    "proximity": True,
    "lock": True,
    "temperature": True,
    "emergency_stop": True,
    "pilot_disconnect": True,
}
_MASK = 0x3FFFFFFF


class Bench:
    """Levers: car, diode, known, mirror and the inputs; `run` lets time pass."""

    def __init__(self, profile=None, options=None, start=1000, period=10):
        fitted = Fitted(PLAIN if profile is None else profile)
        self.point = ChargePoint(fitted, Limits(), options)
        self.inputs = self.point.inputs
        self.outputs = self.point.outputs
        self.period = period
        self.car = "A"
        self.diode = True
        self.known = True
        self.noise_mv = 0
        self.welded = self.stuck_open = False
        self.phase_welded = self.phase_stuck_open = False
        self.travel_ms = 50
        self.sensor_sound = True
        self.lock_sound = True
        self.inputs.now = start & _MASK
        self.inputs.supply_ok = True
        self._main_ms = self._phase_ms = self._residual_ms = 0
        self._main = self._phase = False
        self.kept_phases = 0  # known from before the boot: 1 or 3
        self.steps = 0
        self.watch = Watch(self)
        self._fit(fitted)

    def _fit(self, fitted):
        inputs = self.inputs
        if fitted.contactor_mirror:
            inputs.contactor_mirror = False
        if fitted.phase_mirror:
            inputs.phase_mirror = False
        if fitted.residual_sensor:
            inputs.residual_tripped = False
        if fitted.emergency_stop:
            inputs.emergency_stop = False
        if fitted.lock:
            inputs.lock_closed = False
        if fitted.proximity:
            inputs.proximity_ohm = 220
        if fitted.temperature:
            inputs.temperature_dc = 250

    def run(self, ms: int):
        """Let time pass in cycles; returns self."""
        for _ in range(ms // self.period):
            self.tick(self.period)
        return self

    def tick(self, ms: int):
        """One cycle that took `ms`."""
        self.inputs.now = (self.inputs.now + ms) & _MASK
        self._wire()
        self._move(ms)
        self.watch.before(ms)
        self.point.step()
        self.steps += 1
        self.watch.after()

    def _wire(self):
        inputs, duty = self.inputs, self.outputs.duty
        inputs.levels_known = self.known
        car = self.car if self.outputs.pilot_connected else "A"
        if duty == 0:
            inputs.high_mv = inputs.low_mv = -12000
            return
        inputs.high_mv = VOLTS_MV[car] + self.noise_mv
        if duty == 65535:
            inputs.low_mv = inputs.high_mv
        else:
            inputs.low_mv = -12000 if self.diode else SHORTED_MV[car]

    def _move(self, ms: int):
        inputs, outputs = self.inputs, self.outputs
        self._main_ms = self._main_ms + ms if outputs.contactor != self._main else 0
        if self._main_ms >= self.travel_ms:
            self._main = outputs.contactor
        self._phase_ms = self._phase_ms + ms if outputs.phase_contactor != self._phase else 0
        if self._phase_ms >= self.travel_ms:
            self._phase = outputs.phase_contactor
        if inputs.contactor_mirror is not None:
            inputs.contactor_mirror = (self._main and not self.stuck_open) or self.welded
        if inputs.phase_mirror is not None:
            inputs.phase_mirror = (self._phase and not self.phase_stuck_open) or self.phase_welded
        if inputs.lock_closed is not None and self.lock_sound:
            inputs.lock_closed = outputs.lock
        self._residual_ms = self._residual_ms + ms if outputs.residual_test else 0
        if inputs.residual_tripped is not None and self.sensor_sound:
            inputs.residual_tripped = self._residual_ms >= 300

    def plug(self):
        """A car arrives, waits for an offer, then asks; until the contactor has closed."""
        self.run(3000)
        self.car = "B"
        self.run(2000)
        assert self.name() == "B2", self.why()
        self.car = "C"
        self.run(1000)
        assert self.outputs.contactor, self.why()
        return self.run(500)

    def until(self, condition, limit_ms: int) -> int:
        """Milliseconds until `condition()` holds; fails after `limit_ms`."""
        gone = 0
        while not condition():
            assert gone < limit_ms, f"not within {limit_ms} ms: {self.why()}"
            self.tick(self.period)
            gone += self.period
        return gone

    def name(self) -> str:
        return self.point.state_name()

    def why(self) -> str:
        status = self.point.status()
        faults = [fault["name"] for fault in status["faults"]]
        return f"{status['state']} level {status['level']} {status['blocked']} {faults}"

    def faults(self) -> list:
        return [fault["name"] for fault in self.point.faults.status()]

    def opened(self) -> bool:
        return not self.outputs.contactor

    def closed(self) -> bool:
        return self.outputs.contactor

    def level(self) -> str:
        return pilot.LETTERS[self.point.level]

    def events(self) -> list:
        found = []
        event = self.point.events.pop()
        while event:
            found.append(event)
            event = self.point.events.pop()
        return found
