"""First code after reset: contactors open, control pilot at +12 V DC. Nothing here can fail.

Until this has run, and on a controller without a chosen board, the hardware's pull-downs hold the
coil drivers off.
"""

import machine

from firmware import wiring

_COILS = ("contactor", "phase_contactor", "lock", "residual_test", "pilot_disconnect")


def make_safe():
    """Drive every coil output low and the pilot to +12 V, which offers nothing."""
    board = wiring.chosen()
    if board is None:
        return
    for name in _COILS:
        if board.get(name) is not None:
            machine.Pin(board[name], machine.Pin.OUT, value=0)
    machine.Pin(board["pilot_pwm"], machine.Pin.OUT, value=1)


try:
    make_safe()
except Exception as error:  # main.py, and with it the console, must start whatever is wrong here
    print("boot: outputs left to the hardware's pull-downs:", repr(error))
