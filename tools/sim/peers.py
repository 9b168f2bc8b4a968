"""Which real sockets the chip holds, and whether somebody at their other end may answer."""

import uselect
from micropython import const

_LOOK_US = const(100000)
_CLOSED = const(0x20)  # POLLNVAL


class Peers:
    """`present`: a connection is open, so virtual time must leave its peer the time to answer.

    A socket that only listens, or whose connection is not made yet, does not count.
    """

    def __init__(self, clock):
        self.present = False
        self._clock = clock
        self._sockets = []
        self._event = None

    def watch(self, socket):
        """A socket was opened; whoever it will be connected to is taken for present at first."""
        # A closed socket keeps its number until another one gets it.
        number = socket.fileno()
        self._sockets = [other for other in self._sockets if other.fileno() != number]
        self._sockets.append(socket)
        self._set(True)

    def close(self):
        """The chip has stopped; its connections are gone."""
        for socket in self._sockets:
            socket.close()
        self._sockets.clear()
        self._set(False)

    def look(self, _=None):
        """See which sockets are still open, and which of them can be written to."""
        poll = uselect.poll()
        for socket in self._sockets:
            poll.register(socket, uselect.POLLOUT)
        present = False
        for socket, ready in poll.poll(0):
            if ready & _CLOSED:
                self._sockets.remove(socket)
            elif ready == uselect.POLLOUT:
                present = True
        self._set(present)

    def _set(self, present: bool):
        clock = self._clock
        if present != self.present:
            self.present = present
            clock.set_round(clock.round_us)
        clock.cancel(self._event)
        self._event = None
        if self._sockets and not present:
            self._event = clock.after(_LOOK_US, self.look)
