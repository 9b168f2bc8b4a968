"""The loader in an ESP32's ROM, and the one that esptool brings, as far as flashing needs them.

Speaks the serial protocol that Espressif documents: SLIP frames, each a command with a checksum,
each answered with a value and a status. The flash is `memory`.
"""

import hashlib
import os
import pty
import select
import struct
import threading
import tty
import zlib

_SYNC = 0x08
_READ_REG = 0x0A
_MEM_END = 0x06
_DEFLATE_BEGIN, _DEFLATE_DATA, _MD5 = 0x10, 0x11, 0x13
_SECURITY_INFO = 0x14
_ERASE_FLASH = 0xD0
_UNKNOWN = b"\x01\x05"

_DETECT = 0x40001000
# Magic numbers by which esptool tells chips apart.
MAGIC = {"esp32": 0x00F01D83, "esp32s2": 0x000007C6}
_SPI_W0 = {"esp32": 0x3FF42080, "esp32s2": 0x3F402058}


class RomLoader:
    """A chip in download mode at `port`; `size_id` is the third byte of its flash's JEDEC id."""

    def __init__(self, chip: str = "esp32", size_id: int = 0x16):
        self._chip = chip
        self._size_id = size_id
        self._stub = False
        self._inflate = zlib.decompressobj()
        self._at = 0
        self.memory = bytearray(b"\x00" * 0x400000)
        self.erased = False
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self._running = True
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._running = False
        self._thread.join()
        os.close(self._master)
        os.close(self._slave)

    def _serve(self):
        frame = None
        while self._running:
            if not select.select([self._master], [], [], 0.1)[0]:
                continue
            for byte in os.read(self._master, 65536):
                if byte != 0xC0:
                    frame = frame + bytes((byte,)) if frame is not None else None
                elif frame:
                    self._command(
                        frame.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")
                    )
                    frame = None
                else:
                    frame = b""

    def _send(self, packet: bytes):
        coded = packet.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc")
        data = b"\xc0" + coded + b"\xc0"
        while data:
            data = data[os.write(self._master, data) :]

    def _command(self, packet: bytes):
        _, command, size, _ = struct.unpack("<BBHI", packet[:8])
        body = packet[8 : 8 + size]
        value, data, status = self._answer(command, body)
        if not self._stub:
            status = status.ljust(4, b"\x00")
        for _ in range(8 if command == _SYNC else 1):
            whole = data + status
            self._send(struct.pack("<BBHI", 1, command, len(whole), value) + whole)
        if command == _MEM_END:
            self._stub = True
            self._send(b"OHAI")

    def _answer(self, command: int, body: bytes) -> tuple[int, bytes, bytes]:
        """(value, data, status)"""
        good = b"\x00\x00"
        if command == _SYNC:
            self._stub = False
        if command == _SECURITY_INFO:
            return 0, b"", _UNKNOWN
        if command == _READ_REG:
            return self._register(struct.unpack("<I", body[:4])[0]), b"", good
        if command == _DEFLATE_BEGIN:
            self._at = struct.unpack("<IIII", body[:16])[3]
            self._inflate = zlib.decompressobj()
        if command == _DEFLATE_DATA:
            data = self._inflate.decompress(body[16:])
            self.memory[self._at : self._at + len(data)] = data
            self._at += len(data)
        if command == _ERASE_FLASH:
            self.erased = True
            self.memory[:] = b"\xff" * len(self.memory)
        if command == _MD5:
            start, size = struct.unpack("<II", body[:8])
            return 0, hashlib.md5(self.memory[start : start + size]).digest(), good
        return 0, b"", good

    def _register(self, address: int) -> int:
        if address == _DETECT:
            return MAGIC[self._chip]
        if address == _SPI_W0[self._chip]:
            return 0x0040EF | self._size_id << 16
        return 0
