"""One question to a Modbus device between the polls of the meters: read or write, then gone."""

import asyncio


class BusError(Exception):
    """No answer that can be used; `code` is the device's exception, 0 for silence and garbage."""

    def __init__(self, reason: str, code: int):
        super().__init__(reason)
        self.code = code


class _Question:
    """A device of the bus's Rota with a single thing to ask."""

    def __init__(self, unit: int, put, count: int):
        self.unit = unit
        self.words = []
        self.error = None
        self.done = asyncio.Event()
        self._put = put
        self._count = count
        self._asked = False

    def due(self, now: int) -> bool:
        return not self._asked

    def ask(self, master, now: int):
        self._asked = True
        self._put(master)

    def answered(self, master, now: int):
        self.words = [master.word(i) for i in range(self._count)]
        self.done.set()

    def failed(self, error, now: int):
        self.error = error
        self.done.set()


async def read(bus, unit: int, function: int, address: int, count: int) -> list:
    """Registers of a device on an RtuBus or a ModbusTcp; raises BusError."""
    return await _ask(
        bus, _Question(unit, lambda master: master.ask(unit, function, address, count), count)
    )


async def write(bus, unit: int, address: int, value: int):
    """Set one register (function 6); raises BusError."""
    await _ask(bus, _Question(unit, lambda master: master.order(unit, 6, address, value), 0))


async def _ask(bus, question: _Question) -> list:
    bus.rota.add(question)
    try:
        await question.done.wait()
    finally:
        bus.rota.remove(question)
    if question.error:
        raise BusError(str(question.error), question.error.code)
    return question.words
