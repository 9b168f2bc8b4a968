"""Runs on MicroPython: the heap that a module takes when it is executed in place.

Arguments: a ROMFS image, and the module. On a board the image is a partition of the flash.
"""

import asyncio  # noqa: F401 (every program has it)
import gc
import sys

import vfs

with open(sys.argv[1], "rb") as file:
    image = memoryview(file.read())
vfs.mount(vfs.VfsRom(image), "/image")
sys.path.insert(0, "/image")
gc.collect()
before = gc.mem_alloc()
__import__(sys.argv[2])
gc.collect()
print(gc.mem_alloc() - before)
