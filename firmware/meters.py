"""The meters that this box reads itself: made from the device list, polled, kept in the ledger."""

import asyncio

from micropython import const

from firmware.api.meter_device import MeterDevice
from firmware.link.rtu import RtuBus
from firmware.meter.modbus_meter import ModbusMeter
from firmware.meter.s0 import S0Meter

_SECOND_MS = const(1000)
_EV_ROLE = const(4)
# The DTS353's factory setting, which all meters on the line must share: 9600 baud, even parity.
_BAUD = const(9600)
_EVEN = const(0)


class Meters:
    """Drivers of S0 and RS485 meters, by the device types that the settings name.

    Energy counts are taken up from the ledger when a meter is made and handed back every second,
    so that what clients see never falls to 0 after a restart.
    """

    def __init__(self, board, devices, ledger, log):
        self.bus = None
        self._board = board
        self._devices = devices
        self._ledger = ledger
        self._log = log
        self._pulses = []
        devices.makers["meter_powerbrain"] = self._s0
        devices.makers["meter_dts353"] = self._dts353

    def _s0(self, devices, entry):
        address = entry.get("address") or "meter1:"
        index = 1 if address.startswith("meter2") else 0
        volts = entry.get("nominal_v", 230)
        meter = S0Meter(
            entry.get("pulses_per_kwh", 1000), entry.get("used_phases") or 7, (volts,) * 3
        )
        dev_id = entry["dev_id"]
        meter.restore(self._ledger.value(dev_id + ".p"), self._ledger.value(dev_id + ".wh"))
        self._pulses.append((dev_id, meter, self._board.s0(index)))
        return MeterDevice(devices, entry, meter.reading, "S0 meter")

    def _dts353(self, devices, entry):
        from firmware.meter.dts353 import registers

        meter = ModbusMeter(entry.get("id", 1), registers())
        known = self._ledger.value(entry["dev_id"] + ".wh")
        if known:
            meter.reading.count_import(known)
        self._line().add(meter)
        return MeterDevice(devices, entry, meter.reading, "YTL,DTS353")

    def _line(self):
        if self.bus is None:
            uart, enable = self._board.uart(_BAUD, parity=_EVEN)
            self.bus = RtuBus(uart, enable, self._log, _BAUD)
        return self.bus

    async def read(self, point, now):
        """Count pulses and hand readings on, once a second, for ever."""
        while True:
            self.update(point, now())
            await asyncio.sleep_ms(_SECOND_MS)

    def update(self, point, now: int):
        """One second's work: pulses, the ledger, and the charge point's own meter."""
        for dev_id, meter, counter in self._pulses:
            if self._devices.get(dev_id):
                meter.update(now, counter.value())
                self._ledger.raise_to(dev_id + ".p", meter.pulses)
        for device in self._devices:
            if device.dev_id[0] == "M" and device.reading.import_wh:
                self._ledger.raise_to(device.dev_id + ".wh", device.reading.import_wh)
        self._feed(point, now)

    def _feed(self, point, now):
        measured = point.measured
        reading = self._attached()
        if reading is None or reading.stale(now):
            measured.known = False
            return
        measured.at = reading.at
        measured.power_w = reading.power_w or 0
        measured.energy_wh = reading.import_wh
        for phase in range(3):
            measured.current_ma[phase] = reading.current_ma[phase] or 0
        measured.known = True

    def _attached(self):
        """Reading of the meter that E1 names, or of the first one in the role of an EV meter."""
        own = self._devices.get("E1")
        named = own.value("attach") if own else ""
        for device in self._devices:
            if device.dev_id[0] != "M":
                continue
            if device.dev_id == named or (not named and device.value("role") == _EV_ROLE):
                return device.reading
        return None
