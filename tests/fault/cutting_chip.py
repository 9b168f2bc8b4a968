"""A flash chip that remembers what it would hold, had the power failed at any operation."""


class CuttingChip:
    """A block device for littlefs; while `watching`, every program and erase leaves images.

    An image is what a cut may leave of the operation: nothing done, the first half done, random
    bits done, or all done. `expectation()` is called for each operation and kept beside it.
    """

    def __init__(self, data=None, blocks=40, size=4096):
        self.size = size
        self.data = data or [b"\xff" * size] * blocks
        self.watching = False
        self.expectation = None
        self.cuts = []
        self.operations = 0
        self._seed = 12345

    def readblocks(self, block, buffer, offset=0):
        buffer[:] = memoryview(self.data[block])[offset : offset + len(buffer)]

    def writeblocks(self, block, data, offset):
        old = self.data[block]
        new = bytearray(old)
        for position, byte in enumerate(data):
            new[offset + position] &= byte
        middle = offset + len(data) // 2
        self._apply(block, new, middle)
        return 0

    def ioctl(self, operation, argument):
        if operation == 4:
            return len(self.data)
        if operation == 5:
            return self.size
        if operation == 6:
            self._apply(argument, b"\xff" * self.size, self.size // 2)
        return 0

    def _apply(self, block, new, middle):
        old = self.data[block]
        new = bytes(new)
        if self.watching:
            self.operations += 1
            expected = self.expectation()
            for content in (old, new[:middle] + old[middle:], self._random(old, new), new):
                image = self.data[:]
                image[block] = content
                self.cuts.append((image, expected))
        self.data[block] = new

    def _random(self, old, new):
        mixed = bytearray(old)
        for position in range(len(old)):
            if old[position] != new[position]:
                self._seed = (self._seed * 1103515245 + 12345) & 0x3FFFFFFF
                mask = self._seed >> 12 & 255
                mixed[position] = (old[position] & mask) | (new[position] & ~mask & 255)
        return bytes(mixed)
