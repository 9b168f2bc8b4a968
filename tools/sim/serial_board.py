"""The simulated chip with a serial line: its own files, its own prompt, nothing of the checkout.

Started by serial_bridge.py, with the line at standard input and output. Arguments: the checkout,
the folder that keeps the chip, the numbers of two files for orders and answers, and options
`name=value`: speed, psram and romfs (0 or 1), version (1.25.0), machine (sys.implementation's).
"""

import os
import sys

import vfs

_HOST = "/host"
_OPTIONS = {
    "speed": "1",
    "psram": "1",
    "romfs": "0",
    "version": "1.25.0",
    "machine": "Generic ESP32 module with SPIRAM with ESP32",
}


def move_out(checkout: str):
    """Leave the root of all files to the chip's flash; the host's own lie below /host now."""
    vfs.mount(vfs.VfsPosix(), _HOST)
    os.chdir("/")
    vfs.umount("/")
    sys.path[:] = [_HOST + checkout + "/tools/sim", ".frozen"]


def main():
    checkout, folder, orders, answers, *given = sys.argv[1:]
    options = dict(_OPTIONS)
    for text in given:
        name, _, options[name] = text.partition("=")
    # By number, because opening /dev/fd/N anew would make it wait.
    orders = open(int(orders), "rb")
    answers = open(int(answers), "w")
    move_out(checkout)

    from serial_chip import started

    started(_HOST + folder, options, (orders, answers)).live()


main()
