"""A box with slots on a littlefs at /data, images to put into them, and a flash that can fail."""

import hashlib
import json
import os
import sys
from binascii import hexlify

import vfs

from firmware.api.errors import ApiError
from firmware.slots import choice, manage
from firmware.store.wear import Wear
from tests.application_image import application
from tests.unit.api.bench import BOARD, Bench
from tests.unit.store.nor import Chip

sys.path.append("tools/sim")

from otadata import Selection

FORMS = ("files", "partition")
APPLICATION = "application"  # not among FORMS: its images are others
_BLOCK = 4096
_HALF = 16


class Partition(Chip):
    """The flash partition "romfs"; `spoil` changes bytes on their way to the flash."""

    def __init__(self, blocks=2 * _HALF):
        Chip.__init__(self, blocks)
        self.spoil = None

    def writeblocks(self, block, data, offset):
        if self.raising:
            raise OSError(5)
        data = bytes(data)
        if self.spoil:
            data = self.spoil(data)
        return Chip.writeblocks(self, block, data, offset)

    def ioctl(self, operation, argument):
        if self.raising and operation == 6:
            raise OSError(5)
        return Chip.ioctl(self, operation, argument)


class Applications:
    """Two application partitions, of which one runs, and the bootloader's choice.

    `chips`: block devices of the choice and of both, if not fresh ones.
    """

    def __init__(self, *chips):
        self.chips = chips or (Chip(2), Partition(_HALF), Partition(_HALF))
        self.selection = Selection(self.chips[0], self.chips[1:])
        self.running = 0

    def reset(self) -> str:
        """The slot that the bootloader starts."""
        self.running = self.selection.start()
        return "ab"[self.running]

    def other(self):
        return Application(self, 1 - self.running)


class Application:
    """An application partition, as `esp32.Partition` shows it."""

    def __init__(self, applications, number):
        self._selection = applications.selection
        self._number = number
        chip = applications.chips[1 + number]
        self.readblocks = chip.readblocks
        self.writeblocks = chip.writeblocks
        self.ioctl = chip.ioctl

    def set_boot(self):
        self._selection.set_boot(self._number)

    def mark_app_valid_cancel_rollback(self):
        self._selection.mark_valid()


class Slots:
    """`box` runs from slot a in this form; `closed` is its contactor."""

    def __init__(self, form, blocks=64):
        self.form = form
        self.chip = Chip(blocks)
        self.partition = Partition()
        self.closed = False
        self.bench = Bench()
        self.box = box = self.bench.box
        box.settings.board = BOARD | {"name": "sim"}
        box.may_hold = lambda: not self.closed
        box.wear = Wear()
        box.system.slots = lambda: manage
        box.system.image_partition = lambda: self.partition
        self.applications = None
        if form == APPLICATION:
            self.applications = Applications()
            put(self.applications.chips[1], application(b"a" * 5000))
            self.applications.reset()
            # Looked up anew, because a test may exchange them.
            box.system.image_partition = lambda: self.applications.other()  # noqa: PLW0108
        sys.modules["slot"] = ("a", form if form == APPLICATION else form == "partition")
        _umount()
        vfs.VfsLfs2.mkfs(self.chip)
        vfs.mount(vfs.VfsLfs2(self.chip), "/data")
        os.mkdir("/data/slots")
        choice.choose("a", "good")

    def send(self, data, size=512):
        """An update in pieces of this size; what it was refused with, or None."""
        try:
            upload = manage.begin(self.box)
        except ApiError as error:
            return error
        try:
            for at in range(0, len(data), size):
                upload.take(data[at : at + size])
            for _ in upload.finish():
                pass
        except ApiError as error:
            return error
        finally:
            upload.close()
        return None

    def stored(self, slot):
        """The bytes in a slot, or b"" when nothing is there that could be taken for an image."""
        if self.form == "files":
            try:
                with open(f"/data/slots/{slot}.img", "rb") as file:
                    return file.read()
            except OSError:
                return b""
        if self.form == APPLICATION:
            data = b"".join(self.applications.chips["ab".index(slot) + 1].data)
            note = data[-4096:]
            return note[:256] + data[:-4096] if note.startswith(b'{"application"') else b""
        first = _HALF if slot == "b" else 0
        data = b"".join(self.partition.data[first : first + _HALF])
        return data if data.startswith(b'{"wallbox"') else b""

    def untouched(self):
        """Whether this version runs on, and is started again."""
        names = os.listdir("/data/slots")
        return (
            choice.words("choice") == ["a", "good", "0"]
            and self.box.update is None
            and not self.box.system.asked
            and not any(name.endswith(".new") for name in names)
        )


