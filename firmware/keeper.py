"""The one task that writes flash: configuration when it changed, counters when they are due."""

import asyncio

from micropython import const

from firmware.store.errors import StoreError
from firmware.ticks import after, since

_SECOND_MS = const(1000)
_SECTOR_MS = const(5)
_MINUTE_MS = const(60000)
# Counters of the ledger: minutes of operation, and how often the contactor closed.
_MINUTES = "min"
_CLOSINGS = "E1.con"


class Keeper:
    """Brings `settings` and `ledger` to the flash at the times that `saver` and ledger allow.

    `closed()` tells whether a contactor is closed: then no configuration is written and nothing
    is erased, because a flash erase holds the whole chip for 45 to 400 ms.
    """

    def __init__(self, store, saver, ledger, settings, log):
        self.transactions = None
        self._store = store
        self._saver = saver
        self._ledger = ledger
        self._settings = settings
        self._log = log
        self._revision = settings.revision
        self._told = False
        self._saving = False
        self._minute = None
        self._closed = False
        saver.resume(ledger.value(_MINUTES), store.sequence)

    async def run(self, closed, now):
        """Look once a second, for ever."""
        while True:
            await self.step(closed, now)
            await asyncio.sleep_ms(_SECOND_MS)

    async def step(self, closed, now):
        """One look: at most one record of each kind and one save of the configuration."""
        self._count(closed(), now())
        self._ledger.step(now(), closed())
        if self.transactions:
            self.transactions.step(closed())
        if self._settings.revision != self._revision:
            self._revision = self._settings.revision
            self._saver.changed()
        if self._saver.due(now(), closed()):
            await self._save(closed, now)
        waits = self._saver.pending and (closed() or self._saver.delayed)
        if waits and not self._told:
            why = "the contactor opens" if closed() else "the daily write budget allows it"
            self._log.info("store", f"settings are changed in RAM and saved as soon as {why}")
        self._told = waits

    def _count(self, closed, now):
        if self._minute is None:
            self._minute = now
        if since(now, self._minute) >= _MINUTE_MS:
            self._minute = after(self._minute, _MINUTE_MS)
            self._ledger.add(_MINUTES, 1)
        if closed != self._closed:
            self._closed = closed
            if closed:
                self._ledger.add(_CLOSINGS, 1)
            self._ledger.flush()

    async def _save(self, closed, now):
        self._saving = True
        saving = self._store.saving(self._settings.document())
        try:
            for _ in saving:
                await asyncio.sleep_ms(_SECTOR_MS)
                # Giving up would close the file, and closing it writes too: wait instead.
                while closed():
                    self._count(True, now())
                    self._ledger.step(now(), True)
                    await asyncio.sleep_ms(_SECOND_MS)
            self._saver.saved()
            self._log.info("store", f"configuration saved, number {self._store.sequence}")
        except StoreError as error:
            self._saver.saved(False)
            self._log.error("store", str(error))
        finally:
            saving.close()
            self._saving = False

    async def settle(self, now):
        """Write everything that is pending, contactor open: before an orderly restart."""
        self._ledger.flush()
        for _ in range(20):
            self._ledger.step(now(), False)
            if self.transactions:
                self.transactions.step(False)
            if self._ledger.saved() and not (self.transactions and self.transactions.pending()):
                break
            await asyncio.sleep_ms(_SECTOR_MS)
        while self._saving:
            await asyncio.sleep_ms(_SECTOR_MS)
        if self._settings.revision != self._revision or self._saver.pending:
            if self._saver.spent():
                self._log.error("store", "too many saves: the newest settings are lost")
            else:
                self._store.save(self._settings.document())
