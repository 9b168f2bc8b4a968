"""Switch outputs of a meter: texts with formulas in them, sent when they change."""

from micropython import const

from firmware.codec.formula import Formula, FormulaError
from firmware.ticks import since

_MOST = const(32)
_LONGEST = const(400)


class OutputError(Exception):
    """What is wrong with an output of a definition."""


class Outputs:
    """`next(now)` gives what to send next, as (address, body), or None.

    outputs  [{"address": ..., "body": ...}]; ${formula} is replaced by its value, and
             ${if formula`one`other} by one of two texts; ${address} and ${id} are the device's.
             An empty address sends nothing; "#30#" before it sends again every 30 s.
    value    function(name) for the formulas
    """

    def __init__(self, outputs: list, value, address: str = "", number: int = 1):
        if not isinstance(outputs, list) or len(outputs) > _MOST:
            raise OutputError(f"outputs is a list of at most {_MOST} objects")
        self._value = value
        self._fixed = {"address": address, "id": str(number)}
        self._orders = []  # [address parts, body parts, repeat in ms, last sent, when]
        self._place = 0
        for output in outputs:
            if not isinstance(output, dict) or not isinstance(output.get("address", ""), str):
                raise OutputError("an output is an object with an address")
            text, repeat_ms = _repeated(output.get("address", ""))
            body = str(output.get("body", ""))
            self._orders.append([_parts(text), _parts(body), repeat_ms, None, 0])

    def next(self, now: int) -> tuple | None:
        """The next (address, body) that changed or is due again; asked until it gives None."""
        while self._place < len(self._orders):
            order = self._orders[self._place]
            self._place += 1
            sending = (self._render(order[0]), self._render(order[1]))
            again = order[2] and order[3] and since(now, order[4]) >= order[2]
            if sending[0] and None not in sending and (sending != order[3] or again):
                order[3] = sending
                order[4] = now
                return sending
        self._place = 0
        return None

    def failed(self, sending: tuple):
        """What could not be sent is sent again in the next cycle."""
        for order in self._orders:
            if order[3] == sending:
                order[3] = None

    def _render(self, parts: list) -> str | None:
        """The text with its formulas worked out; None while one of them has no value."""
        text = ""
        for number, part in enumerate(parts):
            if number % 2 == 0:
                text += part
                continue
            found = self._fixed.get(part) if isinstance(part, str) else self._worked_out(part)
            if found is None:
                return None
            text += found
        return text

    def _worked_out(self, part: tuple) -> str | None:
        formula, one, other = part
        try:
            number = formula.value(self._value)
        except FormulaError:
            return None
        if number is None:
            return None
        if one is not None:
            return one if number else other
        return str(int(number)) if number == int(number) else str(number)


class ModbusOutputs:
    """A device of a Rota that writes outputs to registers: address and body are numbers."""

    def __init__(self, unit: int, outputs: Outputs):
        self.unit = unit
        self._outputs = outputs
        self._sending = None

    def due(self, now: int) -> bool:
        if self._sending is None:
            self._sending = self._outputs.next(now)
        return self._sending is not None

    def ask(self, master, now: int):
        """Put the next order into `master` (function 6)."""
        address, body = self._sending
        master.order(self.unit, 6, _number(address) & 0xFFFF, _number(body) & 0xFFFF)

    def answered(self, master, now: int):
        self._sending = None

    def failed(self, error, now: int):
        if not error.code:  # what a device refuses, it would refuse again
            self._outputs.failed(self._sending)
        self._sending = None


def _number(text: str) -> int:
    try:
        return int(text, 16) if text[:2] in ("0x", "0X") else int(float(text))
    except ValueError:
        return 0


def _repeated(address: str) -> tuple:
    """("#30#/x") is ("/x", 30000)."""
    if not address.startswith("#"):
        return address, 0
    seconds, _, rest = address[1:].partition("#")
    if not seconds.isdigit() or len(seconds) > 5:
        raise OutputError("behind # belong seconds and another #")
    return rest, 1000 * int(seconds)


def _parts(text: str) -> list:
    """Plain texts at even places; at odd ones a fixed name or (formula, one, other)."""
    if len(text) > _LONGEST:
        raise OutputError(f"longer than {_LONGEST} characters")
    pieces = text.split("${")
    parts = [pieces[0]]
    for piece in pieces[1:]:
        inside, end, rest = piece.partition("}")
        if not end:
            raise OutputError("${ is never closed")
        parts.append(inside if inside in ("address", "id") else _formula(inside))
        parts.append(rest)
    return parts


def _formula(inside: str) -> tuple:
    one = other = None
    if inside.startswith("if "):
        choices = inside[3:].split("`")
        if len(choices) != 3:
            raise OutputError("${if formula`one`other} has two texts")
        inside, one, other = choices
    try:
        return Formula(inside), one, other
    except FormulaError as error:
        raise OutputError(str(error))
