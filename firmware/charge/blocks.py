"""Why nothing is offered although a limit would allow it: one bit per reason."""

from micropython import const

DISABLED = const(1)
SWITCHING = const(2)
DELAYED = const(4)
RESTING = const(8)
UNLOCKED = const(16)
TESTING = const(32)
UNRATED = const(64)
PLACING = const(128)
TRIED = const(256)

_NAMES = "disabled phase-switch delayed resting lock self-test cable phase-contactor trial"


def names(blocked: int) -> list:
    """The reasons in words, for the status."""
    return [name for bit, name in enumerate(_NAMES.split()) if blocked >> bit & 1]
