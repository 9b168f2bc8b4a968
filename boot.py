"""First code after reset: outputs safe, then the version of the firmware that is to start.

Until the outputs are driven, and on a controller without a chosen board, the hardware's pull-downs
hold the coil drivers off. Which pins those are stands in the firmware's own table, and that lies
in an image that has to be found first; so the firmware leaves a list of the pins in
/data/slots/pins, for the slot and the board that it was made for. Whatever is wrong with the
list, the choice, or the images is printed and passed over. See docs/update.md.

Of a frozen firmware there is no image: the bootloader has started one of two applications.
"""

import sys

import machine

_FOLDER = "/data/slots/"
_MOUNT = "/image"
_HEADER = 256
_STARTS = 4  # as many starts a version has to confirm itself
# In trial, until the pilot loop sets its own watchdog: a first start takes up to half a minute.
_WATCHDOG_MS = 90000
# Why the bootloader has started another application than the chosen one, by its state.
_LEFT = {"trial": "was not confirmed before a reset", "bad": "did not prove itself"}
_COILS = ("contactor", "phase_contactor", "lock", "residual_test", "pilot_disconnect")


class Folder:
    """An image in a file, as a file system: stock MicroPython for the ESP32 has no VfsRom."""

    def __init__(self, file):
        self._file = file
        # A line for each file: "/path place size". One text, because a dict of as many names
        # takes four times the memory.
        lines = ["\n"]
        first, end = _record(file, _HEADER)[1:3]
        _list(file, first, end, lines)
        self._index = "".join(lines)

    def mount(self, *_):
        pass

    chdir = mount

    def umount(self):
        self._file.close()

    def _find(self, path):
        start = self._index.find("\n" + path + " ")
        if start < 0:
            return None
        line = self._index[start + 1 : self._index.find("\n", start + 1)].split(" ")
        return int(line[1]), int(line[2])

    def stat(self, path):
        found = self._find(path)
        if found is None and ("\n" + path.rstrip("/") + "/") not in self._index:
            raise OSError(2)
        return (0x8000 if found else 0x4000, 0, 0, 0, 0, 0, found[1] if found else 0, 0, 0, 0)

    def open(self, path, mode):
        import io

        found = self._find(path)
        if found is None:
            raise OSError(2)
        self._file.seek(found[0])
        data = self._file.read(found[1])
        return io.BytesIO(data) if "b" in mode else io.StringIO(str(data, "utf-8"))

    def ilistdir(self, path):
        path = path.rstrip("/") + "/"
        folders = []
        for line in self._index.split("\n"):
            if line.startswith(path):
                name, slash, _ = line[len(path) :].partition("/")
                if not slash:
                    name, _, size = name.split(" ")
                    yield name, 0x8000, 0, int(size)
                elif name not in folders:
                    folders.append(name)
                    yield name, 0x4000, 0


def _number(data, at):
    """(value, place after it) of a number in groups of seven bits, highest first."""
    value = 0
    while True:
        value = value << 7 | data[at] & 127
        at += 1
        if data[at - 1] < 128:
            return value, at


def _record(file, at):
    """(kind, place of the contents, place after it, first bytes of the contents)"""
    file.seek(at)
    data = file.read(80)
    kind, after = _number(data, 0)
    size, after = _number(data, after)
    return kind, at + after, at + after + size, data[after:]


def _list(file, at, end, lines, path=""):
    """Add a line for each file between two places of a ROM file system."""
    while at < end:
        kind, first, following, data = _record(file, at)
        if kind in (4, 5):  # folder, file
            size, start = _number(data, 0)
            name = path + "/" + str(data[start : start + size], "utf-8")
            first += start + size
            if kind == 4:
                _list(file, first, following, lines, name)
            else:
                first, last = _record(file, first)[1:3]
                lines.append(f"{name} {first} {last - first}\n")
        at = following


def _words(name):
    try:
        with open(name) as file:
            return file.read(120).split()
    except (OSError, UnicodeError):
        return []


def _keep(name, text):
    """Write a small file, all of it or nothing; whether it could be written."""
    import os

    try:
        with open(_FOLDER + name + ".new", "w") as file:
            file.write(text)
        os.rename(_FOLDER + name + ".new", _FOLDER + name)
    except OSError as error:
        print("boot:", name, "cannot be written:", error)
        return False
    return True


def _drive(pilot, coils):
    """Every coil output low, and the pilot at +12 V, which offers nothing."""
    for number in coils:
        machine.Pin(int(number), machine.Pin.OUT, value=0)
    machine.Pin(int(pilot), machine.Pin.OUT, value=1)


def make_safe_by_list(chosen):
    """As the firmware in this slot has left it for this board."""
    pins = _words(_FOLDER + "pins")
    if chosen and len(pins) > 2 and pins[:2] == _words("/data/board")[:1] + [chosen[0]]:
        _drive(pins[2], pins[3:])


def make_safe():
    """As the firmware's own table says."""
    from firmware import wiring

    board = wiring.chosen()
    if board is not None:
        _drive(board["pilot_pwm"], [board[name] for name in _COILS if board.get(name) is not None])


