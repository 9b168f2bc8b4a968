"""Questions to other devices on the RS485 line, asked on behalf of an API client."""

import struct

from firmware.api.errors import ApiError

COMMANDS = b"""
modbus_get admin - any addr?:text:0:64 func?:int:3:4 id:int:1:247 reg:text:1:8
 type?:w|d|f|q|s cnt?:int:1:64 order?:hl|lh
modbus_set admin - ok addr?:text:0:64 func?:int:6:16 id:int:1:247 reg:text:1:8
 val:text:1:32 type?:w|d|f|q order?:hl|lh
"""
_WORDS = {"w": 1, "d": 2, "f": 2, "q": 4}
_FORMATS = {"w": ">H", "d": ">i", "f": ">f", "q": ">q"}


class Later:
    """An answer that takes time, and the one question to the line that brings it.

    `ready` and `answer`, or `then(answer)` if that is set. To the line it is a device that
    wants to ask once.
    """

    def __init__(self, bus, unit: int, put, decode):
        self.unit = unit
        self.ready = False
        self.answer = None
        self.then = None
        self._bus = bus
        self._put = put
        self._decode = decode
        bus.rota.add(self)

    def due(self, now: int) -> bool:
        return not self.ready

    def ask(self, master, now: int):
        """Put the question into `master`."""
        self._put(master)

    def answered(self, master, now: int):
        self._finish(self._decode(master))

    def failed(self, error, now: int):
        self._finish(ApiError("no_answer", str(error), "id").answer())

    def _finish(self, answer):
        self._bus.rota.remove(self)
        self.answer = answer
        self.ready = True
        if self.then:
            self.then(answer)


def _register(text):
    try:
        number = int(text, 16) if text[:2] in ("0x", "0X") else int(text)
    except ValueError:
        number = -1
    if not 0 <= number <= 65535:
        raise ApiError("bad_value", "reg: 0 to 65535 or 0x0 to 0xFFFF expected", "reg")
    return number


def _checked(box, arguments):
    if box.bus is None:
        raise ApiError("not_supported", "no RS485 line is in use on this box", "cmd")
    if arguments.get("addr", "COM1")[:4] != "COM1":
        raise ApiError("not_supported", "only COM1, the RS485 line of this box", "addr")
    return _register(arguments["reg"])


def modbus_get(box, arguments: dict, role: int) -> Later:
    """Read a register of any device on the RS485 line of this box."""
    register = _checked(box, arguments)
    kind = arguments.get("type", "w")
    count = arguments.get("cnt", 8) if kind == "s" else _WORDS[kind]
    low_first = arguments.get("order") == "lh"

    def put(master):
        master.ask(arguments["id"], arguments.get("func", 3), register, count)

    def decode(master):
        words = [master.word(place) for place in range(count)]
        return _value(kind, reversed(words) if low_first else words)

    return Later(box.bus, arguments["id"], put, decode)


def _value(kind, words):
    data = b"".join([struct.pack(">H", word) for word in words])
    if kind == "s":
        return "".join(chr(byte) for byte in data if 32 <= byte < 127)
    return struct.unpack(_FORMATS[kind], data)[0]


def modbus_set(box, arguments: dict, role: int) -> Later:
    """Write a register of any device on the RS485 line of this box."""
    register = _checked(box, arguments)
    words = _words(arguments.get("type", "w"), arguments["val"])
    if arguments.get("order") == "lh":
        words.reverse()

    def put(master):
        if len(words) == 1 and arguments.get("func", 6) == 6:
            master.order(arguments["id"], 6, register, words[0])
        else:
            master.order_many(arguments["id"], register, words)

    return Later(box.bus, arguments["id"], put, lambda master: "ok")


_BITS = {"w": 16, "d": 32, "q": 64}


def _words(kind, text):
    try:
        if kind == "f":
            data = struct.pack(">f", float(text))
        else:
            number, bits = int(text), _BITS[kind]
            if not -(1 << bits - 1) <= number < 1 << bits:
                raise ValueError
            data = bytes([number >> shift & 255 for shift in range(bits - 8, -1, -8)])
    except (ValueError, OverflowError):
        raise ApiError("bad_value", "val: a number that fits the type expected", "val") from None
    return [data[place] << 8 | data[place + 1] for place in range(0, len(data), 2)]
