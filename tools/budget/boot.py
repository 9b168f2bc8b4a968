"""On MicroPython: boots an image on the simulated board and weighs what it holds.

Arguments: folder of tools/sim, folder with boot.py and main.py, file for the flash, where the
firmware's modules are (see place.py), and `standard` or `everything` (write that configuration) or
a number of virtual seconds to run. The last line printed is JSON for budget.py.
"""

import builtins
import gc
import json
import sys

import holes
import place

_SIM, _IMAGE, _FLASH, _PLACE, _TASK = sys.argv[1:6]
_LAST = 20
_BLOCK = 4096 + 16  # bytes of heap behind one used block of the simulated flash

sys.path.insert(0, _SIM)
place.enter(_PLACE)
_collect = gc.collect
_used = gc.mem_alloc

from chip import Chip  # noqa: E402
from world.world import World  # noqa: E402

from firmware.boards.sim import BOARD  # noqa: E402


def used(world) -> int:
    """Live bytes, without the contents of the simulated flash."""
    _collect()
    return _used() - _BLOCK * sum(1 for block in world.flash._data if block is not None)


def _counts(name: str) -> bool:
    return name.split(".")[0] in ("firmware", "asyncio")


def watch_imports(world, loaded: list, peak: list):
    """Note the modules that the firmware loads, in the order of loading, and the most it held."""
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
        if new:
            peak[0] = max(peak[0], used(world))
        loaded.extend(key for key in new if key not in loaded)
        return module

    builtins.__import__ = watch


def story(world, peak):
    """Let the firmware run; returns the live bytes in the middle one of the last seconds.

    While it tries to reach the broker, more is in use: that is part of the peak.
    """
    marks = []
    for _ in range(int(_TASK)):
        yield 1000
        marks.append(used(world))
    peak[0] = max(peak[0], *marks)
    if world.deaths:
        raise RuntimeError(f"the chip reset: {world.deaths}")
    return sorted(marks[-_LAST:])[_LAST // 2]


def forget(chip):
    """Let go of the firmware, so that what remains is the simulator and the names of both."""
    chip.program = {}
    for name in list(sys.modules):
        if _counts(name) or name == "slot":
            del sys.modules[name]


def whole_simulator():
    """Load what the firmware would be the first to ask for.

    A module without constants, whose names fill its table to the end, has a pointer to whatever
    lies behind the table (MicroPython, py/bc.h, mp_module_context_alloc_tables). Loaded while the
    firmware starts, that was one of its classes, by the length of some path: the class, and all
    that it leads to, was never given back.
    """
    for name in ("machine", "network", "select", "socket"):
        __import__(name)


def commissioned(world, everything: bool):
    """Write an example configuration: charge point, S0 and Modbus meter, a broker, no HTTP.

    With everything: HTTP, TLS to the broker, and ten devices.
    """
    from scenario_setup import commission, initial_document

    broker = f"mqtt{'s' if everything else ''}://127.0.0.1:1"  # nobody answers there
    document = initial_document(broker)
    document["network"]["http"] = everything
    document["network"]["http_port"] = 18099
    if everything:
        document["mqtt"]["tls_self_signed"] = True
        for number in range(4, 10):
            document["devices"].append({"dev_id": f"M{number}", "dev_type": "meter_ajax"})
    commission(world, document, broker)
    world.flash.save()


class _Port:
    """Stands in for `tls`, which is C code on the chip and not in every interpreter here."""

    CERT_NONE = CERT_REQUIRED = PROTOCOL_TLS_CLIENT = 0


def main():
    sys.modules["tls"] = _Port()
    whole_simulator()
    world = World(BOARD, flash_path=_FLASH)
    if not _TASK.isdigit():
        commissioned(world, _TASK == "everything")
        return
    kept = holes.fill()
    found = life(world)
    for name in ("running", "peak"):
        found[name] -= found["rest"]
    print(json.dumps(found))
    kept.clear()  # until here


def life(world) -> dict:
    """Boot the firmware, let it run, and let it go; tells what was live then, and after."""
    modules = []
    peak = [0]
    known = set(sys.modules)
    chip = Chip(world, root=_IMAGE)
    watch_imports(world, modules, peak)
    running = chip.run(story(world, peak), limit_ms=int(_TASK) * 2000)
    forget(chip)
    late = [name for name in sys.modules if name not in known]
    if late:
        raise RuntimeError(f"loaded while the firmware ran, see whole_simulator(): {late}")
    return {"running": running, "peak": peak[0], "modules": modules, "rest": used(world)}


main()
