"""An RS485 line with Modbus RTU meters on it, at the speed of real characters."""

import struct

from micropython import const

_READ_HOLDING = const(3)
_READ_INPUT = const(4)
_ILLEGAL_FUNCTION = const(1)
_ILLEGAL_ADDRESS = const(2)
_SILENCE_CHARACTERS = const(4)
_REPLY_MS = const(25)


def crc16(data) -> int:
    """The check word of Modbus RTU."""
    return _crc16(data, len(data))


@micropython.viper
def _crc16(data: ptr8, length: int) -> int:
    crc = 0xFFFF
    for i in range(length):
        crc ^= data[i]
        for _ in range(8):
            if crc & 1:
                crc = crc >> 1 ^ 0xA001
            else:
                crc >>= 1
    return crc


class Bus:
    """The line behind one UART; `meters` are on it by their unit number.

    The driver-enable pin must be high while the chip sends and low while a meter answers, or the
    characters are lost, as on a real line. `lost` counts them.
    """

    def __init__(self, world, wiring: tuple, character_us: int = 1146, format=(8, 0, 1)):
        self._world = world
        self._number, _, _, enable_pin = wiring
        self._character_us = character_us
        self._format = format
        self.meters = {}
        self.lost = 0
        self.requests = 0
        self._enabled = False
        self._uart = None
        self._heard = bytearray()
        self._sending = b""  # what is on its way from the chip
        self._sending_from = 0
        self._event = None
        world.on_pin(enable_pin, self._enable)

    def add(self, meter):
        """Connect a meter."""
        self.meters[meter.unit] = meter
        return meter

    def opened(self, number: int, uart):
        """The chip has set its UART up."""
        if number == self._number:
            self._uart = uart
            uart.deafen(self._enabled)

    def chip_died(self):
        self._uart = None
        self._sending = b""
        self._heard = bytearray()

    def written(self, number: int, data: bytes, begin_us: int):
        """The chip sends these characters from `begin_us` on."""
        if number != self._number or self._uart is None:
            return
        self._settle()
        if not self._sending:
            self._sending_from = begin_us
        self._sending += data
        end_us = self._sending_from + len(self._sending) * self._uart.character_us
        self._at(end_us, self._sent)

    def _at(self, when_us: int, call):
        self._world.clock.cancel(self._event)
        self._event = self._world.clock.at(when_us, call)

    def _enable(self, level: int):
        self._settle()
        self._enabled = bool(level)
        if self._uart is not None:
            self._uart.deafen(self._enabled)

    def _settle(self):
        """Put on the line what the chip has sent so far, or lose it if the driver is off."""
        if not self._sending or self._uart is None:
            return
        character_us = self._uart.character_us
        gone = (self._world.clock.now() - self._sending_from) // character_us
        sent = self._sending[: max(0, gone)]
        self._sending = self._sending[len(sent) :]
        self._sending_from += len(sent) * character_us
        if not self._enabled:
            self.lost += len(sent)
        elif self._matches():
            self._heard.extend(sent)
        else:
            self._heard.extend(bytes(byte ^ 0x5A for byte in sent))

    def _matches(self) -> bool:
        """Whether the chip's UART speaks as the meters do, within the 2 % a receiver allows."""
        uart = self._uart
        off_us = abs(uart.character_us - self._character_us)
        return off_us * 50 <= self._character_us and uart.format == self._format

    def _sent(self, _):
        self._settle()
        silence_us = _SILENCE_CHARACTERS * self._character_us
        self._at(self._world.clock.now() + silence_us, self._frame)

    def _frame(self, _):
        self._event = None
        frame = bytes(self._heard)
        self._heard = bytearray()
        if len(frame) < 4 or crc16(frame[:-2]) != frame[-2] | frame[-1] << 8:
            return
        self.requests += 1
        meter = self.meters.get(frame[0])
        if meter is None:
            return
        for delay_ms, data in meter.answer(frame[1:-2]):
            self._world.clock.after(delay_ms * 1000, self._send, data)

    def _send(self, data: bytes):
        if self._uart is None or not self._matches():
            self.lost += len(data)
        else:
            self._uart.receive(data, self._character_us)


class Dts353:
    """YTL DTS353: holding registers, single-precision floats, one measuring the world's mains.

    Levers, all plain attributes: `silent`, `reply_ms`, `wrong_crc`, `wrong_unit`, `noise` (bytes
    before the answer), `split_ms` (pause in the middle of an answer), `exception` (a Modbus
    exception code instead of an answer), `frozen` (values stay), `offset_wh`.
    """

    def __init__(self, world, unit: int = 101):
        self._world = world
        self.unit = unit
        self.reply_ms = _REPLY_MS
        self.silent = False
        self.wrong_crc = False
        self.wrong_unit = False
        self.noise = b""
        self.split_ms = 0
        self.exception = 0
        self.frozen = False
        self.offset_wh = 1234000
        self._registers = {}
        self._renewed_at = -1

    def answer(self, request: bytes) -> list:
        """The answer to a request without unit and check word: [(delay in ms, bytes), ...]."""
        if self.silent:
            return []
        body = self._body(request)
        unit = self.unit ^ 1 if self.wrong_unit else self.unit
        frame = bytes([unit]) + body
        crc = crc16(frame) ^ (0x1234 if self.wrong_crc else 0)
        frame = self.noise + frame + bytes([crc & 255, crc >> 8])
        if not self.split_ms:
            return [(self.reply_ms, frame)]
        half = len(frame) // 2
        return [
            (self.reply_ms, frame[:half]),
            (self.reply_ms + half + self.split_ms, frame[half:]),
        ]

    def _body(self, request: bytes) -> bytes:
        function = request[0]
        if self.exception:
            return bytes([function | 0x80, self.exception])
        if function not in (_READ_HOLDING, _READ_INPUT) or len(request) != 5:
            return bytes([function | 0x80, _ILLEGAL_FUNCTION])
        address, count = struct.unpack(">HH", request[1:])
        if not 1 <= count <= 125 or not self._known(address, count):
            return bytes([function | 0x80, _ILLEGAL_ADDRESS])
        registers = self._values()
        data = bytearray()
        for register in range(address, address + count):
            data.extend(registers.get(register, b"\0\0"))
        return bytes([function, len(data)]) + data

    def _known(self, address: int, count: int) -> bool:
        return address + count <= 0x60 or 0x100 <= address <= 0x118 - count

    def _values(self) -> dict:
        """All registers as of now, two bytes each."""
        if self.frozen and self._registers:
            return self._registers
        mains = self._world.mains
        registers = self._registers
        current = [ma / 1000 for ma in mains.current_ma]
        power = [mw / 1000000 for mw in mains.power_mw]
        energy = [mws / 3600000000 for mws in mains.energy_mws()]
        total = sum(energy) + self.offset_wh / 1000
        groups = (
            (0x0E, [mv / 1000 for mv in mains.voltage_mv]),
            (0x14, [mains.frequency_mhz / 1000]),
            (0x16, current),
            (0x1C, [sum(power)] + power),
            (0x100, [total] + energy),
            (0x108, [total] + energy),
            (0x110, [0.0, 0.0, 0.0, 0.0]),
        )
        for address, values in groups:
            for value in values:
                packed = struct.pack(">f", value)
                registers[address] = packed[:2]
                registers[address + 1] = packed[2:]
                address += 2
        return registers
