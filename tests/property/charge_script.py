"""Random lives of a charge point: bytes to acts, acts to a bench, acts to a scenario file."""

from firmware.charge.signals import Refused
from tests.property.charge_explorer import Snapshot
from tests.unit.charge.bench import FULL, PLAIN, Bench
from tests.unit.charge.invariants import Broken

_OPTIONS = {"phase_switching": True, "phase_gap_s": 15, "wake_recipe": "4 gap 1, 1 F 1, 3 gap 2"}
_LIMITS_MA = (0, 5999, 6000, 8000, 10000, 16000, 51500, 32000)
_OHM = (220, 100, 680, 1500, 50, 9999, 145, 1000000)
_TEMPERATURES = (250, 620, 640, 655, 700, 710, -500, 1300)


def _level(level):
    def act(bench, _):
        bench.car, bench.diode, bench.known = level, True, True

    return act


def _set(name, good, bad):
    """A lever of the bench or an input: odd arguments break it, even ones mend it."""

    def act(bench, argument):
        target = bench if name in vars(bench) else bench.inputs
        if getattr(target, name) is not None:
            setattr(target, name, bad if argument & 1 else good)

    return act


def _lost(bench, _):
    bench.car, bench.diode = "C", False


def _silent(bench, _):
    bench.known = False


def _noise(bench, argument):
    bench.noise_mv = (argument - 128) * 3 // 2


def _held(bench, argument):
    bench.tick(20 + argument % 41)


def _late(bench, argument):
    bench.tick(76 + argument * 40)


def _limit(bench, argument):
    value_ma = _LIMITS_MA[argument & 7]
    fallback_ma = (None, 0, 6000, 16000)[argument >> 3 & 3]
    ttl_ms = (0, 50, 1000, 1 << 33)[argument >> 5 & 3]
    bench.point.limits.set("controller", value_ma, ttl_ms, fallback_ma, bench.inputs.now)


def _lift(bench, _):
    bench.point.limits.lift("controller")


def _enable(bench, argument):
    bench.point.enable(argument & 1 == 0)


def _leak(bench, argument):
    bench.sensor_sound = argument & 1 == 0
    if not bench.sensor_sound and bench.inputs.residual_tripped is not None:
        bench.inputs.residual_tripped = argument & 2 == 0


def _cable(bench, argument):
    if bench.inputs.proximity_ohm is not None:
        bench.inputs.proximity_ohm = _OHM[argument & 7]


def _temperature(bench, argument):
    if bench.inputs.temperature_dc is not None:
        bench.inputs.temperature_dc = _TEMPERATURES[argument & 7]


def _phases(bench, argument):
    bench.point.request_phases(1 if argument & 1 else 3)


def _wake(bench, _):
    bench.point.wake()


def _acknowledge(bench, _):
    bench.point.acknowledge()


def _try(bench, argument):
    trial = bench.point.trial
    if not trial.standing:
        trial.begin()
    asks = (trial.click, trial.click, trial.send, trial.drive_lock, trial.end)
    if argument % 8 < 5:
        asks[argument % 8]()
    else:
        trial.cut(argument % 8 > 5)


def _meter(bench, argument):
    measured = bench.point.measured
    measured.known = argument & 1 == 0
    measured.at = bench.inputs.now
    currents = ((0, 0, 0), (16000, 300, 0), (0, 9000, 9000), (40000, 40000, 40000))
    measured.current_ma[:] = currents[argument >> 1 & 3]
    measured.power_w = (argument - 8) * 100
    measured.energy_wh = None if argument & 64 else argument * 37


def _long(bench, argument):
    bench.run(500 + argument * 12)


_MENDED = (
    ("car", "C"),
    ("diode", True),
    ("known", True),
    ("noise_mv", 0),
    ("supply_ok", True),
    ("emergency_stop", False),
    ("sensor_sound", True),
    ("lock_sound", True),
    ("welded", False),
    ("stuck_open", False),
    ("phase_welded", False),
    ("phase_stuck_open", False),
    ("proximity_ohm", 220),
    ("temperature_dc", 250),
)


def _recover(bench, _):
    """Everything is mended and somebody acknowledges; half a minute in cycles of 50 ms."""
    for name, value in _MENDED:
        _set(name, value, value)(bench, 0)
    bench.point.measured.known = False
    bench.point.limits.lift("controller")
    bench.point.enable(True)
    bench.point.acknowledge()
    for _ in range(700):
        bench.tick(50)


