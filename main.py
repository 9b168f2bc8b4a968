"""Runs the app; whatever ends it, the contactors are opened and the chip is reset."""

import asyncio
import gc
import sys
import time

import machine
from micropython import const

# Between a failure and the reset, so that a box that fails at once can still be stopped and read
# over the serial port. Nothing runs meanwhile and the outputs are safe; the watchdog bites after
# two seconds.
_PAUSE_MS = const(1500)

# During the start memory is tidied after every few KB, so that what stays is packed together and
# large pieces remain; later the app does it, at set times.
_PIECE = const(4096)

app = None
gc.threshold(_PIECE)
try:
    # In here, so that a version that cannot even be loaded is started anew, counted by boot.py,
    # and at last left for the one before.
    from firmware.app import App
    from firmware.wiring import chosen

    blank = chosen() is None
    del chosen
    if blank:
        from firmware.console.plain import choose, finish

        finish(choose())
    app = App()
    gc.collect()
    gc.threshold(-1)
    if blank:
        app.first_line = b"wizard()"
    asyncio.run(app.run())
    app.stop()
    machine.reset()
except KeyboardInterrupt:
    if app:
        app.pause()
        globals().update(app.console())
        print("help() lists the commands that work here.")
    print("Stopped by Ctrl-C: the contactors are open. machine.reset() starts again.")
except Exception as error:
    if app:
        app.stop()
    sys.print_exception(error)
    if str(error) == "no module named 'firmware'":
        print("There is no firmware on this chip: put an image on it, see docs/deployment.md.")
    else:
        time.sleep_ms(_PAUSE_MS)
        machine.reset()
