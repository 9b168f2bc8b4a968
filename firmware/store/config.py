"""The configuration on flash: two copies in turn, and the newest sound one counts."""

from firmware.store.errors import StoreError
from firmware.store.once import forget

_NAMES = ("config.0.json", "config.1.json")


class ConfigStore:
    """Keeps one document (a dict of JSON values with a "version") in `folder`.

    A save writes the file that does not hold the document in force, so that littlefs replaces
    it at close or not at all, and the copy in force is never touched. `version` is the newest
    document this firmware understands. `wear` is the account of store/wear.py. `vault()`, when
    given, makes what seals the values of secret members (store/vault.py). What is needed for
    loading and saving alone is imported for that, and not kept.
    """

    def __init__(self, folder: str, log, wear, version: int = 1, vault=None):
        self._folder = folder
        self._log = log
        self._wear = wear
        self._version = version
        self._vault = vault
        self._slot = 1
        self._kept = (0, 0)
        self.sequence = 0

    def load(self):
        """Read the newest sound copy: (document or None, list of messages).

        Takes some 100 flash reads for 2 KiB, and three writes for each file put aside: call it
        before the loop starts. Never raises for what it finds on the flash.
        """
        from firmware.store.config_reader import newest

        paths = [self._path(slot) for slot in (0, 1)]
        vault = self._vault() if self._vault else None
        document, messages, header = newest(paths, self._version, vault, self._wear)
        forget("config_reader")
        forget("vault")
        if header:
            self._slot = header["slot"]
            self._kept = (header["crc"], header["length"])
            self.sequence = header["sequence"]
        for text in messages:
            self._log.warning("store", text)
        return document, messages

    def save(self, document) -> bool:
        """Write the document unless it is already on the flash; True if it was written.

        Holds the caller for the whole write: one or two block erases and a page program for
        each 128 bytes. Raises StoreError; what was saved before is then still in force.
        """
        before = self.sequence
        for _ in self.saving(document):
            pass
        return self.sequence != before

    def saving(self, document):
        """The same as `save`, as a generator: each step serialises and writes about 256 bytes.

        Each step holds the loop for at most one block erase and two page programs; only the
        last one replaces the file. Abandoned in the middle, it leaves the former copies.
        """
        try:
            yield from self._saving(document, self._vault() if self._vault else None)
        except OSError as error:
            self._wear.failures += 1
            raise StoreError(f"configuration not saved: {error}")
        finally:
            forget("config_writer")
            forget("vault")

    def _saving(self, document, vault):
        from firmware.store.config_writer import sliced, write

        sums = [0, 0]
        yield from sliced(document, vault, sums, None)
        crc, length = sums
        if (crc, length) == self._kept:
            return
        slot = 1 - self._slot
        head = f'{{"crc":{crc},"length":{length},"sequence":{self.sequence + 1},"document":\n'
        yield from write(self._path(slot), head, document, vault, sums)
        self._wear.file("config", length + len(head))
        self._slot = slot
        self._kept = (crc, length)
        self.sequence += 1

    def _path(self, slot):
        return self._folder + "/" + _NAMES[slot]
