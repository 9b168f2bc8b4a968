"""Non-volatile key-value storage and the partition table, as `esp32` shows them."""

from micropython import const
from silicon import SILICON

_NAME = const(15)
_NOT_FOUND = const(-0x1102)
_BLOCK = const(4096)
_ENOENT = const(2)
_EPERM = const(1)


class NVS:
    """A namespace; what is set is there after a reset only if committed."""

    def __init__(self, namespace: str):
        if len(namespace) > _NAME:
            raise OSError(-0x1108, "ESP_ERR_NVS_KEY_TOO_LONG")
        self._saved = SILICON.nvs.setdefault(namespace, {})
        self._open = {}

    def set_i32(self, key: str, value: int):
        if not -0x80000000 <= value <= 0x7FFFFFFF:
            raise OverflowError("overflow converting long int to machine word")
        self._set(key, ("i32", value))

    def get_i32(self, key: str) -> int:
        return self._get(key, "i32")

    def set_blob(self, key: str, value):
        self._set(key, ("blob", bytes(value)))

    def get_blob(self, key: str, buffer: bytearray) -> int:
        value = self._get(key, "blob")
        if len(value) > len(buffer):
            raise OSError(-0x110C, "ESP_ERR_NVS_INVALID_LENGTH")
        buffer[: len(value)] = value
        return len(value)

    def erase_key(self, key: str):
        if key not in self._open and key not in self._saved:
            raise OSError(_NOT_FOUND, "ESP_ERR_NVS_NOT_FOUND")
        self._open[key] = None

    def commit(self):
        if SILICON.dead:
            return
        for key, value in self._open.items():
            if value is None:
                self._saved.pop(key, None)
            else:
                self._saved[key] = value
        self._open.clear()

    def _set(self, key: str, value: tuple):
        if len(key) > _NAME:
            raise OSError(-0x1108, "ESP_ERR_NVS_KEY_TOO_LONG")
        self._open[key] = value

    def _get(self, key: str, kind: str):
        value = self._open.get(key, self._saved.get(key))
        if value is None or value[0] != kind:
            raise OSError(_NOT_FOUND, "ESP_ERR_NVS_NOT_FOUND")
        return value[1]


def _data_partitions() -> tuple:
    return ("vfs",) if SILICON.world.flash.rom is None else ("vfs", "romfs")


class Partition:
    """The partition table: a program of `factory`, a file system called `vfs`, whose blocks can
    be read and written below the file system, as on the chip, and `romfs` where there is one."""

    BOOT = 0
    RUNNING = 1
    TYPE_APP = 0
    TYPE_DATA = 1

    def __init__(self, id, block_size: int = _BLOCK):
        known = (Partition.BOOT, Partition.RUNNING, "factory")
        if id not in known and id not in _data_partitions():
            raise OSError(_ENOENT)
        self._label = id if id in _data_partitions() else "factory"
        self._device = None
        if self._label != "factory":
            self._device = SILICON.world.flash.device(id == "romfs")

    @staticmethod
    def find(type=TYPE_APP, subtype=0xFF, label=None, block_size: int = _BLOCK) -> list:
        """The partitions of this type, and label where one is given."""
        names = _data_partitions() if type == Partition.TYPE_DATA else ("factory",)
        return [Partition(name, block_size) for name in names if label in (None, name)]

    def info(self) -> tuple:
        """(type, subtype, address, size, label, encrypted)"""
        if self._label == "vfs":
            return (1, 0x81, 0x200000, 0x200000, "vfs", False)
        if self._label == "romfs":
            return (1, 0x8F, 0x1E0000, len(SILICON.world.flash.rom), "romfs", False)
        return (0, 0, 0x10000, 0x1F0000, "factory", False)

    def readblocks(self, block: int, buffer, offset: int = 0):
        self._data().readblocks(block, buffer, offset)

    def writeblocks(self, block: int, buffer, offset: int | None = None):
        self._data().writeblocks(block, buffer, offset)

    def ioctl(self, operation: int, argument: int):
        return self._data().ioctl(operation, argument)

    def _data(self):
        if self._device is None:
            raise OSError(_EPERM)  # the running program must not overwrite itself
        return self._device

    @staticmethod
    def mark_app_valid_cancel_rollback():
        pass
