"""The chip's part of deployment: sent to the prompt and run there, on an empty chip as well.

Nothing in here needs the firmware. What ends in the middle leaves the choice of the slot alone.
"""

import binascii
import gc
import hashlib
import json
import os

import esp32
import machine
import vfs

BLOCK = 4096
HEADER = 256
SLOTS = "/data/slots/"
# Whoever is left alone here, because the cable was pulled, starts again by itself.
watchdog = machine.WDT(timeout=120000)
target = []  # the file that is being written


def partition():
    """The partition that holds both slots and can be executed in place, or None."""
    if getattr(vfs, "rom_ioctl", None) is None or vfs.rom_ioctl(1) < 1:
        return None
    found = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="romfs")
    return found[0] if found else None


def half():
    """Bytes that one slot of the partition holds; 0 when slots are files."""
    device = partition()
    return device.info()[3] // 2 if device else 0


class Flashed:
    """A slot in the partition, block by block; `limit` bytes can be read."""

    def __init__(self, slot):
        self.device = partition()
        self.block = (half() // BLOCK) * (slot == "b")
        self.rest = b""

    def readinto(self, buffer):
        self.device.readblocks(self.block, buffer)
        self.block += 1
        return len(buffer)

    def write(self, data):
        data = self.rest + data
        while len(data) >= BLOCK:
            self.device.writeblocks(self.block, data[:BLOCK])
            self.block += 1
            data = data[BLOCK:]
        self.rest = data

    def close(self):
        if self.rest:
            self.write(b"\xff" * (BLOCK - len(self.rest)))


def slot_file(slot, mode):
    if half():
        return Flashed(slot)
    return open(SLOTS + slot + ".img", mode)


def exists(path):
    try:
        os.stat(path)
        return True
    except OSError:
        return False


def read(path):
    try:
        with open(path) as file:
            return file.read(200).strip()
    except OSError:
        return ""


def keep(path, text):
    """All of a small file or nothing of it."""
    with open(path + ".new", "w") as file:
        file.write(text)
    os.rename(path + ".new", path)


def folders():
    for path in ("/data", "/data/slots"):
        if not exists(path):
            os.mkdir(path)


def digest(file, size, first=b""):
    """SHA-256 of `first` and the next `size` bytes of the file; the name of what is read."""
    total = hashlib.sha256(first)
    buffer = bytearray(BLOCK)
    while size > 0:
        count = min(size, file.readinto(buffer))
        if not count:
            return ""
        total.update(memoryview(buffer)[:count])
        size -= count
        watchdog.feed()
    return binascii.hexlify(total.digest()).decode()


def hash_of(path):
    """SHA-256 of a file, empty when there is none."""
    try:
        with open(path, "rb") as file:
            return digest(file, os.stat(path)[6])
    except OSError:
        return ""


def look(slot):
    """[version, SHA-256 of the contents] of a slot as it is; None unless they are sound."""
    try:
        file = slot_file(slot, "rb")
        block = bytearray(BLOCK)
        count = file.readinto(block)
        header = json.loads(bytes(block[:HEADER]))
        first = bytes(block[HEADER : min(count, HEADER + header["size"])])
        found = digest(file, header["size"] - len(first), first)
        file.close()
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return [header["version"], found] if found == header["sha256"] else None


def configured():
    """Version of the saved configuration, 0 when there is none; names of the files."""
    version = 0
    for name in ("config.0.json", "config.1.json"):
        try:
            with open("/data/" + name) as file:
                file.readline()
                version = max(version, json.load(file).get("version", 1))
        except (OSError, ValueError, AttributeError, MemoryError):
            pass
    return version


def free(path="/"):
    state = os.statvfs(path)
    return state[0] * state[3]


def facts():
    gc.collect()
    choice = read(SLOTS + "choice").split(" ")
    return {
        "memory": gc.mem_free(),
        "half": half(),
        "free": free(),
        "choice": choice if len(choice) == 3 else None,
        "a": look("a"),
        "b": look("b"),
        "board": read("/data/board"),
        "config": configured(),
        "ledger": exists("/data/ledger"),
        "boot.py": hash_of("/boot.py"),
        "main.py": hash_of("/main.py"),
    }


def size_of(slot):
    """Bytes of flash that come free when this slot is written anew."""
    path = SLOTS + slot + ".img"
    return 0 if half() or not exists(path) else os.stat(path)[6]


def begin_slot(slot):
    folders()
    if size_of(slot):
        os.remove(SLOTS + slot + ".img")
    target.append(slot_file(slot, "wb"))


def begin(path):
    target.append(open(path, "wb"))


def put(text):
    watchdog.feed()
    target[0].write(binascii.a2b_base64(text))


def done():
    target.pop().close()


def pad(count):
    for _ in range(count // 64):
        target[0].write(b"\xff" * 64)
    target[0].write(b"\xff" * (count % 64))


def switch(choice, names):
    """What was put beside is taken, one name after the other; the choice comes last."""
    for name in names:
        os.rename(name + ".new", name)
    keep(SLOTS + "choice", choice)


def remove(path):
    if exists(path):
        os.remove(path)


def tree(folder, names):
    """Paths below a folder."""
    for entry in os.ilistdir(folder):
        path = folder + "/" + entry[0]
        if entry[1] & 0x4000:
            tree(path, names)
        else:
            names.append(path)
    return names


def kept():
    """The files that a backup holds."""
    if not exists("/data"):
        return []
    return [path for path in tree("/data", []) if not path.startswith(SLOTS)]


def give(path):
    """Print a file in pieces of base64, blank flash at the end left out; its size."""
    size = os.stat(path)[6]
    with open(path, "rb") as file:
        if path.startswith(("/data/ledger", "/data/transactions")):
            print(binascii.b2a_base64(file.read().rstrip(b"\xff")).decode(), end="")
        else:
            while data := file.read(1536):
                print(binascii.b2a_base64(data).decode(), end="")
    watchdog.feed()
    return size