# Act, and how a scenario says it: a line, or one for even and one for odd arguments.
ACTS = (
    (_level("A"), "unplug"),
    (_level("B"), "car opens"),
    (_level("C"), "car asks C"),
    (_level("C"), "car asks C"),
    (_try, "note an installer tries something"),
    (_level("D"), "car asks D"),
    (_level("E"), "car asks E"),
    (_lost, "car asks diode"),
    (_silent, "note the pilot cannot be read"),
    (_noise, "fault noise 190mV"),
    (_held, "hold 50ms"),
    (_late, "allow hold\nhold 200ms"),
    (_limit, None),
    (_limit, None),
    (_lift, "limit controller 80A"),
    (
        _enable,
        (
            'mqtt publish cfos_mqtt/ctl {"E1":{"ena":true}}',
            'mqtt publish cfos_mqtt/ctl {"E1":{"ena":false}}',
        ),
    ),
    (_set("supply_ok", True, False), "note the supply comes or goes"),
    (_set("emergency_stop", False, True), ("clear emergency_stop", "fault emergency_stop")),
    (_leak, ("clear residual_current", "fault residual_current 30mA")),
    (_set("welded", False, True), ("clear weld", "fault weld")),
    (_set("stuck_open", False, True), ("clear stuck", "fault stuck")),
    (_set("phase_welded", False, True), ("clear weld_phases", "fault weld_phases")),
    (_set("phase_stuck_open", False, True), "note the phase contactor sticks or not"),
    (_set("lock_sound", True, False), ("clear lock", "fault lock")),
    (_cable, None),
    (_temperature, None),
    (
        _phases,
        (
            'mqtt publish cfos_mqtt/ctl {"E1":{"phs":3}}',
            'mqtt publish cfos_mqtt/ctl {"E1":{"phs":1}}',
        ),
    ),
    (_wake, 'mqtt publish cfos_mqtt/ctl {"E1":{"wke":true}}'),
    (_acknowledge, "note somebody acknowledges"),
    (_meter, ("meter answers", "meter silent")),
    (_long, None),
    (_recover, "note everything is mended\nrun 32s"),
)


class Stage:
    """Benches at interesting moments, each brought back in no time."""

    def __init__(self):
        self._scenes = []
        for profile in (PLAIN, FULL):
            bench = Bench(profile, _OPTIONS if profile is FULL else None, start=(1 << 30) - 9000)
            bench.point.events.put = lambda kind, value: None
            snapshot = Snapshot(bench)
            self._scenes.append((bench, snapshot, snapshot.capture()[0]))
            bench.plug()
            self._scenes.append((bench, snapshot, snapshot.capture()[0]))

    def scene(self, which: int) -> Bench:
        bench, snapshot, kept = self._scenes[which % len(self._scenes)]
        snapshot.restore(kept)
        return bench


def acts(script: bytes):
    """(index into ACTS, argument, ms to let pass afterwards) of each pair of bytes."""
    for place in range(1, len(script) - 1, 2):
        what, argument = script[place], script[place + 1]
        yield what & 31, argument, 10 * (1 + (what >> 5) * (1 + (argument & 3) * 4))


def play(stage: Stage, script: bytes):
    """Live through a script; Broken when a rule does not hold."""
    bench = stage.scene(script[0] if script else 0)
    for what, argument, ms in acts(script):
        try:
            ACTS[what][0](bench, argument)
        except Refused:
            pass
        bench.run(ms)


def scenario(script: bytes, why: str) -> str:
    """The script as a scenario that `make run SCENARIO=` replays on the simulated board."""
    lines = [f"# {why}", "given setting charge.phase_switching 1", "plug plain_16a_3p"]
    if script and script[0] & 1:
        lines += ["car asks C", "wait until contactor closed within 30s"]
    plugged = True
    for what, argument, ms in acts(script):
        said = _line(what, argument)
        if said == "unplug":
            plugged = _append(lines, said, plugged, False)
        elif said.startswith("car"):
            if not plugged:
                lines.append("plug plain_16a_3p")
            plugged = _append(lines, said, True, True)
        else:
            lines += said.split("\n")
        lines.append(f"run {ms}ms")
    return "\n".join(lines) + "\n"


def _append(lines, said, wanted, plugged):
    if wanted:
        lines.append(said)
    return plugged


def _line(what: int, argument: int) -> str:
    act, said = ACTS[what]
    if act is _limit:
        ttl = ("", " ttl 50ms", " ttl 1s", " ttl 6d")[argument >> 5 & 3]
        return f"limit controller {_LIMITS_MA[argument & 7]}mA{ttl}"
    if act is _cable:
        return f"fault cable {_OHM[argument & 7]}ohm"
    if act is _temperature:
        return f"fault temperature {_TEMPERATURES[argument & 7] / 10}C"
    if act is _long:
        return f"run {500 + argument * 12}ms"
    if isinstance(said, tuple):
        return said[argument & 1]
    return said


__all__ = ["ACTS", "Broken", "Stage", "acts", "play", "scenario"]
