"""`make repl`: mpremote's terminal at the board's console, which stops nothing by itself."""

import subprocess
import sys
from pathlib import Path

from line import Line

MPREMOTE = Path(sys.executable).with_name("mpremote")


def repl(port: str):
    """Talk to the console of the running firmware; Ctrl-C twice stops it, Ctrl-] leaves."""
    Line(port).close()  # says in words why a port cannot be opened
    print("The firmware goes on while you are here: help() lists its commands.")
    print("Ctrl-C twice stops it (the contactors open) and leads to MicroPython's prompt.")
    subprocess.run([str(MPREMOTE), "connect", port, "resume", "repl"], check=False)
