"""The state machine of the charge point, as data: what follows what, and what each state does.

Rules: this file holds everything that decides a state. Events are computed from the readings
before (point.py) and tried in the order TRIPPED/BARRED/CLEARED, level, OFFERED/WITHDRAWN, wish,
EXPIRED; the first that the row of the present state lists is followed, one per step. A pair that
is not listed is refused. Outputs belong to states, never to transitions, so no path can forget
to open the contactor.

Names follow IEC 61851-1 annex A: the letter is what the car shows, 1 is +12 V DC, 2 is 1 kHz.
"""

from micropython import const

START = const(0)  # +12 V, until the level has settled: after boot, a fault, a gap
A1 = const(1)
B1 = const(2)
B2 = const(3)
C1 = const(4)  # the car asks, nothing is offered, contactor open
READY = const(5)  # C2 with the contactor still open: last checks
CHARGING = const(6)  # C2
STOPPING = const(7)  # C1 with the contactor closed: the car has 6 s to stop
D1 = const(8)  # ventilation asked for, none fitted
F = const(9)  # -12 V for a moment, so that the car notices
FAULT = const(10)
BARRED = const(11)  # a fault that only a person may clear
GAP = const(12)  # pilot cut while the phases change
WAKE_GAP = const(13)
WAKE_F = const(14)
CLICK = const(15)  # an installer hears and sees the contactor close, nothing plugged in

TRIPPED = const(1)  # a fault stands
BARRED_BY = const(2)  # one of those that bar
CLEARED = const(3)  # no fault stands
UNPLUGGED = const(4)  # level A
RELEASED = const(5)  # level B
ASKED = const(6)  # level C, or D with ventilation fitted
VENTILATE = const(7)  # level D without
OFFERED = const(8)  # there is current to offer, and 5 s have passed since the pilot last changed
WITHDRAWN = const(9)
CHECKED = const(10)  # everything is in order to close
SWITCH = const(11)  # the phases shall change
WAKE = const(12)  # a gap in the pilot is due
WAKE_BY_F = const(13)
EXPIRED = const(14)
CLICKED = const(15)  # an installer wants it, and the socket is empty

# For each state, in the order of their numbers, the events that are followed and, below them, the
# states that follow. Constant tuples take no RAM where the firmware is frozen; dicts would.
TRANSITIONS = (
    (  # START
        (TRIPPED, BARRED_BY, UNPLUGGED, RELEASED, ASKED, VENTILATE),
        (FAULT,   BARRED,    A1,        B1,       C1,    D1),
    ),
    (  # A1
        (TRIPPED, BARRED_BY, RELEASED, ASKED, VENTILATE, SWITCH, CLICKED),
        (FAULT,   BARRED,    B1,       C1,    D1,        GAP,    CLICK),
    ),
    (  # B1
        (TRIPPED, BARRED_BY, UNPLUGGED, ASKED, VENTILATE, OFFERED, SWITCH, WAKE),
        (FAULT,   BARRED,    A1,        C1,    D1,        B2,      GAP,    WAKE_GAP),
    ),
    (  # B2
        (TRIPPED, BARRED_BY, UNPLUGGED, ASKED, VENTILATE, WITHDRAWN, WAKE,     WAKE_BY_F),
        (FAULT,   BARRED,    A1,        READY, D1,        B1,        WAKE_GAP, WAKE_F),
    ),
    (  # C1
        (TRIPPED, BARRED_BY, UNPLUGGED, RELEASED, VENTILATE, OFFERED, SWITCH),
        (FAULT,   BARRED,    A1,        B1,       D1,        READY,   GAP),
    ),
    (  # READY
        (TRIPPED, BARRED_BY, UNPLUGGED, RELEASED, VENTILATE, WITHDRAWN, CHECKED,  EXPIRED),
        (FAULT,   BARRED,    A1,        B2,       D1,        C1,        CHARGING, C1),
    ),
    (  # CHARGING
        (TRIPPED, BARRED_BY, UNPLUGGED, RELEASED, VENTILATE, WITHDRAWN),
        (F,       F,         A1,        B2,       D1,        STOPPING),
    ),
    (  # STOPPING
        (TRIPPED, BARRED_BY, UNPLUGGED, RELEASED, VENTILATE, EXPIRED),
        (F,       F,         A1,        B1,       D1,        C1),
    ),
    (  # D1
        (TRIPPED, BARRED_BY, UNPLUGGED, RELEASED, ASKED),
        (FAULT,   BARRED,    A1,        B1,       C1),
    ),
    (  # F
        (EXPIRED,),
        (FAULT,),
    ),
    (  # FAULT
        (BARRED_BY, CLEARED),
        (BARRED,    START),
    ),
    (  # BARRED
        (TRIPPED, CLEARED),
        (FAULT,   START),
    ),
    (  # GAP
        (TRIPPED, BARRED_BY, EXPIRED),
        (FAULT,   BARRED,    START),
    ),
    (  # WAKE_GAP
        (TRIPPED, BARRED_BY, EXPIRED),
        (FAULT,   BARRED,    START),
    ),
    (  # WAKE_F
        (TRIPPED, BARRED_BY, EXPIRED),
        (FAULT,   BARRED,    START),
    ),
    (  # CLICK
        (TRIPPED, BARRED_BY, RELEASED, ASKED, VENTILATE, EXPIRED),
        (FAULT,   BARRED,    B1,       C1,    D1,        A1),
    ),
)  # fmt: skip

PLUS = const(0)  # +12 V DC
PWM = const(1)
MINUS = const(2)  # -12 V DC

# For each state, in the same order: pilot, its wire connected, contactor closed, LED pattern, and
# the level shown outwards (- keeps the last one: waking and switching phases look like B to those
# who plan by it).
OUTPUTS = (
    (PLUS, True, False, 0, "-"),  # START
    (PLUS, True, False, 0, "A"),  # A1
    (PLUS, True, False, 4, "B"),  # B1
    (PWM, True, False, 1, "B"),  # B2
    (PLUS, True, False, 4, "B"),  # C1
    (PWM, True, False, 1, "B"),  # READY
    (PWM, True, True, 2, "C"),  # CHARGING
    (PLUS, True, True, 2, "C"),  # STOPPING
    (PLUS, True, False, 3, "D"),  # D1
    (MINUS, True, False, 5, "E"),  # F
    (PLUS, True, False, 5, "E"),  # FAULT
    (MINUS, True, False, 5, "F"),  # BARRED
    (PLUS, False, False, 1, "-"),  # GAP
    (PLUS, False, False, 1, "-"),  # WAKE_GAP
    (MINUS, True, False, 1, "-"),  # WAKE_F
    (PLUS, True, True, 2, "A"),  # CLICK
)

# Milliseconds until EXPIRED. GAP and the wake-ups take theirs from phases.py and wake.py.
TIMEOUTS = {
    READY: 2400,  # with the 500 ms before it, 3 s to close at most (table A.6, 4)
    STOPPING: 6000,  # 3 s for the car and as much again (10.1, 10.2)
    F: 300,  # table A.5
    CLICK: 1000,
}

NAMES = (
    "start", "A1", "B1", "B2", "C1", "C2-ready", "C2", "C1-stopping", "D1", "F", "fault", "barred",
    "gap", "wake", "wake-F", "click",
)  # fmt: skip
