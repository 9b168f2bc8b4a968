"""Twin of `select`: polls real sockets and the twins' streams, and lets simulated time pass."""

import io

import uselect
import utime
from micropython import const
from registers import TIME
from silicon import SILICON

POLLIN = uselect.POLLIN
POLLOUT = uselect.POLLOUT
POLLERR = uselect.POLLERR
POLLHUP = uselect.POLLHUP

_MP_STREAM_POLL = const(3)
_MINUTE_MS = const(60000)
_ROUNDS = const(0xFFFFFF)


@micropython.viper
def _jump(wait_ms: int) -> bool:
    """The common case without a detour: nothing happens until the wait is over."""
    time = ptr32(TIME)
    if not 0 <= wait_ms < _MINUTE_MS:
        return False
    target = time[0] + time[17] + wait_ms * 1000
    if time[17] == 0 or target >= time[1]:
        return False
    time[0] = target
    time[18] = (time[18] + 1) & _ROUNDS
    return True


class poll:
    """Same methods as the builtin's. Allocates nothing while nothing is registered."""

    def __init__(self):
        self._poll = uselect.poll()
        self._streams = {}
        self._twins = {}
        self._real_count = 0
        self.real = False

    def register(self, stream, mask=POLLIN | POLLOUT):
        self._poll.register(stream, mask)
        real = not isinstance(stream, io.IOBase)
        if not real:
            self._twins[id(stream)] = (stream, mask)
        if id(stream) not in self._streams:
            self._streams[id(stream)] = real
            self._real_count += real
            self.real = self._real_count > 0

    def unregister(self, stream):
        self._poll.unregister(stream)
        self._twins.pop(id(stream), None)
        self._real_count -= self._streams.pop(id(stream))
        self.real = self._real_count > 0

    def modify(self, stream, mask):
        self._poll.modify(stream, mask)
        if id(stream) in self._twins:
            self._twins[id(stream)] = (stream, mask)

    def poll(self, timeout: int = -1) -> list:
        return list(self.ipoll(timeout))

    @micropython.native
    def ipoll(self, timeout: int = -1, flags: int = 0):
        """Wait up to `timeout` ms of simulated time, for ever if negative."""
        if not self._streams:
            if _jump(timeout):
                return ()
            clock = SILICON.clock
            if timeout < 0:
                timeout = _MINUTE_MS
            while timeout > _MINUTE_MS:
                clock.idle(_MINUTE_MS, None)
                timeout -= _MINUTE_MS
            clock.idle(timeout, None)
            return ()
        return self._ipoll_streams(timeout, flags)

    def _ipoll_streams(self, timeout: int, flags: int):
        clock = SILICON.clock
        clock.charge(0)
        while not self.wait(0):
            if timeout == 0:
                clock.charge(clock.round_us)
                break
            step = _MINUTE_MS if timeout < 0 else min(timeout, _MINUTE_MS)
            before = clock.ms()
            clock.idle(step, self)
            if timeout > 0:
                timeout = max(0, timeout - (clock.ms() - before))
        return self._poll.ipoll(0, flags) if self.real else self._ready()

    def _ready(self) -> list:
        """The twins' streams that are ready; the host's poll takes a millisecond for them."""
        ready = []
        for stream, mask in self._twins.values():
            events = stream.ioctl(_MP_STREAM_POLL, mask)
            if events:
                ready.append((stream, events))
        return ready

    def wait(self, real_ms: int) -> bool:
        """Wait in real time for one of the streams; True if one is ready."""
        if not self.real:
            if real_ms and not self._ready():
                utime.sleep_ms(real_ms)
            return bool(self._ready())
        for _ in self._poll.ipoll(real_ms):
            return True
        return False
