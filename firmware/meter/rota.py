"""Whose turn it is on a shared line, and who has to wait because he did not answer."""

from firmware.ticks import after, since


class Turn:
    """One device on the line; the device itself has `unit`, `due(now)`, `ask(master, now)`,
    `answered(master, now)` and `failed(error, now)`."""

    def __init__(self, device):
        self.device = device
        self.asked = 0
        self.failures = 0  # in all
        self.failed_in_row = 0
        self.last_error = ""
        self.ready_at = None  # None = any time


class Rota:
    """Gives every due device its turn, one question each.

    A device that failed is left alone for `late_ms`, so that its late answer dies on an idle
    line instead of being taken for the answer to another question: on RTU, and with sloppy TCP
    gateways, the two look the same. From the third failure in a row the pause doubles up to
    `longest_ms`: a dead device costs the others one time-out per pause, and no more.
    """

    def __init__(self, late_ms: int = 1000, longest_ms: int = 30000):
        self.turns = []
        self._late_ms = late_ms
        self._longest_ms = longest_ms
        self._last = 0

    def add(self, device):
        turn = Turn(device)
        for other in self.turns:
            if other.device.unit == device.unit:
                turn.ready_at = other.ready_at
        self.turns.append(turn)

    def remove(self, device):
        for turn in self.turns:
            if turn.device is device:
                self.turns.remove(turn)
                return

    def next(self, now: int) -> Turn | None:
        """The next device that wants to ask and may."""
        count = len(self.turns)
        for step in range(1, count + 1):
            place = (self._last + step) % count
            turn = self.turns[place]
            if self._ready(turn, now) and turn.device.due(now):
                self._last = place
                turn.asked += 1
                return turn
        return None

    def _ready(self, turn: Turn, now: int) -> bool:
        if turn.ready_at is not None and since(now, turn.ready_at) >= 0:
            turn.ready_at = None
        return turn.ready_at is None

    def answered(self, turn: Turn, master, now: int):
        turn.failed_in_row = 0
        turn.device.answered(master, now)

    def failed(self, turn: Turn, error, now: int, pending_ms: int = 0):
        """Note what went wrong; `error.code` is not 0 when the device itself refused, alive.

        For `pending_ms` more its own answer would be in time: what failed may have been another's.
        """
        turn.failures += 1
        turn.last_error = str(error)
        turn.device.failed(error, now)
        if error.code:
            turn.failed_in_row = 0
            return
        turn.failed_in_row += 1
        doublings = min(max(turn.failed_in_row - 2, 0), 10)
        pause_ms = min(self._late_ms << doublings, self._longest_ms)
        ready_at = after(now, pending_ms + pause_ms)
        for other in self.turns:
            if other.device.unit == turn.device.unit:
                other.ready_at = ready_at
