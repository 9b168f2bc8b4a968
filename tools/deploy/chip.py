"""A board that has been stopped for us: what is on it, and how files get there and back."""

import base64
from pathlib import Path

from line import DeployError, Line, Nothing, Unknown

_PROGRAM = Path(__file__).with_name("on_chip.py")
_PIECE = 3072
# Both slots are read and hashed by `facts`: some seconds.
_HASH_S = 30.0
_CALL_S = 10.0
_KIND = """
import sys, json
_i = sys.implementation
print(json.dumps([_i[0], list(_i[1][:3]), sys.platform, getattr(_i, "_machine", ""),
    getattr(_i, "_mpy", 0) & 255]))
"""


class Chip:
    """The chip at the other end of a line, stopped, with on_chip.py loaded.

    chip: such as esp32; oldest: (major, minor) of MicroPython. DeployError when it is another.
    """

    def __init__(self, line: Line, chip: str = "esp32", oldest=(1, 25), bytecode: int = 6):
        self._line = line
        self.kind = line.call_first(_KIND)
        self._judge(chip, tuple(oldest), bytecode)
        self.load()

    def load(self):
        """Start boot.py alone, for the memory, and bring our functions."""
        self._line.soft_reset()
        self._line.run(_PROGRAM.read_text())

    def _judge(self, chip: str, oldest: tuple, bytecode: int):
        name, version, platform, machine, loads = self.kind
        found = machine.rpartition(" with ")[2].lower() or platform
        if name != "micropython" or found != chip:
            raise DeployError(f"this is an {found.upper()}, the image is for an {chip.upper()}")
        if tuple(version[:2]) < oldest:
            shown, wanted = (".".join(map(str, numbers)) for numbers in (version, oldest))
            raise DeployError(
                f"MicroPython {shown} is too old, {wanted} or later is needed: "
                "`make flash` puts it on the chip and leaves /data alone"
            )
        if loads != bytecode:
            raise DeployError(
                f"this MicroPython loads bytecode {loads}, and the image has {bytecode}"
            )

    def call(self, expression: str):
        """The value of an expression of on_chip.py."""
        hashes = expression.startswith(("facts", "look", "hash_of"))
        return self._line.call(expression, _HASH_S if hashes else _CALL_S)

    def put(self, data: bytes, told=None):
        """Send what was begun with `begin` or `begin_slot`; `told(done, all)` hears of it."""
        for start in range(0, len(data), _PIECE):
            piece = base64.b64encode(data[start : start + _PIECE])
            self._line.run(f"put({piece!r})")
            if told:
                told(min(start + _PIECE, len(data)), len(data))

    def put_file(self, path: str, data: bytes, pad_to: int = 0):
        """Write a whole file of `data`, filled up with blank flash to `pad_to` bytes."""
        self.call(f"begin({path!r})")
        self.put(data)
        if pad_to > len(data):
            self.call(f"pad({pad_to - len(data)})")
        self.call("done()")

    def get_file(self, path: str) -> bytes:
        """The contents of a file."""
        printed = self._line.run(f"_n = give({path!r})\nprint(_n)", _HASH_S)
        *pieces, size = printed.split()
        data = b"".join(map(base64.b64decode, pieces))
        return data.ljust(int(size), b"\xff")


def stop(line: Line, force: bool, what: str):
    """Stop the firmware, unless that would end a charge that nobody has given up."""
    found = line.what_runs()
    if isinstance(found, Unknown) and not force:
        raise DeployError(
            f"no command is answered at {line.port}, so that nobody knows whether a car is "
            f"charging. If the board is there and that is not so: FORCE=1. "
            f"It said:{line.last_words()}"
        )
    if found.charging and not force:
        raise DeployError(
            f"a car is charging: {what} would end that. FORCE=1 does it all the same"
        )
    if not isinstance(found, Nothing):
        print("The firmware is stopped: the contactors open.", flush=True)
    line.take()
