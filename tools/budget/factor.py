"""From instructions of the 32-bit unix port to time on an ESP32: small programs known on both.

`PUBLISHED_US` are microseconds of the stock image ESP32_GENERIC of MicroPython 1.26.1 at its usual
160 MHz, run on an emulated ESP32, good to 35 % as a whole.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import counted

PUBLISHED_US = {
    "empty_loop": 4.75,
    "addition": 6.5,
    "json_loads": 1200,
    "json_dumps": 900,
    "struct_unpack": 43,
    "text_format": 96,
    "dict_insert": 18,
    "task_switch": 240,
}
_TIMES = 1000


@dataclass(frozen=True)
class Factor:
    """Nanoseconds on an ESP32 for each instruction here: the middle one, and the extremes."""

    programs: dict[str, tuple[float, float]]  # instructions and nanoseconds each
    lowest: float
    middle: float
    highest: float

    def ms(self, instructions: int) -> tuple[float, float, float]:
        """Milliseconds on an ESP32: from, most likely, to."""
        each = (self.lowest, self.middle, self.highest)
        return tuple(instructions * factor / 1e6 for factor in each)


def measure() -> Factor:
    """Count the programs; CountError when that is not possible."""
    script = Path(__file__).resolve().parent / "programs.py"
    with tempfile.TemporaryDirectory() as folder:
        counts = counted.Counted(script, (), Path(folder), "16m").counts()
    programs = {}
    for index, (name, published_us) in enumerate(PUBLISHED_US.items()):
        instructions = (counts[2 * index + 1] - counts[2 * index]) / _TIMES
        programs[name] = (instructions, published_us * 1000 / instructions)
    factors = sorted(factor for _, factor in programs.values())
    middle = (factors[len(factors) // 2] + factors[(len(factors) - 1) // 2]) / 2
    return Factor(programs, factors[0], middle, factors[-1])
