"""Checks passwords and cards: in constant time, slower and slower for those who guess."""

from micropython import const

from firmware.api.errors import ApiError
from firmware.ticks import after, since

_FREE = const(5)
_LONGEST_MS = const(60000)
_ROUNDS = const(32)


class Guard:
    """One count of failures for all doors. `system` digests and gives random bytes."""

    def __init__(self, settings, system, now):
        self._settings = settings
        self._system = system
        self._now = now
        self._failures = 0
        self._until = None

    def admin(self, password: str) -> bool:
        """Whether this is the admin's password; the empty one until another has been set.

        ApiError "slow_down" while guesses are not heard: from the fifth failure on, 1, 2, 4 …
        60 seconds.
        """
        self.listen()
        kept = self._settings.network.admin_password
        salt, _, wanted = kept.partition("$")
        if not wanted:
            return self.judge(same(password.encode(), kept.encode()))
        return self.judge(same(self._hashed(password, salt).encode(), wanted.encode()))

    def sealed(self, password: str) -> str:
        """The form in which a password is kept: salt and hash."""
        if not password:
            return ""
        salt = _hexadecimal(self._system.random(8))
        return salt + "$" + self._hashed(password, salt)

    def _hashed(self, password, salt):
        data = (salt + password).encode()
        for _ in range(_ROUNDS):
            data = self._system.digest(data)
        return _hexadecimal(data)

    def listen(self):
        """ApiError while the guard does not listen."""
        if self._until is not None:
            left = since(self._until, self._now())
            # More than a minute cannot be left: the ticks have gone round meanwhile.
            if 0 < left <= _LONGEST_MS:
                seconds = left // 1000 + 1
                raise ApiError("slow_down", f"too many failures; try again in {seconds} s", "")
            self._until = None

    def judge(self, right: bool) -> bool:
        """Count a failure, or forget them after a success; `right` comes back."""
        self._failures = 0 if right else self._failures + 1
        if self._failures >= _FREE:
            delay_ms = min(_LONGEST_MS, 1000 << min(6, self._failures - _FREE))
            self._until = after(self._now(), delay_ms)
        return right


def same(given: bytes, wanted: bytes) -> bool:
    """Equality in a time that depends on the length of `given` only."""
    different = len(given) ^ len(wanted)
    for place in range(len(given)):
        different |= given[place] ^ (wanted[place % len(wanted)] if wanted else 0)
    return different == 0


def _hexadecimal(data):
    return "".join(f"{byte:02x}" for byte in data)


def guard(box) -> Guard:
    """The box's guard, made when first needed."""
    if box.guard is None:
        box.guard = Guard(box.settings, box.system, box.now)
    return box.guard
