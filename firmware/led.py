"""What the light on the box shows: a pattern for each state, and the number of a fault."""

from micropython import const

# One bit for each 100 ms of 3 s, the first in the lowest bit. First what the charge point shows,
# in rhythms of the cFos wallbox, then the notices below in their order.
_PATTERNS = (
    0,  # standby
    0x1,  # car plugged in
    0x7FFF,  # charging
    0x3FF,  # ventilation asked for
    0x249,  # nothing to offer
    0x14005,  # error
    0xFFFFFFF,  # on, with one gap: no network
    0xCFFFFFF,  # on, with two gaps: trial
    0x1F07C1F,  # blinking once a second: access point
    0x71C71C7,  # blinking faster
    0x15555555,  # flickering
)
_STEP_MS = const(100)
_PERIOD_MS = const(3000)

NO_NOTICE = const(0)
NO_NETWORK = const(6)  # Wi-Fi is set up and not connected
TRIAL = const(7)  # a new firmware has not proved itself yet
ACCESS_POINT = const(8)  # the access point is open
LONG_PRESS = const(9)  # the button is held: let go to open the access point
RESET_ARMED = const(10)  # the button is held: let go for the factory reset

_FIRST_FAULT = const(16)
_TEN_MS = const(900)
_TEN_ON_MS = const(600)
_ONE_MS = const(400)
_ONE_ON_MS = const(150)
_PAUSE_MS = const(1500)


def shown(code: int, notice: int) -> int:
    """Which of the two the light shows: what the charge point says, or a notice of the box.

    Who holds the button sees its answer; then come faults, the access point, and what the car
    does. The other notices are for a box that has nothing to do.
    """
    if notice >= LONG_PRESS:
        return notice
    if code >= _FIRST_FAULT:
        return code
    if notice == ACCESS_POINT or code == 0:
        return notice
    return code


def lit(code: int, now: int) -> bool:
    """Whether the light is on at tick `now`.

    `code` is the pattern of a state, a notice, or 16 + the number of a fault: long flashes for
    its tens, short ones for its ones, and a pause.
    """
    if code < _FIRST_FAULT:
        return _PATTERNS[code] >> now % _PERIOD_MS // _STEP_MS & 1 == 1
    tens_ms = (code - _FIRST_FAULT) // 10 * _TEN_MS
    ones_ms = (code - _FIRST_FAULT) % 10 * _ONE_MS
    at = now % (tens_ms + ones_ms + _PAUSE_MS)
    if at < tens_ms:
        return at % _TEN_MS < _TEN_ON_MS
    at -= tens_ms
    return at < ones_ms and at % _ONE_MS < _ONE_ON_MS