def mapped():
    """The flash that holds both slots one behind the other, as memory; None if there is none."""
    import vfs

    ioctl = getattr(vfs, "rom_ioctl", None)
    if ioctl is None or ioctl(1) < 1:
        return None
    memory = memoryview(ioctl(2, 0))
    return memory if len(memory) >= 65536 else None


class Image:
    """What is in one slot. OSError or ValueError: nothing that could be started."""

    def __init__(self, slot, memory):
        import json

        self._memory = self._file = None
        if memory:
            half = len(memory) // 2
            self._memory = memory[:half] if slot == "a" else memory[half:]
            line = bytes(self._memory[:_HEADER])
        else:
            self._file = open(f"{_FOLDER}{slot}.img", "rb")
            line = self._file.read(_HEADER)
        if line[:11] != b'{"wallbox":':
            raise ValueError("no image")
        header = json.loads(line)
        self._size = header["size"]
        self._sha256 = header["sha256"]

    def check(self):
        """ValueError unless every byte is as it was built."""
        import binascii
        import hashlib

        digest = hashlib.sha256()
        if self._memory:
            for at in range(_HEADER, _HEADER + self._size, 4096):
                digest.update(self._memory[at : min(at + 4096, _HEADER + self._size)])
        else:
            piece = bytearray(1024)
            while count := self._file.readinto(piece):
                digest.update(memoryview(piece)[:count])
        if binascii.hexlify(digest.digest()).decode() != self._sha256:
            raise ValueError("image damaged")

    def mount(self):
        import vfs

        if self._memory:
            content = self._memory[_HEADER : _HEADER + self._size]
            system = vfs.VfsRom(content)  # pyright: ignore  not in stock images
        else:
            system = Folder(self._file)
        vfs.mount(system, _MOUNT)
        sys.path.insert(0, _MOUNT)


def choice():
    """(slot, state, starts) as chosen, or None."""
    words = _words(_FOLDER + "choice")
    if len(words) == 3 and words[0] in ("a", "b") and words[2].isdigit():
        return words[0], words[1], int(words[2])
    return None


def order(chosen):
    """The slots to try one after the other, and why the first one is not the chosen one."""
    if chosen is None:
        return "ab", "no choice of a slot could be read"
    slot, state, starts = chosen
    other = "b" if slot == "a" else "a"
    if state == "bad":
        return other + slot, f"{slot} did not prove itself"
    if state == "trial":
        if starts >= _STARTS:
            return other + slot, f"{slot} was not confirmed in {starts} starts"
        # Counted before anything of it runs, and nothing of it can hang for ever.
        machine.WDT(timeout=_WATCHDOG_MS)
        if not _keep("choice", f"{slot} trial {starts + 1}"):
            return other + slot, f"the starts of {slot} cannot be counted"
    return slot + other, ""


def follow(chosen):
    """Of a frozen firmware: count the trial of the application that runs; whether it is one.

    By itself the bootloader leaves an application at the first reset of its trial. One that has
    no rollback is sent back from here, after as many starts as an image has.
    """
    import esp32

    running = esp32.Partition(esp32.Partition.RUNNING)
    label = running.info()[4]
    if label not in ("app_a", "app_b"):
        return False
    slot = label[4]
    sys.modules["slot"] = slot, "application"  # pyright: ignore
    if chosen is None:
        return True
    if chosen[0] == slot:
        slots, why = order(chosen)
        if slots[0] == slot:
            return True
        try:
            running.get_next_update().set_boot()
            machine.reset()
        except OSError as error:
            why = f"{why}; the other one cannot be started: {error}"
    else:
        why = f"{chosen[0]} {_LEFT.get(chosen[1], 'could not be started')}"
    _keep("choice", f"{slot} good 0")
    _keep("why", f"{why}; {slot} was started")
    return True


def start(chosen):
    """Mount the image to run; sys.modules["slot"] tells the firmware (slot, mapped)."""
    memory = mapped()
    sys.modules["slot"] = "", bool(memory)  # pyright: ignore
    slots, why = order(chosen)
    for slot in slots:
        try:
            image = Image(slot, memory)
            if not chosen or chosen[:2] != (slot, "good"):
                image.check()
            image.mount()
        except Exception as error:
            if chosen:
                why = f"{why}; {slot}: {error}".lstrip("; ")
            continue
        sys.modules["slot"] = slot, bool(memory)  # pyright: ignore
        if not chosen or slot != chosen[0] or slot != slots[0]:
            _keep("choice", f"{slot} good 0")
            _keep("why", f"{why}; {slot} was started")
        return
    if chosen:
        _keep("why", why)
        print("boot: there is no image to start:", why)


def attempt(complaint, call, *arguments):
    """What a step gives; None when it fails, which is printed and passed over."""
    try:
        return call(*arguments)
    except Exception as error:
        print("boot:", complaint, repr(error))


def run():
    """Everything, each step whatever became of the one before."""
    chosen = choice()
    attempt("the list of pins is not used:", make_safe_by_list, chosen)
    if not attempt("it cannot be seen which application runs:", follow, chosen):
        attempt("no slot was chosen:", start, chosen)
    # main.py, and with it the console, must start whatever is wrong.
    attempt("outputs left to the hardware's pull-downs:", make_safe)


run()

# main.py shares this namespace: what has done its work gives its memory back.
for _name in [name for name in globals() if name[:2] != "__"]:
    del globals()[_name]
