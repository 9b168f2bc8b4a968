"""The admin password as a salted, stretched hash, computed in slices short enough for the loop."""

from binascii import hexlify, unhexlify
from hashlib import sha256

from micropython import const

_ROUNDS = const(4000)
_MOST_ROUNDS = const(100000)
# 16 rounds stay below 5 ms at ESP32 speed (docs/storage.md).
_SLICE = const(16)
_SCHEME = "sha256"


class Stretch:
    """Call `step` until it says True, then read `digest`."""

    def __init__(self, password: str, salt: bytes, rounds: int = _ROUNDS):
        self._seed = salt + password.encode()
        self._left = rounds
        self._salt = salt
        self._rounds = rounds
        self.digest = sha256(self._seed).digest()

    def step(self) -> bool:
        """Some milliseconds' worth of work; True when all is done."""
        digest = self.digest
        seed = self._seed
        for _ in range(min(_SLICE, self._left)):
            digest = sha256(digest + seed).digest()
        self.digest = digest
        self._left -= min(_SLICE, self._left)
        return not self._left

    def stored(self) -> str:
        """The text to keep in the settings in place of the password."""
        salt, digest = hexlify(self._salt).decode(), hexlify(self.digest).decode()
        return f"{_SCHEME}${self._rounds}${salt}${digest}"


class Check:
    """Compares a password with a stored hash: call `step` until True, then read `matches`.

    A stored text that is no hash matches nothing; the time taken does not tell how much of the
    digest was right.
    """

    def __init__(self, password: str, stored: str):
        self.matches = False
        self._wanted = None
        try:
            scheme, rounds, salt, digest = stored.split("$")
            if scheme == _SCHEME and 0 < int(rounds) <= _MOST_ROUNDS:
                self._wanted = unhexlify(digest)
                self._stretch = Stretch(password, unhexlify(salt), int(rounds))
        except ValueError:
            self._wanted = None

    def step(self) -> bool:
        if self._wanted is None:
            return True
        if not self._stretch.step():
            return False
        self.matches = same(self._stretch.digest, self._wanted)
        return True


def hashed(stored: str) -> bool:
    """True if the text is a stored hash, not a password in clear."""
    return stored.startswith(_SCHEME + "$") and stored.count("$") == 3


def same(one: bytes, other: bytes) -> bool:
    """Equality in a time that depends on the lengths alone."""
    different = len(one) ^ len(other)
    for a, b in zip(one, other):
        different |= a ^ b
    return different == 0
