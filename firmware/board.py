"""Pins and peripherals as plain values; radio.py and probe.py do the same for Wi-Fi and tests."""

import sys
import time

import esp32
import machine
import network
from micropython import const

from firmware.led import NO_NOTICE, lit, shown
from firmware.sampler import Sampler
from firmware.thermistor import linear_dc, temperature_dc

# 2**30 itself is no small integer on the ESP32: computing with it would allocate.
_TICKS = const(0x3FFFFFFF)
_PILOT_HZ = const(1000)
_PILOT_SAFE = const(65535)
# The ESP32's task watchdog; only the pilot loop feeds it.
_WATCHDOG_MS = const(2000)
# Slow analogue inputs are read once in so many pilot cycles.
_SLOW_CYCLES = const(10)
_LED_CYCLES = const(5)
_UNIX_2000 = const(946684800)  # MicroPython's clock counts from 2000 on the ESP32


class _Unfitted:
    """Takes the place of an output that this board does not have."""

    def value(self, level):
        pass


class Board:
    """Drives what `wiring` (see firmware/boards/devkit.py) says is fitted, and reads the rest.

    Inputs that are not fitted read as None. A coil output only stays on while `apply` renews it:
    the app's loop calls it every cycle and the watchdog resets the chip when it stops.
    ValueError, with every reason, for a table that cannot be driven (firmware/wiring_rules.py).
    """

    def __init__(self, wiring: dict):
        _refuse(wiring)
        self.wiring = wiring
        self._contactor = self._output("contactor")
        self._phase_contactor = self._output("phase_contactor")
        self._disconnect = self._output("pilot_disconnect")
        self._residual_test = self._output("residual_test")
        self._lock = self._output("lock")
        self._led = self._output("led")
        self._contactor_mirror = self._input("contactor_mirror")
        self._phase_mirror = self._input("phase_mirror")
        self._residual_trip = self._input("residual_trip")
        self._emergency_stop = self._input("emergency_stop")
        self._lock_feedback = self._input("lock_feedback")
        self._supply = self._input("supply_ok")
        self._proximity = self._analogue("proximity_adc")
        self._temperature = self._analogue("temperature_adc")
        self._button = self._input("button")
        self.notice = NO_NOTICE  # of firmware/led.py
        self._slow = _SLOW_CYCLES - 1
        self._driven = -1
        self._duty = _PILOT_SAFE
        pilot = machine.Pin(wiring["pilot_pwm"], machine.Pin.OUT, value=1)
        self._pwm = machine.PWM(pilot, freq=_PILOT_HZ, duty_u16=_PILOT_SAFE)
        self._sampler = Sampler(pilot, self._analogue("pilot_adc"), wiring["pilot_scale"])
        self._watchdog = None

    def _output(self, name: str):
        number = self.wiring.get(name)
        return _Unfitted() if number is None else machine.Pin(number, machine.Pin.OUT, value=0)

    def _input(self, name: str):
        number = self.wiring.get(name)
        if number is None:
            return None
        if number >= 34:  # GPIO 34-39 have no pull-ups
            return machine.Pin(number, machine.Pin.IN)
        return machine.Pin(number, machine.Pin.IN, machine.Pin.PULL_UP)

    def _analogue(self, name: str):
        number = self.wiring.get(name)
        if number is None:
            return None
        return machine.ADC(machine.Pin(number), atten=machine.ADC.ATTN_11DB)

    # The pilot loop's part: allocates nothing.

    def now(self) -> int:
        """Milliseconds, wrapping at 2**30 on every port."""
        return time.ticks_ms() & _TICKS

    def read(self, inputs):
        """Fill the charge point's inputs with what the hardware says now."""
        # The time is taken first: sampling takes longer when the pilot changes, and the length of
        # a cycle must not depend on that.
        inputs.now = self.now()
        self._sampler.sample(inputs, self._duty)
        if self._contactor_mirror is not None:
            inputs.contactor_mirror = self._contactor_mirror.value() == 0
        if self._phase_mirror is not None:
            inputs.phase_mirror = self._phase_mirror.value() == 0
        if self._residual_trip is not None:
            inputs.residual_tripped = self._residual_trip.value() == 1
        if self._emergency_stop is not None:
            inputs.emergency_stop = self._emergency_stop.value() == 1
        if self._lock_feedback is not None:
            inputs.lock_closed = self._lock_feedback.value() == 1
        if self._supply is not None:
            inputs.supply_ok = self._supply.value() == 1
        self._slow += 1
        if self._slow == _SLOW_CYCLES:
            self._slow = 0
            self._read_slow(inputs)

    def _read_slow(self, inputs):
        if self._proximity is not None:
            pullup_ohm, supply_mv = self.wiring["proximity_pullup"]
            inputs.proximity_ohm = _divider_ohm(self._proximity, pullup_ohm, supply_mv)
        if self._temperature is not None:
            linear = self.wiring.get("temperature_linear")
            if linear:
                mv = self._temperature.read_uv() // 1000
                inputs.temperature_dc = linear_dc(mv, linear[0], linear[1])
            else:
                ohm = _divider_ohm(self._temperature, 10000, 3300)
                inputs.temperature_dc = temperature_dc(ohm)

    def apply(self, outputs):
        """Drive the outputs: the contactor opens before and closes after everything else."""
        if not outputs.contactor:
            self._contactor.value(0)
        if outputs.duty != self._duty:
            self._duty = outputs.duty
            self._pwm.duty_u16(outputs.duty)
        wanted = (
            outputs.phase_contactor
            | outputs.pilot_connected << 1
            | outputs.residual_test << 2
            | outputs.lock << 3
        )
        if wanted != self._driven or self._slow == 0:
            self._driven = wanted
            self._drive(outputs)
        if self._slow % _LED_CYCLES == 0:
            self._led.value(lit(shown(outputs.led, self.notice), self.now()))
        if outputs.contactor:
            self._contactor.value(1)

    def _drive(self, outputs):
        self._phase_contactor.value(outputs.phase_contactor)
        self._disconnect.value(not outputs.pilot_connected)
        self._residual_test.value(outputs.residual_test)
        self._lock.value(outputs.lock)

    def watch(self, timeout_ms: int = _WATCHDOG_MS):
        """Start the watchdog, or give it another time: `feed` must come at least as often."""
        self._watchdog = machine.WDT(timeout=timeout_ms)

    def feed(self):
        self._watchdog.feed()

    def safe(self):
        """Contactors open and pilot at +12 V DC, whatever went before."""
        self._contactor.value(0)
        self._phase_contactor.value(0)
        self._duty = _PILOT_SAFE
        self._pwm.duty_u16(_PILOT_SAFE)

    # What other parts are built from.

    def fitted(self) -> dict:
        """What the charge point must know of this hardware."""
        wiring = self.wiring
        fitted = {name: wiring.get(name) is not None for name in _OPTIONS}
        fitted["lock"] = wiring.get("lock") is not None
        fitted["residual_sensor"] = wiring.get("residual_trip") is not None
        fitted["proximity"] = wiring.get("proximity_adc") is not None
        fitted["temperature"] = wiring.get("temperature_adc") is not None
        fitted["max_current_ma"] = wiring["max_current_ma"]
        fitted["phases"] = wiring["phases"]
        fitted["ventilation"] = wiring["ventilation"]
        return fitted

    def uart(self, baud: int, bits: int = 8, parity: int | None = None, stop: int = 1):
        """The RS485 port as (UART, driver-enable pin); None when the board has none."""
        if not self.wiring.get("rs485"):
            return None
        number, tx, rx, enable = self.wiring["rs485"]
        uart = machine.UART(
            number, baud, bits=bits, parity=parity, stop=stop, tx=tx, rx=rx, rxbuf=256, timeout=0
        )
        return uart, machine.Pin(enable, machine.Pin.OUT, value=0)

    def s0(self, index: int):
        """PulseInput on S0 input `index` (0 or 1), 5 ms of bounce ignored; None if not fitted.

        The hardware counter's filter ends at 13 us: it would count the bounce.
        """
        pins = self.wiring.get("s0") or ()
        if index >= len(pins):
            return None
        from firmware.pulse_input import PulseInput

        return PulseInput(machine.Pin(pins[index], machine.Pin.IN, machine.Pin.PULL_UP))

    def pressed(self) -> bool | None:
        """Whether the button is down, bouncing included; None when there is none."""
        return None if self._button is None else self._button.value() == 0

    def set_time(self, seconds: int, ms: int):
        """Set the chip's clock to a unix time; it goes on over every reset but a power cut."""
        year, month, day, hour, minute, second = time.gmtime(seconds - _UNIX_2000)[:6]
        machine.RTC().datetime((year, month, day, 0, hour, minute, second, ms * 1000))

    def wlan(self):
        return network.WLAN(network.WLAN.IF_STA)

    def nvs(self, namespace: str):
        return esp32.NVS(namespace)

    def rtc_memory(self, data=None) -> bytes | None:
        """Read, or with `data` write, the 2 KiB that survive a reset but no power cut."""
        clock = machine.RTC()
        return clock.memory() if data is None else clock.memory(data)

    def flash(self):
        """The block device under the littlefs of /data; None when there is none."""
        found = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="vfs")
        return found[0] if found else None

    def image_partition(self):
        """The flash partition for images of the firmware; None when there is none.

        "romfs" holds both slots. Of a frozen firmware each slot is an application partition,
        "app_a" and "app_b" (tools/board/WALLBOX): it is the one that does not run.
        """
        found = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="romfs")
        if found:
            return found[0]
        running = esp32.Partition(esp32.Partition.RUNNING)
        return running.get_next_update() if running.info()[4][:4] == "app_" else None

    def platform(self) -> str:
        return "esp32"

    def unique_id(self) -> bytes:
        return machine.unique_id()

    def reset_cause(self) -> str:
        causes = {
            machine.PWRON_RESET: "power on",
            machine.HARD_RESET: "reset",
            machine.WDT_RESET: "watchdog",
            machine.DEEPSLEEP_RESET: "deep sleep",
            machine.SOFT_RESET: "soft reset",
        }
        return causes.get(machine.reset_cause(), "unknown")


_OPTIONS = (
    "phase_contactor",
    "contactor_mirror",
    "phase_mirror",
    "residual_test",
    "emergency_stop",
    "pilot_disconnect",
)


def _refuse(wiring: dict):
    """ValueError for what cannot be driven; the rules themselves are not kept in memory."""
    from firmware.wiring_rules import problems

    found = problems(wiring)
    sys.modules.pop("firmware.wiring_rules", None)
    package = sys.modules["firmware"]
    if hasattr(package, "wiring_rules"):
        delattr(package, "wiring_rules")
    if found:
        raise ValueError(f"board {wiring.get('name')}: {'; '.join(found)}")


def _divider_ohm(adc, pullup_ohm: int, supply_mv: int) -> int:
    """Resistance to ground below a pull-up; 1 MOhm stands for an open input."""
    mv = adc.read_uv() // 1000
    if mv * 100 > supply_mv * 95:
        return 1000000
    return mv * pullup_ohm // (supply_mv - mv)


def reset():
    """Start the chip anew; the outputs fall to their hardware defaults."""
    machine.reset()
