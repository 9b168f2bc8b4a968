"""Gathers what the panel shows: the world's truth, and what the firmware says of itself."""

from panel import commands


def _gathered_meters(app) -> str:
    """`M1 11.0 kW, M2 stale` of the firmware's meters."""
    now = app.board.now()
    told = []
    for device in app.devices:
        if device.dev_id[0] == "M":
            reading = device.reading
            if reading.stale(now) or reading.power_w is None:
                told.append(f"{device.dev_id} stale")
            else:
                told.append(f"{device.dev_id} {reading.power_w / 1000:.1f} kW")
    return ", ".join(told)


def _gathered_broker(app) -> str:
    if app.mqtt is None:
        return "none"
    told = []
    for status in app.mqtt.status():
        told.append(f"{status['state']} {status['since_s']} s, {status['connections']} times")
    return "; ".join(told)


def _silent() -> dict:
    """What the firmware says while it does not run."""
    return {
        "state": "not running",
        "fw_high_mv": None,
        "fw_low_mv": None,
        "fw_offered_ma": None,
        "ruling": "?",
        "mirror": None,
        "fw_current_ma": None,
        "fw_power_w": None,
        "fw_energy_wh": None,
        "fw_meters": "?",
        "fw_broker": "?",
        "faults": [],
        "pace": None,
        "memory": "",
    }


_NOTICES = {6: "no network", 7: "trial", 8: "access point", 9: "opens at release"}


def _front(world) -> str:
    """What there is to say of the button and of the network that the chip has opened."""
    own = world.wifi.own()
    text = "button pressed" if world.button else ""
    if own:
        page = f"{own['ssid']}, http://{world.wifi.own_address}:18080/"
        text = f"{text}, {page}" if text else page
    return text


def _belief(bench, app) -> dict:
    point = app.point
    measured = point.measured
    owner, value_ma = app.limits.ruling()
    state = point.state_name()
    ruling = f"{owner} ({value_ma / 1000:.1f} A)"
    blocked = point.status()["blocked"]
    if blocked:
        ruling = ", ".join(blocked)
    if point.waking():
        state += ", waking the car"
    return {
        "state": f"state {state}",
        "fw_high_mv": point.inputs.high_mv,
        "fw_low_mv": point.inputs.low_mv,
        "fw_offered_ma": point.offered_ma,
        "ruling": ruling,
        "mirror": point.inputs.contactor_mirror,
        "fw_current_ma": list(measured.current_ma) if measured.known else None,
        "fw_power_w": measured.power_w if measured.known else None,
        "fw_energy_wh": bench.firmware_wh(),
        "fw_meters": _gathered_meters(app),
        "fw_broker": _gathered_broker(app),
        "faults": bench.fault_names(),
        "pace": app.pace.status(),
        "memory": f"load {app.system.load_percent} %",
        "notice": _NOTICES.get(app.board.notice, "factory reset" if app.board.notice else ""),
    }


class View:
    """Makes the dict that panel.Panel draws; `shown` holds what only the panel knows."""

    def __init__(self, bench, port: int | None):
        self._bench = bench
        self.car = ""
        self.broker_runs = port is not None
        self.help = False
        self.log = []
        self._port = port
        self._commands = commands(port) if port else []

    def gathered(self) -> dict:
        bench = self._bench
        app = bench.app
        view = self._world()
        view.update(_silent() if app is None else _belief(bench, app))
        return view

    def _world(self) -> dict:
        bench = self._bench
        world = bench.world
        wire = world.pilot
        car = world.car
        phases = world.phase_contactor
        speed = bench.clock.speed
        pwm = 0 < wire.duty < 65535
        return {
            "uptime_ms": bench.now(),
            "boots": bench.chip.boots,
            "speed": speed,
            "clock": "real time" if speed == 1 else "faster than real time",
            "help": self.help,
            "front": _front(world),
            "car": self.car,
            "plugged": car is not None,
            "car_asks": car is not None and car.wants,
            "soc_permille": car.charge() if car is not None else 0,
            "wire_high_mv": wire.high_mv if wire.duty else wire.low_mv,
            "wire_low_mv": wire.low_mv if pwm or not wire.duty else wire.high_mv,
            "level": bench.level(),
            "duty": wire.duty,
            "offered_ma": bench.offered_ma(),
            "contacts": world.contactor.closed,
            "phase_contacts": None if phases is None else phases.closed,
            "relay": world.contactor.coil,
            "welded": world.contactor.welded,
            "current_ma": world.mains.current_ma,
            "power_w": world.mains.total_mw // 1000,
            "energy_wh": world.mains.energy_wh(),
            "meters": "silent" if "meter_silent" in bench.injected else "answer",
            "port": self._port,
            "broker_runs": self.broker_runs,
            "injected": [name for name in bench.injected if name != "meter_silent"],
            "log": self.log,
            "commands": self._commands,
        }
