"""A NOR flash area in RAM whose power fails where a test wants it to."""

import random


class PowerFailure(BaseException):
    """The power is gone; whatever was being done is done in part."""


class NorArea:
    """The interface of firmware.store.area.Area; `fuse` operations from now the power fails."""

    def __init__(self, blocks=3, block_size=256, seed=0):
        self.blocks = blocks
        self.block_size = block_size
        self.data = [bytearray(b"\xff" * block_size) for _ in range(blocks)]
        self.programs = self.erases = 0
        self.fuse = None
        self._random = random.Random(seed)

    def read(self, block, offset, buffer):
        assert 0 <= offset <= self.block_size - len(buffer)
        buffer[:] = self.data[block][offset : offset + len(buffer)]

    def program(self, block, offset, data):
        assert 0 <= offset <= self.block_size - len(data)
        target = self.data[block]
        torn = self._blown()
        for position, byte in enumerate(bytes(data)):
            assert target[offset + position] == 255 or byte == 255, "programmed twice"
            spared = self._random.getrandbits(8) if torn else 0
            target[offset + position] &= byte | spared
        if torn:
            raise PowerFailure
        self.programs += 1

    def erase(self, block):
        target = self.data[block]
        torn = self._blown()
        for position in range(self.block_size):
            raised = self._random.getrandbits(8) if torn else 255
            target[position] |= raised
        if torn:
            raise PowerFailure
        self.erases += 1

    def _blown(self):
        if self.fuse is None:
            return False
        self.fuse -= 1
        if self.fuse > 0:
            return False
        self.fuse = None
        return True


class Quiet:
    """Stands for the log."""

    def warning(self, topic, text):
        pass

    error = info = debug = warning
