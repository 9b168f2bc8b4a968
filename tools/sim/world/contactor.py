"""A contactor: coil, main and mirror contacts, with the times and the faults of a real one."""

from micropython import const

_PULL_IN_MS = (30, 110)
_DROP_OUT_MS = (20, 100)
_BOUNCES = const(3)
_BOUNCE_US = const(700)


class Contactor:
    """`closed` are the main contacts, `mirror_closed` what the mirror contact reports.

    Levers: `weld()`, `free()`, `stick()` (fails to close), `mirror_stuck` (None, False or True),
    `pull_in_ms`, `drop_out_ms` (None: drawn anew each time).
    """

    def __init__(self, world, name: str, mirror_pin: int | None):
        self._world = world
        self.name = name
        self._mirror_pin = mirror_pin
        self.coil = False
        self.closed = False
        self.welded = False
        self.stuck = False
        self.mirror_stuck = None
        self.pull_in_ms = None
        self.drop_out_ms = None
        self.closings = 0
        self.openings_under_load = 0
        self.coil_at = 0
        self.moved_at = 0
        self._event = None

    def energise(self, on: int):
        """The coil driver's pin has this level."""
        if self.coil == bool(on):
            return
        self.coil = bool(on)
        world = self._world
        self.coil_at = world.clock.now()
        if on:
            delay_ms = self.pull_in_ms or world.between(*_PULL_IN_MS)
        else:
            delay_ms = self.drop_out_ms or world.between(*_DROP_OUT_MS)
        world.clock.cancel(self._event)
        self._event = world.clock.after(delay_ms * 1000, self._move)

    def weld(self):
        """From now on the contacts, once closed, stay closed."""
        self.welded = True
        if not self.closed and self.coil:
            self._move(None)

    def weld_closed(self):
        """The contacts are welded in the closed position, whatever the coil does."""
        self.welded = True
        self._set(True)

    def free(self):
        """Neither welded nor stuck any more."""
        self.welded = self.stuck = False
        self._move(None)

    def stick(self):
        """The coil no longer moves the contacts to the closed position."""
        self.stuck = True

    def refresh_mirror(self):
        """Drive the mirror input again, after the lever `mirror_stuck` was moved."""
        self._drive(self.mirror_closed)

    @property
    def mirror_closed(self) -> bool:
        return self.closed if self.mirror_stuck is None else self.mirror_stuck

    def _move(self, _):
        if self.coil:
            if not self.stuck:
                self._set(True)
        elif not self.welded:
            self._set(False)

    def _set(self, closed: bool):
        if self.closed == closed:
            return
        world = self._world
        if closed:
            self.closings += 1
        elif world.mains.load_through(self):
            self.openings_under_load += 1
        world.mains.settle()
        self.closed = closed
        self.moved_at = world.clock.now()
        world.power_changed()
        self._bounce(2 * _BOUNCES)

    def _bounce(self, left: int):
        self._drive(self.mirror_closed if left % 2 == 0 else not self.mirror_closed)
        if left:
            self._world.clock.after(_BOUNCE_US, self._bounce, left - 1)

    def _drive(self, closed: bool):
        if self._mirror_pin is not None:
            self._world.silicon.drive(self._mirror_pin, 0 if closed else None)
