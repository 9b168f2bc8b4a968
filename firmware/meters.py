"""The meters that this box reads itself: made from the device list, polled, kept in the ledger."""

import asyncio

from micropython import const

from firmware.api.meter_device import MeterDevice
from firmware.meter.counter import Counter
from firmware.meter.s0 import S0Meter

_SECOND_MS = const(1000)
_EV_ROLE = const(4)
# Names of a meter's counters in the ledger, behind its device id.
_PULSES = ".p"
_IMPORT = ".wh"
_EXPORT = ".xwh"
# The DTS353's factory setting: 9600 baud, even parity. All meters on the line must share theirs.
_BAUD = const(9600)
_EVEN = const(0)


class Meters:
    """Drivers of the meters that the settings name.

    Energy counts are taken up from the ledger when a meter is made and handed back every second,
    so that what clients see never falls to 0 after a restart. `start(name, run)` keeps the task of
    a new link alive; formulas get their numbers from firmware/api/objects.py.
    """

    def __init__(self, board, box, ledger, start):
        devices = box.devices
        self.bus = None
        self.kinds = None
        self.attached = None  # dev_id of the charge point's own meter
        self._frame = None
        self._board = board
        self._box = box
        self._devices = devices
        self._ledger = ledger
        self._log = box.log
        self._start = start
        self._pulses = []
        devices.makers["meter_powerbrain"] = self._s0
        devices.makers["meter_dts353"] = self._dts353
        devices.makers["meter_"] = self._other

    def _s0(self, devices, entry):
        address = entry.get("address") or "meter1:"
        contact = self._board.s0(1 if address.startswith("meter2") else 0)
        if contact is None:
            self._log.error(
                "meter", f"{entry['dev_id']}: this board has no S0 input for {address}"
            )
            return None
        volts = entry.get("nominal_v", 230)
        meter = S0Meter(
            entry.get("pulses_per_kwh", 1000), entry.get("used_phases") or 7, (volts,) * 3
        )
        dev_id = entry["dev_id"]
        meter.restore(self._ledger.value(dev_id + _PULSES), self._ledger.value(dev_id + _IMPORT))
        counted = (dev_id, meter, contact)
        self._pulses.append(counted)
        device = MeterDevice(
            devices, entry, meter.reading, "S0 meter", lambda: "1" if contact.closed() else "0"
        )
        device.release = lambda: self._pulses.remove(counted)
        return device

    def _dts353(self, devices, entry):
        from firmware.meter.dts353 import registers
        from firmware.meter.modbus_meter import ModbusMeter

        meter = ModbusMeter(entry.get("id", 1), registers())
        line = self.line(_BAUD, 8, _EVEN, 1)
        if line is None:
            self._log.error("meter", f"{entry['dev_id']}: this board has no RS485")
            return None
        line.rota.add(meter)
        device = MeterDevice(devices, entry, meter.reading, "YTL,DTS353")
        device.release = lambda: line.rota.remove(meter)
        return self._restored(device)

    def _other(self, devices, entry):
        from firmware.meter_kinds import MeterError, MeterKinds

        if self.kinds is None:
            self.kinds = MeterKinds(self._box, self.line, self._start)
        try:
            return self._restored(self.kinds.make(devices, entry))
        except MeterError as error:
            self._log.error("meter", f"{entry['dev_id']}: {error}")
            return None

    def _restored(self, device):
        """The device with the counts known before the restart; counters judge what follows."""
        reading = device.reading
        if reading.counters is None:
            reading.counters = (Counter(), Counter())
        known = self._ledger.value(device.dev_id + _IMPORT)
        if known:
            reading.counters[0].value = reading.import_wh = known
        known = self._ledger.value(device.dev_id + _EXPORT)
        if known:
            reading.counters[1].value = reading.export_wh = known
        return device

    def line(self, baud: int, bits: int, parity: int | None, stop: int):
        """The RS485 line, None without one; the first meter decides its speed and parity."""
        frame = (baud, bits, parity, stop)
        if self.bus is None:
            port = self._board.uart(baud, bits, parity, stop)
            if port is None:
                return None
            from firmware.link.rtu import RtuBus

            uart, enable = port
            self._frame = frame
            self.bus = RtuBus(uart, enable, self._log, baud)
            self._start("rs485", self.bus.run)
        elif frame != self._frame:
            self._log.error("meter", f"the RS485 line runs with {self._frame}, not with {frame}")
        return self.bus

    async def read(self, point, now):
        """Count pulses and hand readings on, once a second, for ever."""
        while True:
            self.update(point, now())
            await asyncio.sleep_ms(_SECOND_MS)
            for device in list(self._devices):
                self.keep(device)
                await asyncio.sleep_ms(0)

    def update(self, point, now: int):
        """One second's work: pulses, formulas, and the charge point's own meter."""
        for dev_id, meter, counter in self._pulses:
            meter.update(now, counter.value(), counter.at)
            self._ledger.raise_to(dev_id + _PULSES, meter.pulses)
        if self.kinds:
            self.kinds.update(now)
        self._feed(point, now)

    def keep(self, device):
        """Bring what a meter has counted into the ledger."""
        if not device.dev_id.startswith("M"):
            return
        reading = device.reading
        if reading.import_wh:
            self._ledger.raise_to(device.dev_id + _IMPORT, reading.import_wh)
        if reading.export_wh:
            self._ledger.raise_to(device.dev_id + _EXPORT, reading.export_wh)

    def _feed(self, point, now):
        measured = point.measured
        device = self._attached()
        if device is None or device.reading.stale(now):
            measured.known = False
            return
        reading = device.reading
        if self.attached != device.dev_id:
            self._attach(point, device.dev_id)
        measured.at = reading.at
        measured.power_w = power_w = reading.power_w or 0
        measured.energy_wh = reading.import_wh
        # Pulses do not tell on which phases they were drawn.
        pulses = device.entry["dev_type"] == "meter_powerbrain"
        one = point.fitted.phase_contactor and point.phases.active == 1
        for phase in range(3):
            current_ma = reading.current_ma[phase]
            if current_ma is None or (pulses and one):
                current_ma = _guess_ma(power_w, phase, one)
            measured.current_ma[phase] = current_ma
        measured.known = True

    def _attach(self, point, dev_id):
        """From now on this meter counts for the charge point.

        After a restart it goes on from the count that is in the ledger, so that what the meter
        counted meanwhile is not lost; after a change of meters it begins with its next count.
        """
        known = self._ledger.value("E1." + dev_id) if self.attached is None else 0
        point.transaction.counter_wh = known or None
        self.attached = dev_id

    def _attached(self):
        """The meter that E1 names, or the first one in the role of an EV meter."""
        own = self._devices.get("E1")
        named = own.value("attach") if own else ""
        for device in self._devices:
            if not device.dev_id.startswith("M"):
                continue
            if device.dev_id == named or (not named and device.value("role") == _EV_ROLE):
                return device
        return None

    def book(self, visit):
        """Bring the charge point's energy, and the count it belongs to, into the ledger."""
        if self.attached and visit.counter_wh:
            self._ledger.raise_to("E1." + self.attached, visit.counter_wh)
        self._ledger.raise_to("E1.wh", visit.total_wh)

    def received(self, topic, payload, now: int) -> bool:
        """A message for a meter that listens to MQTT; False when none wants its topic."""
        return self.kinds is not None and self.kinds.lines.received(topic, payload, now)

    def topics(self) -> list:
        """Topics that meters listen to."""
        return [entry[0] for entry in self.kinds.lines.topics] if self.kinds else []


def _guess_ma(power_w: int, phase: int, one: bool) -> int:
    """Current at 230 V where only the power is known: all on L1 while L2 and L3 are off."""
    if one:
        return 0 if phase else power_w * 1000 // 230
    return power_w * 1000 // 690
