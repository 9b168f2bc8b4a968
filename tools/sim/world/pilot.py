"""The control-pilot wire: source, relay, cable, diode, resistors, as ADC and car see it."""

from micropython import const
from registers import LEVELS, PILOT, TIME

_SOURCE_MV = const(12000)
_SOURCE_NS = const(1000000)  # 1 kOhm in nanosiemens
_FULL = const(65535)
_PERIOD_TENTHS = const(10016)  # the ESP32 makes 998.4 Hz of 1 kHz

_HIGH_TENTHS = const(4)
_PERIOD = const(5)
_HIGH_UV = const(11)
_LOW_UV = const(12)
_NOISE_UV = const(14)
_EDGE = const(16)

_FLOATING_MV = const(1400)  # what the reference circuit's divider makes of a wire that is cut off


def node_mv(source_mv: int, load, short_ohm: int | None) -> int:
    """Voltage behind the source resistor.

    load: None or (ohm, diode_mv, blocking): resistor behind a diode with this drop; a diode that
    does not block conducts both ways without a drop. short_ohm: resistance to PE past the diode.
    """
    if short_ohm == 0:
        return 0
    conductance = _SOURCE_NS + (1000000000 // short_ohm if short_ohm else 0)
    open_mv = source_mv * _SOURCE_NS // conductance
    if load is None:
        return open_mv
    ohm, drop_mv, blocking = load
    if not blocking:
        drop_mv = 0
    elif open_mv <= drop_mv:
        return open_mv
    if ohm == 0:
        return drop_mv
    loaded = 1000000000 // ohm
    return (source_mv * _SOURCE_NS + drop_mv * loaded) // (conductance + loaded)


class PilotWire:
    """Levers: `short(ohm)`, `cut(open)`, `source_mv`, `negative_missing`, `relay_stuck` (moves no
    more), and what the ADC makes of it: `offset_mv` and `noise_mv` at the connector,
    `gain_permille`, `behind_relay` (where it listens; from the board's `pilot_relay_seen`).

    Call `refresh()` after moving a lever that is a plain attribute.
    """

    def __init__(self, world, board: dict):
        self._world = world
        self._scale = _points(board["pilot_scale"])
        self._pin = board["pilot_pwm"]
        self._listening = board["pilot_adc"]
        self.duty = _FULL
        self.running = False
        self.relay_open = False
        self.relay_stuck = False
        self.behind_relay = bool(board.get("pilot_relay_seen"))
        self.broken = False
        self.short_ohm = None
        self.offset_mv = 0
        self.noise_mv = 60
        self.source_mv = _SOURCE_MV
        self.gain_permille = 1000
        self.powered = True
        self.negative_missing = False
        self.edge_us = 4
        self.high_mv = 0
        self.low_mv = 0
        TIME[_PERIOD] = _PERIOD_TENTHS
        self.connect_chip()

    def connect_chip(self):
        """A chip has started: its converter listens to this wire."""
        TIME[15] = self._listening
        self.refresh()

    def pulse(self, freq: int, duty: int):
        """The chip's PWM runs with this duty (0 to 65535)."""
        self.running = True
        self.duty = duty
        TIME[_PERIOD] = _PERIOD_TENTHS if freq == 1000 else 10000000 // freq
        LEVELS[self._pin] = PILOT
        self.refresh()

    def steady(self, level: int):
        """The pin is driven, or left to the hardware's pull-up, without PWM."""
        self.running = False
        self.duty = _FULL if level else 0
        self.refresh()

    def relay(self, disconnect: int):
        """The relay in the pilot line."""
        if not self.relay_stuck:
            self.relay_open = bool(disconnect)
        self.refresh()

    def supply(self, on: bool):
        """Whether the source has its supply: without it the pilot is at 0 V."""
        self.powered = on
        self.refresh()

    def short(self, ohm: int | None):
        """Resistance between pilot and PE in the cable; None to remove it."""
        self.short_ohm = ohm
        self.refresh()

    def cut(self, broken: bool):
        """Break the pilot wire in the cable."""
        self.broken = broken
        self.refresh()

    @property
    def state(self) -> int:
        """What the car sees: duty 1 to 65534 = PWM, 65535 = +12 V, 0 = -12 V, -1 = nothing."""
        if self.relay_open or self.broken or not self.powered:
            return -1
        return self.duty

    def refresh(self):
        """Work out the levels again; tells the car what changed for it."""
        world = self._world
        car = world.car
        connected = not (self.relay_open or self.broken)
        load = car.load() if car is not None and connected else None
        short = self._short(car) if not self.relay_open else None
        source_mv = self.source_mv if self.powered else 0
        self.high_mv = node_mv(source_mv, load, short)
        low_source = 0 if self.negative_missing else -source_mv
        self.low_mv = node_mv(low_source, load, short)
        if self.relay_open and self.behind_relay:
            self.high_mv = self.low_mv = _FLOATING_MV
        TIME[_HIGH_UV] = self._at_adc(self.high_mv)
        TIME[_LOW_UV] = self._at_adc(self.low_mv)
        # The divider passes the noise on by its slope, here that of the middle of its range.
        TIME[_NOISE_UV] = self._wire_uv(self.noise_mv) - self._wire_uv(0)
        TIME[_EDGE] = self.edge_us * 10
        if self.duty >= _FULL:
            TIME[_HIGH_TENTHS] = 1 << 28
        else:
            TIME[_HIGH_TENTHS] = TIME[_PERIOD] * self.duty // _FULL
        if car is not None:
            car.pilot_changed(self.state)

    def _short(self, car):
        theirs = car.settings["short_ohm"] if car is not None and not self.broken else None
        if self.short_ohm is None or theirs is None:
            return theirs if self.short_ohm is None else self.short_ohm
        return min(theirs, self.short_ohm)

    def _at_adc(self, mv: int) -> int:
        return self._wire_uv(mv * self.gain_permille // 1000 + self.offset_mv)

    def _wire_uv(self, mv: int) -> int:
        """What the board's divider makes of a voltage at the connector."""
        points = self._scale
        index = 1
        while index < len(points) - 1 and mv > points[index][1]:
            index += 1
        low_uv, low_mv = points[index - 1][0] * 1000, points[index - 1][1]
        high_uv, high_mv = points[index][0] * 1000, points[index][1]
        return max(0, low_uv + (mv - low_mv) * (high_uv - low_uv) // (high_mv - low_mv))


def _points(scale):
    """A board's `pilot_scale` as points (ADC mV, connector mV)."""
    if isinstance(scale[0], int):
        factor, zero_mv = scale
        return (zero_mv, 0), (zero_mv + 1000, 1000 * factor)
    return scale
