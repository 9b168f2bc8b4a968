"""Everything that survives a restart: settings, ledger, transactions, and their flash."""

import os

from micropython import const

from firmware.keeper import Keeper
from firmware.schema import SettingError, rows
from firmware.settings import Settings
from firmware.store.area import claim
from firmware.store.config import ConfigStore, StoreError
from firmware.store.ledger import Ledger
from firmware.store.once import forget
from firmware.store.saver import Saver
from firmware.store.transactions import Transactions
from firmware.store.wear import Wear

_FOLDER = "/data"
_TRANSACTION_BLOCKS = const(35)


class Memory:
    """Built before anything else; whatever is wrong with the flash is said and worked around.

    Without a usable flash the box charges with its defaults, and energy survives a reset only.
    """

    def __init__(self, board, log):
        self._log = log
        self._board = board
        self.wear = Wear()
        self.settings = Settings(board.wiring)
        self._key = self._device_key()
        vault = self._vault if self._key else None
        self.store = ConfigStore(_FOLDER, log, self.wear, vault=vault)
        self._load()
        self.ledger = Ledger(self._claim("ledger", 16), board.rtc_memory, self.wear, log)
        self.ledger.load()
        self.transactions = self._transactions()
        self.saver = Saver()
        self.keeper = Keeper(self.store, self.saver, self.ledger, self.settings, log)
        self.keeper.transactions = self.transactions

    def _device_key(self):
        from firmware.store.vault import device_key

        try:
            return device_key(self._board.unique_id(), self._board.nvs("wallbox"), os.urandom)
        except OSError as error:
            self._log.error("store", f"no key for passwords, they are kept in the clear: {error}")
            return None

    def _vault(self):
        from firmware.store.vault import Vault

        names = [line[0] for line in rows("network") if line[1] == "secret"]
        return Vault(self._key, names)

    def _load(self):
        document, _ = self.store.load()
        if document is None:
            return
        try:
            for text in self.settings.load(document):
                self._log.warning("settings", text)
        except SettingError as error:
            self._log.error("settings", f"{error}; defaults are used")
        forget("settings_reader", "firmware")

    def _claim(self, name, blocks):
        device = self._board.flash()
        if device is None:
            self._log.error("store", f"no flash for the {name}")
            return None
        try:
            return claim(_FOLDER, device, self.wear, name, blocks)
        except StoreError as error:
            self._log.error("store", str(error))
            return None

    def _transactions(self):
        area = self._claim("transactions", _TRANSACTION_BLOCKS)
        transactions = Transactions(area, self.wear, self._log)
        cause = self._board.reset_cause()
        cause = "power failure" if cause == "power on" else cause
        transactions.load(lambda device: self.ledger.value(device + ".wh"), cause, ("E1",))
        return transactions
