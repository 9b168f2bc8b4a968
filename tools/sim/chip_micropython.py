"""Stands in for `micropython`: which character interrupts is a matter of the chip's serial line."""

import micropython as host

from silicon import SILICON


def kbd_intr(character: int):
    SILICON.serial.interrupt = character


def __getattr__(name):
    return getattr(host, name)
