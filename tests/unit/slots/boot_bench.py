"""Runs boot.py on chips in RAM: what it drives, which image it mounts, which watchdog it arms."""

import sys

import vfs

with open("boot.py") as _file:
    BOOT = compile(_file.read(), "boot.py", "exec")


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


class Rom:
    """`vfs` as boot.py sees it, with a partition mapped."""

    VfsRom = vfs.VfsRom
    mount = staticmethod(vfs.mount)

    def __init__(self, partition):
        self._memory = b"".join(bytes(block) for block in partition.data)

    def rom_ioctl(self, operation, number=0):
        return 1 if operation == 1 else self._memory


def boot(data, partition=None, machine=None):
    """Start with this file system (and this partition): the slot and its mark, or None.

    The mark of an image is the size of one of its files, see `image` in slots_bench.py.
    """
    vfs.umount("/data")
    vfs.mount(vfs.VfsLfs2(data), "/data")
    sys.modules["machine"] = machine or Machine()
    if partition:
        sys.modules["vfs"] = Rom(partition)
    path = sys.path[:]
    sys.path[:] = [".frozen"]
    hidden = {name: sys.modules[name] for name in sys.modules if name.startswith("firmware")}
    for name in hidden:
        del sys.modules[name]
    try:
        exec(BOOT, {"__name__": "__main__"})
        slot = sys.modules["slot"][0]
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
        for name in list(sys.modules):
            if name.startswith("firmware"):
                del sys.modules[name]
        sys.modules.update(hidden)
        try:
            vfs.umount("/image")
        except OSError:
            pass
