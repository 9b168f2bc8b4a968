"""A chip that a person reaches over its serial line, and a world that obeys short orders."""

import json
import os
import sys

from chip import Chip  # import first: it puts the twins in place
from chip_sys import host
from repl import Repl
from serial_port import SerialPort, System
from silicon import SILICON, SOFT_RESET
from world.car import Car
from world.flash import DONE, LOST, TORN
from world.world import World

sys.path.append(__file__.rsplit("/", 3)[0])
from firmware.boards.sim import BOARD

sys.path.pop()

_LOOK_US = 20000
_PSRAM_HEAP = 4000000
_ROM_BLOCKS = 224  # as tools/board has it
_CUTS = {"lost": LOST, "torn": TORN, "done": DONE}


class SerialChip(Chip):
    """Runs its own boot.py and main.py and then its prompt, life after life."""

    def __init__(self, world, options: dict):
        super().__init__(world, root="", speed=int(options["speed"]))
        self.mount = "/"
        version = tuple(int(part) for part in options["version"].split("."))
        self.port = SerialPort(self.clock, self._stop)
        host.modules["sys"] = System(version, options["machine"])
        banner = f"MicroPython v{options['version']} (simulated); {options['machine']}"
        self.repl = Repl(self.port, banner, self._soft_reset)

    def _soft_reset(self):
        SILICON.die(SOFT_RESET, "soft reset at the prompt")
        self.clock.due()

    def _boot(self):
        self._forget()
        self.program = {"__name__": "__main__"}
        if self._cause != SOFT_RESET:
            self.repl.raw = False
        super()._boot()

    def _forget(self):
        """Nothing of the last life is loaded; boot.py and main.py find what they bring."""
        os.chdir("/")
        sys.path[:] = [path for path in sys.path if path.startswith("/host") or path == ".frozen"]
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None) or "/host"
            if not file.startswith("/host"):
                del sys.modules[name]

    def _execute(self, name: str):
        if name != "main.py" or not self.repl.raw:  # a soft reset within raw mode leaves it out
            super()._execute(name)
            self.clock.no_interrupt()

    def _prompt(self):
        self.repl.run(self.program)


class Box:
    """The chip, its world and its keeping: the flash and NVS are files in `folder`."""

    def __init__(self, chip, folder: str, line: tuple):
        self.chip = chip
        self._nvs = folder + "/nvs"
        self._orders, self._answers = line
        self._rest = b""

    def live(self):
        """Until the line is gone; then everything is kept."""
        self._recall()
        self.chip.clock.after(0, self._look)
        try:
            self.chip.run()
        finally:
            with open(self._nvs, "w") as file:
                file.write(repr(SILICON.nvs))

    def _recall(self):
        try:
            with open(self._nvs) as file:
                SILICON.nvs.update(eval(file.read()))
        except OSError:
            pass

    def _look(self, _):
        """An event of the world: do what the bridge has ordered."""
        data = self._orders.read(1000)
        self._rest += data or b""
        while b"\n" in self._rest:
            line, self._rest = self._rest.split(b"\n", 1)
            answer = self._obey(str(line, "utf-8").split())
            self._answers.write(json.dumps(answer) + "\n")
        self.chip.clock.after(_LOOK_US, self._look)

    def _obey(self, words: list):
        world = self.chip.world
        name = words[0] if words else ""
        if name == "car":
            world.plug(Car({}))
        elif name == "nocar":
            world.unplug()
        elif name == "power":
            self.chip.cut_power(1000)
        elif name == "reset":
            self.chip.reset()
        elif name == "cut":
            world.flash.cut_after(int(words[1]), _CUTS[words[2]])
        elif name != "state":
            return {"error": "orders: state, car, nocar, power, reset, cut N lost|torn|done"}
        return {
            "boots": self.chip.boots,
            "contactor": world.contactor.closed,
            "operations": world.flash.operations(),
            "deaths": self.chip.deaths[-5:],
        }


def started(folder: str, options: dict, line: tuple) -> Box:
    """A box on the simulated board, not yet powered."""
    blocks = _ROM_BLOCKS if int(options["romfs"]) else 0
    world = World(BOARD, flash_path=folder + "/flash.bin", partitions={"rom_blocks": blocks})
    if int(options["psram"]):
        SILICON.heap.size = _PSRAM_HEAP
    return Box(SerialChip(world, options), folder, line)
