"""Non-volatile key-value storage and the partition table, as `esp32` shows them."""

from bootloader import LABELS, selection
from micropython import const
from silicon import SILICON

_NAME = const(15)
_NOT_FOUND = const(-0x1102)
_BLOCK = const(4096)
_ENOENT = const(2)
_EPERM = const(1)
_ERASE_BLOCK = const(6)


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


# Label: type, subtype, address; of the boards in tools/board and of a stock MicroPython.
_TABLE = {
    "vfs": (1, 0x81, 0x200000),
    "romfs": (1, 0x8F, 0x1E0000),
    "otadata": (1, 0, 0xD000),
    "app_a": (0, 0x10, 0x10000),
    "app_b": (0, 0x11, 0x1D0000),
}


def _labels(kind: int) -> list:
    present = SILICON.world.flash.partitions
    if kind == Partition.TYPE_APP and "app_a" not in present:
        return ["factory"]
    return sorted(label for label in present if _TABLE[label][0] == kind)


class Partition:
    """The partition table: a file system called `vfs`, whose blocks can be read and written below
    the file system, as on the chip, `romfs` where there is one, and programs: `factory`, which
    cannot be read, or the two applications between which bootloader.py chooses.
    """

    BOOT = 0
    RUNNING = 1
    TYPE_APP = 0
    TYPE_DATA = 1

    def __init__(self, id, block_size: int = _BLOCK):
        applications = _labels(Partition.TYPE_APP)
        if id == Partition.BOOT and len(applications) > 1:
            id = applications[selection().chosen()]
        elif id in (Partition.BOOT, Partition.RUNNING):
            id = SILICON.application
        if id not in applications and id not in _labels(Partition.TYPE_DATA):
            raise OSError(_ENOENT)
        self._label = id
        self._device = SILICON.world.flash.device(id) if id != "factory" else None

    @staticmethod
    def find(type=TYPE_APP, subtype=0xFF, label=None, block_size: int = _BLOCK) -> list:
        """The partitions of this type, and label where one is given."""
        return [Partition(name, block_size) for name in _labels(type) if label in (None, name)]

    def info(self) -> tuple:
        """(type, subtype, address, size, label, encrypted)"""
        if self._label == "factory":
            return (0, 0, 0x10000, 0x1F0000, "factory", False)
        size = SILICON.world.flash.partitions[self._label][1] * _BLOCK
        return _TABLE[self._label] + (size, self._label, False)

    def readblocks(self, block: int, buffer, offset: int = 0):
        if self._device is None:
            raise OSError(_EPERM)
        self._device.readblocks(block, buffer, offset)

    def writeblocks(self, block: int, buffer, offset: int | None = None):
        self._changed().writeblocks(block, buffer, offset)

    def ioctl(self, operation: int, argument: int):
        if operation == _ERASE_BLOCK:
            return self._changed().ioctl(operation, argument)
        if self._device is None:
            raise OSError(_EPERM)
        return self._device.ioctl(operation, argument)

    def _changed(self):
        if self._label == SILICON.application:
            raise OSError(_EPERM)  # the running program must not overwrite itself
        return self._device

    def get_next_update(self):
        """The application partition after this one, the first after the last."""
        applications = _labels(Partition.TYPE_APP)
        if applications == ["factory"]:
            raise OSError(_ENOENT)
        return Partition("app_b" if self._label == "app_a" else "app_a")

    def set_boot(self):
        """Start this application at the next reset; OSError when it is not sound."""
        if self._label == "factory":
            return
        if self._label not in LABELS:
            raise OSError(-0x102, "ESP_ERR_INVALID_ARG")
        selection().set_boot(LABELS.index(self._label))

    @staticmethod
    def mark_app_valid_cancel_rollback():
        selection().mark_valid()