def put(chip, data):
    """Have these bytes at the beginning of a chip, as a programmer leaves them."""
    for at in range(0, len(data), 4096):
        part = data[at : at + 4096]
        chip.data[at // 4096][: len(part)] = part


def _umount():
    try:
        vfs.umount("/data")
    except OSError:
        pass


def close():
    """After a test: nothing is mounted, and no slot is said to run."""
    _umount()
    sys.modules.pop("slot", None)


def _number(value):
    data = bytes([value & 127])
    while value > 127:
        value >>= 7
        data = bytes([128 | value & 127]) + data
    return data


def _record(kind, content):
    return _number(kind) + _number(len(content)) + content


def romfs(files) -> bytes:
    """A ROM file system with these files, by path, folders in between."""
    content = b""
    folders = []
    for path in files:
        name, slash, _ = path.partition("/")
        if not slash:
            data = _record(2, files[path])
            content += _record(5, _number(len(name)) + name.encode() + data)
        elif name not in folders:
            folders.append(name)
            inside = {p[len(name) + 1 :]: files[p] for p in files if p.startswith(name + "/")}
            body = romfs(inside)
            start = 3
            while body[start] > 127:
                start += 1
            content += _record(4, _number(len(name)) + name.encode() + body[start + 1 :])
    return b"\xd2\xcd\x31" + _number(len(content)) + content


def image(content=None, fill=9000, **changes) -> bytes:
    """An image that this box may run; `changes` are made in its header."""
    if content is None:
        content = romfs(
            {
                "firmware/api/info.mpy": b"x" * fill,
                "firmware/app.mpy": b"app",
                "firmware/boards/devkit.mpy": b"d",
                "firmware/boards/sim.mpy": b"s",
            }
        )
    header = {
        "wallbox": 1,
        "version": "2.0.101",
        "revision": "abc",
        "chip": "esp32",
        "micropython": [1, 25],
        "mpy": sys.implementation._mpy & 255,
        "config": 1,
        "size": len(content),
        "sha256": hexlify(hashlib.sha256(content).digest()).decode(),
    } | changes
    return _line("wallbox", header) + content


def _line(name, header):
    # MicroPython's dicts are not ordered: what the header is known by comes first.
    header.pop(name)
    line = json.dumps(header)
    line = '{"' + name + '":1, ' + line[1:]
    return (line + " " * (255 - len(line)) + "\n").encode()


def app_image(content=None, fill=9000, **changes) -> bytes:
    """The same for a box with frozen firmware: `content` is an application."""
    if content is None:
        content = application(b"x" * fill)
    header = {
        "application": 1,
        "version": "2.0.101",
        "revision": "abc",
        "chip": "esp32",
        "config": 1,
        "size": len(content),
        "sha256": hexlify(hashlib.sha256(content).digest()).decode(),
        "boards": ["devkit", "sim"],
    } | changes
    return _line("application", header) + content


def refuses_while_a_car_charges(slots, data):
    """Neither before the first byte nor when charging begins in between."""
    slots.closed = True
    error = slots.send(data)
    assert error.code == "busy" and "car is charging" in error.text and slots.untouched()
    slots.closed = False
    upload = manage.begin(slots.box)
    upload.take(data[:5000])
    slots.closed = True
    try:
        upload.take(data[5000:])
    except ApiError as error:
        assert error.code == "busy", error
    else:
        raise AssertionError("written with a closed contactor")
    upload.close()
    assert slots.untouched()
