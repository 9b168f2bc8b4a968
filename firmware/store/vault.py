"""Passwords in the configuration file are sealed with a key that only this device has.

This keeps them out of copies of the file, of logs and of screenshots. It does not keep them from
someone who can read the whole flash chip: the key's random part lies in the NVS of the same chip.
"""

from binascii import a2b_base64, b2a_base64
from hashlib import sha256

from micropython import const

_MARK = "sealed:"
_NONCE = const(12)
_KEY = const(32)


def device_key(unique_id: bytes, nvs, random) -> bytes:
    """The device's key: from the chip's id and 32 random bytes, which are made at first use.

    `nvs` is an esp32.NVS namespace, `random(n)` gives n random bytes. OSError if NVS fails.
    """
    secret = bytearray(_KEY)
    try:
        found = nvs.get_blob("key", secret) == _KEY
    except OSError:
        found = False
    if not found:
        secret = random(_KEY)
        nvs.set_blob("key", secret)
        nvs.commit()
    return sha256(b"wallbox" + bytes(unique_id) + secret).digest()


class Vault:
    """Seals text members of a document: those in `names`, and URLs with a login in them.

    Equal texts of one name seal equally, so that an unchanged document stays unchanged.
    """

    def __init__(self, key: bytes, names):
        self._key = key
        self._names = names

    def secret(self, name: str, value: str) -> bool:
        """True for what must not be shown."""
        return name in self._names or ("://" in value and "@" in value)

    def sealed(self, name: str, value: str) -> str:
        """The text as it goes into the file."""
        if not self.secret(name, value) and not value.startswith(_MARK):
            return value
        data = value.encode()
        nonce = self._nonce(name, data)
        return _MARK + b2a_base64(nonce + self._mixed(nonce, data)).decode().strip()

    def opened(self, document, messages: list, name: str = ""):
        """The document with its seals opened; what another device sealed becomes empty."""
        if isinstance(document, dict):
            return {key: self.opened(document[key], messages, key) for key in document}
        if isinstance(document, list):
            return [self.opened(item, messages, name) for item in document]
        if not isinstance(document, str) or not document.startswith(_MARK):
            return document
        try:
            data = a2b_base64(document[len(_MARK) :])
            text = self._mixed(data[:_NONCE], data[_NONCE:])
            if self._nonce(name, text) == data[:_NONCE]:
                return text.decode()
        except ValueError:
            pass
        messages.append(f"{name} was sealed by another device: enter it again")
        return ""

    def _nonce(self, name, data):
        return sha256(self._key + b"nonce" + name.encode() + b"\x00" + data).digest()[:_NONCE]

    def _mixed(self, nonce, data):
        mixed = bytearray(data)
        for start in range(0, len(data), _KEY):
            stream = sha256(self._key + b"mix" + nonce + start.to_bytes(4, "big")).digest()
            for position in range(start, min(start + _KEY, len(data))):
                mixed[position] ^= stream[position - start]
        return bytes(mixed)
