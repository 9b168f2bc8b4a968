"""Stands in for `socket`: real sockets, known to the clock, gone with the chip that made them."""

import usocket
from silicon import SILICON
from usocket import *  # noqa: F403  constants and inet functions

# Where the chip's access point is concerned: the host keeps its low ports for itself.
_PRIVILEGED = 1024
_MOVED = 18000


def socket(*arguments):
    """A real socket; while it is open, virtual time leaves its peer the time to answer."""
    made = usocket.socket(*arguments)
    SILICON.clock.peers.watch(made)
    return made


def getaddrinfo(host, *arguments):
    """As the builtin; a name, which is looked up with the whole program waiting, is noted."""
    if not str(host).replace(".", "").isdigit():
        SILICON.lookups.append(host)
    own = SILICON.world.wifi.own_address if SILICON.world else None
    if host == own and arguments and arguments[0] < _PRIVILEGED:
        arguments = (arguments[0] + _MOVED,) + arguments[1:]
    return usocket.getaddrinfo(host, *arguments)
