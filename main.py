"""Runs the app; whatever ends it, the contactors are opened and the chip is reset."""

import asyncio
import sys
import time

from micropython import const

from firmware import board
from firmware.app import App

# Between a failure and the reset, so that a box that fails at once can still be stopped and read
# over the serial port. Nothing runs meanwhile and the outputs are safe; the watchdog bites after
# two seconds.
_PAUSE_MS = const(1500)

app = None
try:
    app = App()
    asyncio.run(app.run())
    app.stop()
    board.reset()
except KeyboardInterrupt:
    if app:
        app.pause()
        print('Commands are asked like this: app.cmd("get_params"), app.cmd("help").')
    print("Stopped by Ctrl-C: the contactors are open. machine.reset() starts again.")
except Exception as error:
    if app:
        app.stop()
    sys.print_exception(error)
    time.sleep_ms(_PAUSE_MS)
    board.reset()
