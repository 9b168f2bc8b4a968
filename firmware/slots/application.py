"""A slot of a frozen firmware: the chip's application partition that does not run."""

from micropython import const

from firmware.slots.header import HEADER, bad
from firmware.slots.places import Blocks

_BLOCK = const(4096)
_COUNT = const(4)
_DIGEST = const(32)
# ESP-IDF's ESP_ERR_OTA_VALIDATE_FAILED (0x1503), as MicroPython passes it on.
_NOT_VALID = const(-5379)
# The first bytes of an application: ESP-IDF, esp_image_header_t and, at 32, esp_app_desc_t.
_LOOK = const(36)
_MAGIC = const(0xE9)
_DESCRIPTION = b"\x32\x54\xcd\xab"
_ESP32 = b"\0\0"  # ESP_CHIP_ID_ESP32


class ApplicationPlace:
    """The application is where the chip wants it; the header is in the partition's last block.

    That block is written last and has, behind the header, the application's size and its last 32
    bytes, which are the chip's own SHA-256 of it: by these the header is known to belong to what
    lies there, although a cable may have put something else there since.
    """

    def __init__(self, device):
        self._device = device
        self._blocks = Blocks(device, 0)
        self._last = device.ioctl(_COUNT, 0) - 1
        self._header = b""
        self._size = 0

    def room(self) -> int:
        return self._last * _BLOCK + HEADER

    def begin(self, header: bytes):
        self._header = header
        self._blocks.erase(self._last)

    def write(self, data):
        self._size = self._blocks.write(self._size, data)

    def written(self):
        pass

    def open(self):
        """Read what is there already; OSError when no update has brought it."""
        note = bytearray(4 + _DIGEST)
        self._blocks.read(self._last * _BLOCK + HEADER, note)
        size = int.from_bytes(note[:4], "little")
        if not _LOOK < size <= self._last * _BLOCK or self._digest(size) != note[4:]:
            raise OSError(2)

    def read(self, at: int, buffer) -> int:
        if at < HEADER:
            return self._blocks.read(self._last * _BLOCK + at, memoryview(buffer)[: HEADER - at])
        return self._blocks.read(at - HEADER, buffer)

    def _digest(self, size):
        found = bytearray(_DIGEST)
        count = 0
        while count < _DIGEST:
            count += self._blocks.read(size - _DIGEST + count, memoryview(found)[count:])
        return found

    def examine(self, board: str):
        """ApiError unless an application for this chip was written.

        Which boards it knows cannot be seen in it: that stands in its header.
        """
        look = bytearray(_LOOK)
        self._blocks.read(0, look)
        if look[0] != _MAGIC or look[12:14] != _ESP32 or look[32:] != _DESCRIPTION:
            raise bad("the image has no application for an ESP32 in it")

    def start(self):
        """Have the chip start it at the next reset; it checks all of it first, some 0.5 s.

        ApiError when the chip finds it damaged, OSError when the flash refuses.
        """
        try:
            self._device.set_boot()
        except OSError as error:
            if error.args[0] == _NOT_VALID:
                raise bad("the chip does not take it for a whole application") from None
            raise

    def seal(self):
        note = self._header + self._size.to_bytes(4, "little") + self._digest(self._size)
        self._blocks.program(self._last, note)

    def close(self):
        pass

    drop = close
