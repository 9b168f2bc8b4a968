"""Twin of `esp32`: non-volatile storage, partitions as far as used, temperature."""

from pulses import PCNT
from silicon import SILICON
from storage import NVS, Partition

WAKEUP_ALL_LOW = False
WAKEUP_ANY_HIGH = True
HEAP_DATA = 4
HEAP_EXEC = 1


def raw_temperature() -> int:
    """Temperature of the die in Fahrenheit."""
    return SILICON.world.die_fahrenheit


def idf_heap_info(capability: int) -> list:
    return [(139852, 95650, 94208, 63488)]


__all__ = ("NVS", "PCNT", "Partition")
