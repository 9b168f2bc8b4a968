"""On the 32-bit MicroPython: boots an image on the simulated board and weighs what it holds.

Arguments: folder of tools/sim, folder of the image, file for the flash, and `commission` (write
the example configuration) or a number of virtual seconds to run. Prints lines for tools/budget.
"""

import builtins
import gc
import sys

_SIM, _IMAGE, _FLASH, _TASK = sys.argv[1:5]
_BLOCK = 4096 + 16  # bytes of heap behind one used block of the simulated flash

sys.path.insert(0, _SIM)
_collect = gc.collect
_used = gc.mem_alloc

from chip import Chip  # noqa: E402

sys.path.append(_IMAGE)

from world.world import World  # noqa: E402

from firmware.boards.sim import BOARD  # noqa: E402


def used(world) -> int:
    """Live bytes, without the contents of the simulated flash."""
    _collect()
    return _used() - _BLOCK * sum(1 for block in world.flash._data if block is not None)


def _counts(name: str) -> bool:
    return name.split(".")[0] in ("firmware", "asyncio")


def watch_imports(loaded: list):
    """Note the modules that the firmware loads, in the order of loading."""
    original = builtins.__import__

    def watch(name, *arguments):
        if len(arguments) > 3 and arguments[3]:  # asyncio alone imports relatively
            name = "asyncio." + name if name else "asyncio"
            arguments = (None, None, arguments[2])
        if not _counts(name):
            return original(name, *arguments)
        known = set(sys.modules)  # with the importing module, which is not complete yet
        module = original(name, *arguments)
        new = [key for key in sys.modules if key not in known and _counts(key)]
        loaded.extend(key for key in new if key not in loaded)
        return module

    builtins.__import__ = watch


def story(world):
    """Let the firmware run; returns the live bytes at the end."""
    yield int(_TASK) * 1000
    if world.deaths:
        raise RuntimeError(f"the chip reset: {world.deaths}")
    return used(world)


def forget(chip):
    """Let go of the firmware, so that what remains is the simulator and the names of both."""
    chip.program = {}
    for name in list(sys.modules):
        if name.split(".")[0] in ("firmware", "asyncio"):
            del sys.modules[name]


def commissioned(world):
    """Write the example configuration: charge point, S0 and Modbus meter, a broker, no HTTP."""
    from scenario_setup import commission, initial_document

    broker = "mqtt://127.0.0.1:1"  # nobody answers there
    document = initial_document(broker)
    document["network"]["http"] = False
    commission(world, document, broker)
    world.flash.save()


def main():
    world = World(BOARD, flash_path=_FLASH)
    if _TASK == "commission":
        commissioned(world)
        return
    loaded = []
    chip = Chip(world, root=_IMAGE)
    watch_imports(loaded)
    running = chip.run(story(world), limit_ms=int(_TASK) * 2000)
    forget(chip)
    print("freed", running - used(world))
    for name in loaded:
        print("module", name)


main()
