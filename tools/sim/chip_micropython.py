"""Stands in for `micropython`: which character interrupts is the chip's serial line's matter."""

import micropython as host
from silicon import SILICON


def kbd_intr(character: int):
    SILICON.serial.interrupt = character


def __getattr__(name):
    return getattr(host, name)
