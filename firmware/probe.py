"""Looks at single pins for the self-test, without changing what they are; forgotten afterwards."""

import time

import machine
from micropython import const

_PERIODS_US = const(3000)  # of the 1 kHz on the pilot


def closed(number: int) -> bool:
    """Whether the contact at an S0 input is closed now; the input may be one that nobody uses."""
    return machine.Pin(number, machine.Pin.IN, machine.Pin.PULL_UP).value() == 0


def high_permille(number: int) -> int:
    """For how much of three periods of 1 kHz a pin was high; holds the loop for 3 ms."""
    pin = machine.Pin(number)
    high = reads = 0
    began = time.ticks_us()
    while time.ticks_diff(time.ticks_us(), began) < _PERIODS_US:
        high += pin.value()
        reads += 1
    return high * 1000 // max(1, reads)
