"""Runs boot.py on chips in RAM: what it drives, which image it mounts, which watchdog it arms."""

import sys

import vfs

with open("boot.py") as _file:
    BOOT = compile(_file.read(), "boot.py", "exec")


class Reset(BaseException):
    """machine.reset() was called."""


class Machine:
    """Notes what is done to pins, and the watchdog that is armed."""

    def __init__(self):
        self.driven = []
        self.watchdog = None
        machine = self

        class Pin:
            OUT = 1

            def __init__(self, number, mode, value):
                machine.driven.append((number, value))

        self.Pin = Pin

    def WDT(self, timeout):  # noqa: N802
        self.watchdog = timeout

    def reset(self):
        raise Reset


class Esp32:
    """`esp32` with the application `running` ("factory" is one without another).

    `asked` counts how often the other one was chosen; with `refusing` that is refused.
    """

    def __init__(self, running="factory", refusing=False):
        self.asked = 0
        module = self

        class Partition:
            RUNNING = 1

            def __init__(self, which):
                assert which == 1

            def info(self):
                return (0, 0x10, 0x10000, 0x1C0000, running, False)

            def get_next_update(self):
                return self

            def set_boot(self):
                module.asked += 1
                if refusing:
                    raise OSError(-5379)

        self.Partition = Partition


class Rom:
    """`vfs` as boot.py sees it, with a partition mapped."""

    VfsRom = vfs.VfsRom
    mount = staticmethod(vfs.mount)

    def __init__(self, partition):
        self._memory = b"".join(bytes(block) for block in partition.data)

    def rom_ioctl(self, operation, number=0):
        return 1 if operation == 1 else self._memory


def boot(data, partition=None, machine=None, esp32=None):
    """Start with this file system (and this partition): the slot and its mark, or None.

    The mark of an image is the size of one of its files, see `image` in slots_bench.py; an
    application has none. Reset comes through.
    """
    vfs.umount("/data")
    vfs.mount(vfs.VfsLfs2(data), "/data")
    sys.modules["machine"] = machine or Machine()
    sys.modules["esp32"] = esp32 or Esp32()
    if partition:
        sys.modules["vfs"] = Rom(partition)
    path = sys.path[:]
    sys.path[:] = [".frozen"]
    hidden = {name: sys.modules[name] for name in sys.modules if name.startswith("firmware")}
    for name in hidden:
        del sys.modules[name]
    try:
        exec(BOOT, {"__name__": "__main__"})
        slot, mapped = sys.modules["slot"]
        if mapped == "application":
            assert "/image" not in sys.path
            return slot, None
        if not slot:
            assert "/image" not in sys.path
            return None
        assert sys.path[0] == "/image"
        with open("/image/firmware/api/info.mpy", "rb") as file:
            return slot, len(file.read())
    finally:
        sys.path[:] = path
        sys.modules["vfs"] = vfs
        sys.modules.pop("machine")
        sys.modules.pop("esp32")
        for name in list(sys.modules):
            if name.startswith("firmware"):
                del sys.modules[name]
        sys.modules.update(hidden)
        try:
            vfs.umount("/image")
        except OSError:
            pass
