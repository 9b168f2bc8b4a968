"""Twin of `machine` for the ESP32: offers what the port offers and refuses what it refuses."""

import silicon
from adc import ADC
from peripherals import RTC, WDT, Counter, Timer
from pins import Pin
from pwm import PWM
from silicon import SILICON, Reset
from uart import UART
from umachine import PinBase, Signal, mem8, mem16, mem32, time_pulse_us

PWRON_RESET = silicon.PWRON_RESET
HARD_RESET = silicon.HARD_RESET
WDT_RESET = silicon.WDT_RESET
DEEPSLEEP_RESET = silicon.DEEPSLEEP_RESET
SOFT_RESET = silicon.SOFT_RESET


def reset():
    """Hard reset, by raising Reset through the firmware."""
    SILICON.die(HARD_RESET, "machine.reset()")
    raise Reset(HARD_RESET, "machine.reset()")


def soft_reset():
    SILICON.die(SOFT_RESET, "machine.soft_reset()")
    raise Reset(SOFT_RESET, "machine.soft_reset()")


def deepsleep(time_ms: int = 0):
    SILICON.die(DEEPSLEEP_RESET, "machine.deepsleep()")
    raise Reset(DEEPSLEEP_RESET, "machine.deepsleep()")


def lightsleep(time_ms: int = 0):
    SILICON.clock.block(time_ms * 1000)


def reset_cause() -> int:
    return SILICON.reset_cause


def unique_id() -> bytes:
    return SILICON.unique_id


def freq(hertz: int | None = None):
    if hertz is None:
        return SILICON.freq
    if hertz not in (20000000, 40000000, 80000000, 160000000, 240000000):
        raise ValueError("frequency must be 20MHz, 40MHz, 80Mhz, 160MHz or 240MHz")
    SILICON.freq = hertz


def idle():
    SILICON.clock.charge(100)


def disable_irq() -> int:
    return 0


def enable_irq(state: int):
    pass
