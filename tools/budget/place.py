"""On MicroPython: where the modules of an image are imported from."""

import sys

_HEADER = 256


def enter(place: str):
    """Put an image in front of the module path: a folder, one file, or "frozen"."""
    if place == "frozen":
        return
    if place.endswith(".img"):
        import vfs

        with open(place, "rb") as file:
            data = memoryview(file.read())
        vfs.mount(vfs.VfsRom(data[_HEADER:]), "/rom")
        place = "/rom"
    sys.path.insert(0, place)
