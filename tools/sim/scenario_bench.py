"""The bench of a scenario: pulls the world's levers, reads its truth, feeds the monitor."""

import json

from invariants import Monitor, offered_ma
from scenario import duration, quantity
from silicon import SILICON
from world.car import Car

_LOOK_US = 500_000
_MOST_HELD_MS = 62  # the 50 ms that may be taken, one pilot cycle and the scheduler
_NOTABLE_MS = 4
_NOISE_MV = 500
_MILLIVOLTS_PER_DEGREE = 10


class Bench:
    """What a scenario (or the panel) can do to a chip and its world, and see of them."""

    def __init__(self, chip, folder: str):
        self.chip = chip
        self.world = chip.world
        self.clock = chip.clock
        self.monitor = Monitor(self.world.board["max_current_ma"], self.world.board["ventilation"])
        self.injected = []
        self.may_hold = False
        self.interfere = None
        self.injected_ms = 0  # the longest hold that is ours, not the firmware's
        self._folder = folder
        self._lost_power = False
        self._began_wh = 0
        self._own_wh = None
        self._topics = (None, None)
        self._watch()

    # The firmware, as far as it runs.

    @property
    def app(self):
        """The running App, or None while the chip is off or boots."""
        return None if SILICON.dead else self.chip.program.get("app")

    def firmware_wh(self):
        """The firmware's energy counter of the charge point."""
        app = self.app
        return None if app is None else app.ledger.value("E1.wh")

    def told_wh(self):
        """What a client that asks for get_dev_info is told: total_energy of E1."""
        app = self.app
        if app is None:
            return None
        from firmware.codec.json_stream import JsonStream

        stream = JsonStream(app.commands.call("cmd=get_dev_info"))
        answer = json.loads(b"".join([bytes(chunk) for chunk in stream.chunks()]))
        for device in answer["devices"]:
            if device["dev_id"] == "E1":
                return device["total_energy"]
        return None

    def fault_names(self) -> list:
        app = self.app
        return [] if app is None else [fault["name"] for fault in app.point.faults.status()]

    def longer_ms(self, since: int) -> int:
        """By how much a reaction to what happened then may be later, because the loop is held."""
        return self.monitor.longer_ms(since, self.now())

    # What a scenario may do.

    def now(self) -> int:
        return self.clock.ms()

    def act(self, verb: str, words: list):
        """One step of a scenario; ValueError names what is not known."""
        action = getattr(self, "_do_" + verb, None)
        if action is None:
            raise ValueError(f"unknown action {verb}")
        try:
            action(*words)
        except TypeError:
            raise ValueError(f"{verb} does not take: {' '.join(words)}")
        if self.interfere is not None:
            self.interfere.acted()

    def _do_note(self, *words):
        print("note:", " ".join(words))

    def _do_given(self, *words):
        """Done before the start."""

    def _do_allow(self, what):
        if what != "hold":
            raise ValueError(f"unknown permission {what}")
        self.may_hold = True

    def _do_plug(self, name):
        try:
            with open(f"{self._folder}/cars/{name}.json") as file:
                self.world.plug(Car(json.load(file)))
        except OSError:
            raise ValueError(f"unknown car {name}")

    def _do_unplug(self):
        self.world.unplug()

    def _do_car(self, what, level=None):
        car = self._car()
        if what == "asks":
            car.force(level)
            car.want(True)
        elif what == "stops":
            car.want(False)
        elif what == "opens":
            car.force("B")
        else:
            raise ValueError(f"a car cannot {what}")

    def _car(self):
        if self.world.car is None:
            raise ValueError("no car is plugged in")
        return self.world.car

    def _do_fault(self, name, value=None):
        lever = _FAULTS.get(name)
        if lever is None:
            raise ValueError(f"unknown fault {name}")
        lever(self.world, None if value is None else _number(value), True)
        if name not in self.injected:
            self.injected.append(name)

    def _do_clear(self, name):
        lever = _FAULTS.get(name)
        if lever is None:
            raise ValueError(f"unknown fault {name}")
        lever(self.world, None, False)
        if name in self.injected:
            self.injected.remove(name)

    def _do_meter(self, what):
        silent = {"silent": True, "answers": False}.get(what)
        if silent is None:
            raise ValueError(f"a meter cannot {what}")
        self.silence(silent)

    def silence(self, silent: bool):
        """Whether the meters say nothing."""
        if self.world.meter is not None:
            self.world.meter.silent = silent
        for meter in self.world.s0:
            meter.silent = silent
        self._mark("meter_silent", silent)

    def _mark(self, name, present):
        if present and name not in self.injected:
            self.injected.append(name)
        elif not present and name in self.injected:
            self.injected.remove(name)

    def _do_hold(self, time):
        self.clock.hold(duration(time))

    def _do_reset(self):
        self.chip.reset()

    def _do_power(self, what, time):
        if what != "off":
            raise ValueError(f"power {what}")
        self._lost_power = True
        self.world.mains.dip(duration(time))
        self.chip.cut_power(duration(time))

    def _do_limit(self, owner, current, word=None, time=None):
        app = self._running()
        value_ma, unit = quantity(current)
        if unit != "mA" or word not in (None, "ttl"):
            raise ValueError("a limit is OWNER CURRENT [ttl TIME]")
        ttl_ms = duration(time) if time else 0
        app.limits.set(owner, value_ma, ttl_ms, None, app.board.now())

    def _do_phases(self, count):
        self._running().point.request_phases(int(count))

    def _do_wake(self):
        self._running().point.wake()

    def _running(self):
        if self.app is None:
            raise ValueError("the firmware does not run")
        return self.app

    def _do_mqtt(self, what, topic, *payload):
        if what != "publish":
            raise ValueError(f"mqtt {what}")
        self.deliver(topic, " ".join(payload))

    def deliver(self, topic: str, payload: str):
        """Hand a message to the firmware as its MQTT client would; answers are dropped."""
        app = self._running()
        if self._topics[0] is not app:
            from firmware.api.topics import Topics

            self._topics = app, Topics(app.box, lambda *message: None)
        self._topics[1].received(topic, payload.encode(), _Message())

    def _do_interfere(self, name):
        from scenario_interference import Interference

        self.interfere = Interference(self, name)

    # What a scenario may ask.

    def value(self, subject: str):
        """The truth about `subject`; ValueError when there is no such thing."""
        reader = _VALUES.get(subject)
        if reader is None:
            raise ValueError(f"unknown subject {subject}")
        return reader(self)

    def level(self) -> str:
        """The level that car and cable put on the pilot wire."""
        world = self.world
        wire = world.pilot
        if wire.short_ohm is not None and not wire.relay_open:
            return "E"
        car = world.car
        if car is None or wire.broken or wire.relay_open or car.settings["diode"] == "open":
            return "A"
        level = car.forced or car.level
        if level == "diode":
            return "C"
        if level in ("B", "C", "D") and car.settings["short_ohm"] is not None:
            return "E"
        return level

    def _diode_good(self) -> bool:
        car = self.world.car
        if self.world.pilot.negative_missing:
            return False
        if car is None:
            return True
        return car.settings["diode"] == "good" and (car.forced or car.level) != "diode"

    def offered_ma(self) -> int:
        return offered_ma(self.world.pilot.duty)

    def energy_error(self):
        """Thousandths between what the API tells and the world's account, since the start."""
        firmware = self.told_wh()
        world = self.world.mains.energy_wh() - self._began_wh
        if firmware is None or not world:
            return None
        return abs(firmware - (self._own_wh or 0) - world) * 1000 // world

    # The monitor's eyes.

    def _watch(self):
        world = self.world
        board = world.board
        world.on_pin(board["contactor"], self._outputs_changed)
        if board.get("phase_contactor") is not None:
            world.on_pin(board["phase_contactor"], self._outputs_changed)
        self._heard(world.pilot, "refresh", self._wire_changed)
        self._heard(world, "power_changed", self._contacts_changed)
        self._heard(world.residual, "refresh", self._residual_changed)
        self._heard(world, "press_emergency", self._emergency_changed)
        self._heard(self.clock, "hold_us", self._held_us)
        self._heard(self.clock, "pass_quietly", self._passed_us, before=True)
        self.clock.after(_LOOK_US, self._look)

    def _heard(self, part, name, call, before=False):
        """Have `call` told whenever a part of the world has done `name`, or is going to do it."""
        method = getattr(part, name)

        def both(*arguments):
            if before:
                call(*arguments)
            method(*arguments)
            if not before:
                call(*arguments)

        setattr(part, name, both)

    def _outputs_changed(self, _=None):
        world = self.world
        phases = world.phase_contactor
        self.monitor.outputs(
            self.now(),
            world.contactor.coil,
            phases is not None and phases.coil,
            world.pilot.duty,
            SILICON.dead,
        )

    def _wire_changed(self, *_):
        self._outputs_changed()
        world = self.world
        self.monitor.joined(self.now(), not world.pilot.relay_open, world.car is not None)
        self.monitor.wire(self.now(), self.level(), self._diode_good())

    def _contacts_changed(self):
        self.monitor.contacts(self.now(), self.world.contactor.closed)

    def _residual_changed(self):
        residual = self.world.residual
        tripped = residual.tripped and not residual.testing
        self.monitor.trip(self.now(), "residual current", tripped or residual.broken_wire)

    def _emergency_changed(self, pressed):
        self.monitor.trip(self.now(), "emergency stop", pressed)

    def _held_us(self, duration_us):
        if duration_us >= _NOTABLE_MS * 1000:
            self.monitor.hold(self.now(), duration_us // 1000)

    def _passed_us(self, duration_us):
        if duration_us >= _NOTABLE_MS * 1000:
            self.monitor.hold(self.now(), duration_us // 1000)

    def _look(self, _):
        """Twice a second: limits, energy and punctuality."""
        self.clock.after(_LOOK_US, self._look)
        app = self.app
        if app is None:
            return
        now = self.now()
        monitor = self.monitor
        if self._own_wh is None:
            self._own_wh = self.firmware_wh()
            self._began_wh = self.world.mains.energy_wh()
        monitor.cable_ma = min(_CABLES.get(self.world.cable_ohm, 63000), 80000)
        monitor.limit(now, app.limits.value_ma)
        monitor.energy(now, self.firmware_wh(), self._lost_power)
        self._lost_power = False
        worst = app.pace.worst_closed_ms
        if worst > _MOST_HELD_MS + self.injected_ms and not self.may_hold:
            name = app.supervisor.recent_name
            monitor.late(now, f"the loop was held for {worst} ms, contactor closed, by {name}")


class _Message:
    """What comes along with a message."""

    retain = False
    duplicate = False
    qos = 0
    response_topic = None
    correlation = None


_CABLES = {1500: 13000, 680: 20000, 220: 32000, 100: 63000}


def _number(word: str) -> int:
    return quantity(word)[0]


def _residual(world, ma, on):
    world.residual.leak((ma or 6) * 1000 if on else 0)


def _diode(world, _, on):
    if world.car is not None:
        world.car.settings["diode"] = "shorted" if on else "good"
        world.pilot.refresh()


def _negative(world, _, on):
    world.pilot.negative_missing = on
    world.pilot.refresh()


def _noise(world, mv, on):
    world.pilot.noise_mv = (mv or _NOISE_MV) if on else 60
    world.pilot.refresh()


def _weld(contactor, on):
    if on:
        contactor.weld()
    else:
        contactor.free()


def _stick(world, _, on):
    if on:
        world.contactor.stick()
    else:
        world.contactor.free()


def _mirror(world, _, on):
    world.contactor.mirror_stuck = False if on else None
    world.contactor.refresh_mirror()


def _dead_sensor(world, _, on):
    world.residual.dead = on


def _broken_wire(world, _, on):
    world.residual.broken_wire = on
    world.residual.refresh()


def _temperature(world, tenths, on):
    world.analogue.set_temperature((tenths or 800) if on else 250)


def _cable(world, ohm, on):
    world.cable_ohm = ohm if on else 220
    if world.car is not None:
        world.analogue.set_proximity(world.cable_ohm)


_FAULTS = {
    "residual_current": _residual,
    "emergency_stop": lambda world, _, on: world.press_emergency(on),
    "diode": _diode,
    "pilot_short": lambda world, ohm, on: world.pilot.short((ohm or 0) if on else None),
    "pilot_open": lambda world, _, on: world.pilot.cut(on),
    "negative_supply": _negative,
    "noise": _noise,
    "weld": lambda world, _, on: _weld(world.contactor, on),
    "weld_phases": lambda world, _, on: _weld(world.phase_contactor, on),
    "stuck": _stick,
    "stuck_phases": lambda world, _, on: (
        world.phase_contactor.stick() if on else world.phase_contactor.free()
    ),
    "mirror_open": _mirror,
    "residual_dead": _dead_sensor,
    "residual_wire": _broken_wire,
    "temperature_sensor": lambda world, _, on: world.analogue.set_temperature(None if on else 250),
    "temperature": _temperature,
    "cable": _cable,
    "lock": lambda world, _, on: setattr(world.lock, "jammed", on),
}


def _current(phase):
    return lambda bench: bench.world.mains.current_ma[phase]


def _contacts(contactor):
    return None if contactor is None else "closed" if contactor.closed else "open"


_VALUES = {
    "relay": lambda bench: "on" if bench.world.contactor.coil else "off",
    "contactor": lambda bench: _contacts(bench.world.contactor),
    "phase contactor": lambda bench: _contacts(bench.world.phase_contactor),
    "level": Bench.level,
    "state": lambda bench: bench.app and bench.app.point.shown,
    "offered": Bench.offered_ma,
    "duty": lambda bench: bench.world.pilot.duty,
    "current": lambda bench: max(bench.world.mains.current_ma),
    "current L1": _current(0),
    "current L2": _current(1),
    "current L3": _current(2),
    "power": lambda bench: bench.world.mains.total_mw // 1000,
    "energy": lambda bench: bench.world.mains.energy_wh(),
    "energy error": Bench.energy_error,
    "fault": Bench.fault_names,
    "limit": lambda bench: bench.app and bench.app.limits.owner,
    "soc": lambda bench: bench.world.car and bench.world.car.charge(),
    "closings": lambda bench: bench.monitor.closings,
    "boots": lambda bench: bench.chip.boots,
    "waking": lambda bench: "yes" if bench.app and bench.app.point.waking() else "no",
}
