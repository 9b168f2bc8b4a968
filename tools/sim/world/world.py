"""The world behind the pins: joins pilot, car, contactors, mains and meters by the wiring."""

from registers import seed_noise
from silicon import SILICON
from world.bus import Bus, Dts353
from world.contactor import Contactor
from world.flash import Flash
from world.mains import Mains
from world.pilot import PilotWire
from world.s0 import S0Meter
from world.sensors import Analogue, Lock, ResidualSensor
from world.wifi import Wifi

_CABLE_OHM = 220


class World:
    """Everything outside the chip. `board` is a table as in firmware/boards/; same seed, same day.

    flash_path: file that keeps the flash between runs. partitions: blocks of 4 KiB, as Flash
    takes them: `rom_blocks` for "romfs", `app_blocks` for each of two applications, `blocks` for
    the file system (a stock MicroPython has only that). A new world is a new simulation: the
    clock begins at 0, with a new chip.

    Parts: car, pilot, contactor, phase_contactor (or None), mains, residual, lock, analogue, s0,
    bus, meter, wifi, flash. It outlives the chip's resets.
    """

    def __init__(
        self,
        board: dict,
        seed: int = 1,
        flash_path: str | None = None,
        partitions: dict | None = None,
    ):
        self.board = board
        SILICON.new()
        self.silicon = SILICON
        self.clock = SILICON.clock
        self.car = None
        self.cable_ohm = _CABLE_OHM
        self.die_fahrenheit = 120
        self.emergency = False
        self.button = False
        self.deaths = []
        self._random = seed & 0x3FFFFFFF
        seed_noise(seed)
        self._on_pin = {}
        self.mains = Mains(self)
        self.contactor = Contactor(self, "contactor", board.get("contactor_mirror"))
        self.phase_contactor = None
        self.pilot = PilotWire(self, board)
        self._wire(board)
        self.residual = ResidualSensor(
            self, board.get("residual_trip"), board.get("residual_test")
        )
        self.lock = Lock(self, board.get("lock"), board.get("lock_feedback"))
        self.analogue = Analogue(board)
        self.wifi = Wifi(self.clock, SILICON)
        self.s0 = self._s0_meters(board.get("s0") or ())
        self.bus = self.meter = None
        if board.get("rs485"):
            self.bus = Bus(self, board["rs485"])
            self.meter = self.bus.add(Dts353(self))
        self.flash = Flash(self, flash_path, **(partitions or {}))
        self.cut_power = self._no_chip
        self.press_emergency(False)
        self.contactor.refresh_mirror()
        if self.phase_contactor is not None:
            self.phase_contactor.refresh_mirror()

    def _wire(self, board: dict):
        self.on_pin(board["contactor"], self.contactor.energise)
        if board.get("phase_contactor") is not None:
            self.phase_contactor = Contactor(self, "phase_contactor", board.get("phase_mirror"))
            self.on_pin(board["phase_contactor"], self.phase_contactor.energise)
        if board.get("pilot_disconnect") is not None:
            self.on_pin(board["pilot_disconnect"], self.pilot.relay)
        self.on_pin(board["pilot_pwm"], self.pilot.steady)

    def _s0_meters(self, pins) -> list:
        meters = []
        for pin in pins:
            meters.append(S0Meter(self, pin, mains=self.mains if not meters else None))
        return meters

    def on_pin(self, pin: int, call):
        """Have `call(level)` told when the chip drives this pin to another level."""
        self._on_pin.setdefault(pin, []).append(call)

    def between(self, low: int, high: int) -> int:
        """The next random number of this world."""
        self._random = (self._random * 1103515245 + 12345) & 0x7FFFFFFF
        return low + (self._random >> 8) % (high - low + 1)

    # Levers.

    def plug(self, car):
        """Put the plug in; the cable's coding resistor comes with it."""
        self.unplug()
        self.car = car
        self.analogue.set_proximity(self.cable_ohm)
        car.arrive(self)
        self.pilot.refresh()

    def unplug(self):
        """Pull the plug."""
        if self.car is not None:
            car = self.car
            self.car = None
            car.leave()
            self.analogue.set_proximity(None)
            self.pilot.refresh()

    def supply(self, on: bool):
        """The controller's own supply: without it the pilot is at 0 V and the coils drop."""
        self.pilot.supply(on)

    def press_emergency(self, pressed: bool):
        """The emergency-stop loop opens (True, also what a broken wire does) or closes."""
        self.emergency = pressed
        pin = self.board.get("emergency_stop")
        if pin is not None:
            self.silicon.drive(pin, None if pressed else 0)

    def press_button(self, pressed: bool):
        """Press the button of the box, which closes to ground, or let it go."""
        self.button = pressed
        pin = self.board.get("button")
        if pin is not None:
            self.silicon.drive(pin, 0 if pressed else None)

    # What the parts tell each other.

    def phase_closed(self, phase: int) -> bool:
        """Whether this phase is joined to the car; L2 and L3 go through both contactors."""
        if phase >= self.board["phases"] or not self.contactor.closed:
            return False
        return phase == 0 or self.phase_contactor is None or self.phase_contactor.closed

    def _no_chip(self):
        raise RuntimeError("no chip to cut the power of")

    def phases_of(self, contactor) -> tuple:
        return (0, 1, 2) if contactor is self.contactor else (1, 2)

    def power_changed(self):
        if self.car is not None:
            self.car.power_changed()

    def load_changed(self):
        for meter in self.s0:
            meter.load_changed()

    # What the twins tell it.

    def pin_driven(self, pin: int, level: int):
        """The chip drives a pin."""
        for call in self._on_pin.get(pin, ()):
            call(level)

    def pin_released(self, pin: int):
        """A pin is an input again: pull-downs hold the coil drivers, a pull-up the pilot."""
        self.pin_driven(pin, 1 if pin == self.board["pilot_pwm"] else 0)

    def pwm_set(self, pin: int, freq: int, duty: int):
        if pin == self.board["pilot_pwm"]:
            self.pilot.pulse(freq, duty)
        elif pin in self._on_pin:
            self.pin_driven(pin, 1 if duty else 0)

    def uart_opened(self, number: int, uart):
        if self.bus is not None:
            self.bus.opened(number, uart)

    def uart_written(self, number: int, data: bytes, begin_us: int):
        if self.bus is not None:
            self.bus.written(number, data, begin_us)

    def chip_started(self):
        """The chip begins to run: its converter is wired again."""
        self.pilot.connect_chip()

    def chip_died(self, cause: int):
        self.deaths.append((self.clock.now(), cause))
        self.wifi.reset()
        if self.bus is not None:
            self.bus.chip_died()
