"""NOR flash in RAM for the store's tests: bits only fall, erasing raises a whole block."""


class Quiet:
    """Stands for firmware.log.Log; keeps what was said."""

    def __init__(self):
        self.texts = []

    def warning(self, topic, text):
        self.texts.append(text)

    error = info = debug = warning


class Blocks:
    """The interface of firmware.store.area.Area over plain RAM."""

    def __init__(self, blocks=4, size=1024):
        self.blocks = blocks
        self.block_size = size
        self.data = [bytearray(b"\xff" * size) for _ in range(blocks)]
        self.worn = [0] * blocks
        self.programs = self.erases = 0
        self.stuck = None
        self.dead = False

    def used(self):
        return sum(1 for block in self.data if block != b"\xff" * self.block_size)

    def read(self, block, offset, buffer):
        if self.dead:
            raise OSError(5)
        buffer[:] = memoryview(self.data[block])[offset : offset + len(buffer)]

    def program(self, block, offset, data):
        if self.dead:
            raise OSError(5)
        self.programs += 1
        assert offset + len(data) <= self.block_size
        target = self.data[block]
        for position, byte in enumerate(data):
            assert target[offset + position] == 255, "programmed twice"
            if block != self.stuck:
                target[offset + position] &= byte

    def erase(self, block):
        if self.dead:
            raise OSError(5)
        self.erases += 1
        self.worn[block] += 1
        self.data[block][:] = b"\xff" * self.block_size


class Chip:
    """A block device for littlefs, with counts."""

    def __init__(self, blocks=128, size=4096):
        self.size = size
        self.data = [bytearray(b"\xff" * size) for _ in range(blocks)]
        self.worn = [0] * blocks
        self.reads = self.programs = self.erases = 0
        self.failing = self.raising = False

    def readblocks(self, block, buffer, offset=0):
        self.reads += 1
        buffer[:] = memoryview(self.data[block])[offset : offset + len(buffer)]

    def writeblocks(self, block, data, offset):
        if self.failing:
            return -5
        if self.raising:
            raise OSError(5)
        self.programs += 1
        target = self.data[block]
        end = offset + len(data)
        if target[offset:end] == b"\xff" * len(data):
            target[offset:end] = data
        else:
            for position in range(len(data)):
                target[offset + position] &= data[position]
        return 0

    def ioctl(self, operation, argument):
        if operation == 4:
            return len(self.data)
        if operation == 5:
            return self.size
        if operation == 6:
            if self.failing:
                return -5
            self.erases += 1
            self.worn[argument] += 1
            self.data[argument][:] = b"\xff" * self.size
            return 0
