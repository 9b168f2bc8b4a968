"""On MicroPython: loads modules of an image one by one and prints what each weighs.

Arguments: where the modules are (see place.py), then the modules, in the order of loading.
Nothing else is loaded, so that no name is shared with the simulator. The modules of the ESP32 port
are empty here: on the chip they are code in flash.
"""

import gc
import sys

import micropython
import place


class _Port:
    """Stands in for a module that the chip has in flash."""

    def __getattr__(self, name: str):
        return 0


def main():
    sys.path[:] = [".frozen"]
    place.enter(sys.argv[1])
    for name in ("machine", "esp32", "network", "tls"):
        sys.modules[name] = _Port()
    weights = []
    micropython.qstr_info()
    for name in sys.argv[2:]:
        gc.collect()
        before = gc.mem_alloc()
        __import__(name)
        gc.collect()
        weights.append((name, gc.mem_alloc() - before))
    micropython.qstr_info()
    for name, weight in weights:
        print("weight", name, weight)


main()
