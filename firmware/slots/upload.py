"""Takes an image in pieces of any size, writes it into the slot that is not running, checks it.

Whatever goes wrong, the running version stays chosen: the choice is changed last, after every
byte was read back from the flash.
"""

import hashlib
from binascii import hexlify

from micropython import const

from firmware.api.errors import ApiError
from firmware.settings import VERSION
from firmware.slots import choice, header
from firmware.slots.header import HEADER, bad
from firmware.slots.places import place

_STEP = const(512)
_BLOCK = const(4096)


def may_write(box):
    """ApiError while the flash must be left alone: no erase may hold the loop of a closed
    contactor, and nobody wants a restart in the middle of his charge."""
    if box.may_hold and not box.may_hold():
        raise ApiError("busy", "a car is charging: send the image again when it has ended")


def may_begin(box):
    """ApiError unless an update may begin now."""
    if choice.form() != "application" and choice.frozen():
        # An image would hold more memory than such a controller has: see docs/update.md.
        text = "this firmware is frozen into a MicroPython without two application partitions:"
        text += " both are updated by cable"
        raise ApiError("refused", text)
    if box.update is not None:
        raise ApiError("busy", "another update is under way")
    may_write(box)
    if choice.on_trial():
        text = f"version {box.system.version} is on trial until it has run for seven minutes;"
        raise ApiError("busy", text + " until then the other slot is needed to go back to")


def start_next(target, slot: str):
    """Have the image in a place, which is `slot`, started on trial at the next reset.

    ApiError or OSError: it is not, and the version that runs stays chosen.
    """
    choice.choose(slot, "trial")
    try:
        target.start()
    except (ApiError, OSError):
        choice.choose(choice.other(slot), "good")
        raise


class Upload:
    """One update: `take` pieces, then `finish`; `close` in any case. They raise ApiError.

    `box` as in firmware/api/box.py; while the update lasts, `box.update` is this object.
    `device` is the flash partition with both slots, the application partition that does not
    run, or None for files.
    """

    def __init__(self, box, device):
        may_begin(box)
        self.slot = choice.other(choice.running()[0])
        self.header = None
        self.received = 0
        self._line = b""
        self._box = box
        self._place = place(self.slot, device)
        self._begun = False
        self._digest = hashlib.sha256()
        box.update = self

    def take(self, piece):
        """The next bytes of the image: holds the caller for one or two block erases at most."""
        may_write(self._box)
        if self.header is None:
            missing = HEADER - len(self._line)
            self._line += bytes(piece[:missing])
            piece = memoryview(piece)[missing:]
            if len(self._line) < HEADER:
                return
            self._begin()
        self.received += len(piece)
        if self.received > self.header["size"]:
            raise bad("the image is longer than its header says")
        self._digest.update(piece)
        self._flash(self._place.write, piece)

    def _begin(self):
        found = self._read()
        board = self._board()
        header.judge(found, board, self._box.system.platform, VERSION)
        room = self._flash(self._place.room)
        if found["size"] + HEADER > room:
            needed = found["size"] + HEADER
            raise ApiError("no_room", f"the image needs {needed} bytes, the slot has {room}")
        self.header = found
        text = f"version {found['version']} ({found['revision']}) is being written into slot"
        self._box.log.info("update", f"{text} {self.slot}")
        self._begun = True
        self._flash(self._place.begin, self._line)

    def _read(self) -> dict:
        return header.read(self._line, choice.form() == "application")

    def _board(self) -> str:
        return self._box.settings.board.get("name", "")

    def finish(self):
        """Check what came and what is on the flash, then choose it, as a generator in short steps.

        After it the box has to restart.
        """
        if self.header is None:
            self._read()
        size = self.header["size"]
        if self.received != size:
            raise bad(f"the image is cut short: {self.received} of {size} bytes came")
        if self._hex() != self.header["sha256"]:
            raise bad("the image is damaged: its SHA-256 is not the one in its header")
        self._flash(self._place.written)
        yield from self._read_back(size)
        self._flash(self._place.examine, self._board())
        may_write(self._box)
        self._flash(self._place.seal)
        self._begun = False
        choice.drop("why")
        self._flash(start_next, self._place, self.slot)
        self._book(size)

    def _read_back(self, size):
        buffer = bytearray(_STEP)
        self._digest = hashlib.sha256()
        at = HEADER
        while at < HEADER + size:
            view = memoryview(buffer)[: min(_STEP, HEADER + size - at)]
            count = self._flash(self._place.read, at, view)
            if not count:
                break
            self._digest.update(view[:count])
            at += count
            yield
        if self._hex() != self.header["sha256"]:
            raise ApiError("flash_failed", "what the flash gives back is not what was written")

    def _hex(self) -> str:
        return hexlify(self._digest.digest()).decode()

    def _flash(self, call, *arguments):
        """Do something that the flash may refuse."""
        try:
            return call(*arguments)
        except OSError as error:
            self._box.wear.failures += 1
            if error.args[0] == 28:
                raise ApiError("no_room", "the flash is full") from None
            raise ApiError("flash_failed", f"the flash refused: {error}") from None

    def _book(self, size):
        blocks = size // _BLOCK + 1
        self._box.wear.wrote("update", size, size // 256, 1000 * blocks)
        text = f"version {self.header['version']} is in slot {self.slot}, on trial from the next"
        self._box.log.warning("update", text + " start")

    def close(self):
        """The end, whether it went well or not; the running version stays as it was."""
        if self._begun:
            self._begun = False
            self._place.drop()
        self._place.close()
        if self._box.update is self:
            self._box.update = None
