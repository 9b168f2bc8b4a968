"""From a device entry and its definition to a meter on its line; lines are shared."""

from firmware.codec.meter_address import HTTP, RTU, TCP, AddressError, MeterAddress
from firmware.meter.checks import Checks
from firmware.meter.definition import Definition, DefinitionError


class MeterError(Exception):
    """Why a meter cannot be made, for the one who configured it."""


class MeterLines:
    """Makes meters and the links they need.

    log
    bus     function(MeterAddress) giving the RtuBus of a serial line
    start   function(name, run) that keeps the forever task `run` of a new link alive
    lookup  function(name) for the formulas of all meters, such as "M1.power_w"

    `resolver` is handed to the links; `topics` are [(topic, meter, index)] to be subscribed to,
    whose messages belong to `received`; `update` belongs into every second. `publish(topic, body)`
    sends outputs of MQTT meters; `assign(name, number)` sets shared variables.
    """

    def __init__(self, log, bus, start, lookup=None):
        self.resolver = self.publish = self.assign = None
        self.topics = []
        self.virtual = []
        self._outputs = []
        self._log = log
        self._bus = bus
        self._start = start
        self._lookup = lookup
        self._links = {}

    def make(self, entry: dict, text: str):
        """The meter of a device entry (address, id); raises MeterError.

        It has `reading` and `errors`, and `checks` with inputs() and user_info().
        """
        try:
            definition = Definition(text)
            if definition.rtype == 0:
                return self._modbus(entry, definition)
            if not definition.paths:
                return self._virtual(definition)
            return self._json(entry, definition)
        except (DefinitionError, AddressError) as error:
            raise MeterError(str(error))

    def update(self, now: int):
        """Work out the virtual meters and send what MQTT meters have to send."""
        for meter in self.virtual:
            meter.update(now)
        for outputs in self._outputs:
            while self.publish and (order := outputs.next(now)) is not None:
                self.publish(*order)

    def sunspec(self, entry: dict):
        """A SunSpec device, which needs no definition; raises MeterError."""
        from firmware.meter.sunspec import SunSpecMeter

        meter = SunSpecMeter(entry.get("id", 1))
        try:
            self._modbus_link(entry.get("address", ""), {}).rota.add(meter)
        except AddressError as error:
            raise MeterError(str(error))
        return meter

    def _modbus(self, entry: dict, definition):
        from firmware.meter.modbus_meter import ModbusMeter

        link = self._modbus_link(entry.get("address", ""), definition.tcp)
        if definition.rtu:
            timing = definition.rtu
            link.allow(timing.get("silence_period", 0), timing.get("rcv_timeout", 0))
        meter = ModbusMeter(entry.get("id", 1), definition.registers)
        self._check(meter, definition, entry)
        if definition.outputs:
            from firmware.meter.outputs import ModbusOutputs

            link.rota.add(ModbusOutputs(meter.unit, self._outputs_of(meter, definition, entry)))
        if definition.asked:
            from firmware.meter.identity import Identity

            link.rota.add(Identity(meter.unit, definition))
        link.rota.add(meter)
        return meter

    def _modbus_link(self, text: str, timing: dict):
        address = MeterAddress(text)
        if address.kind == RTU:
            return self._bus(address)
        if address.kind != TCP:
            raise AddressError("a Modbus meter is on a line or at ip:port")
        link = self._links.get(address.line())
        if link is None:
            from firmware.link.modbus_tcp import ModbusTcp

            settle_ms = timing.get("delay_after_connect", 0)
            link = ModbusTcp(address.host, address.port, self._log, 2000, settle_ms)
            link.line.resolver = self.resolver
            self._links[address.line()] = link
            self._start(f"modbus {address.host}", link.run)
        return link

    def _json(self, entry: dict, definition):
        from firmware.meter.json_meter import JsonMeter

        mqtt = definition.rtype == 2
        address = MeterAddress(entry.get("address", ""), mqtt)
        meter = JsonMeter(definition, None, address.path)
        self._check(meter, definition, entry)
        outputs = self._outputs_of(meter, definition, entry) if definition.outputs else None
        if mqtt:
            if outputs:
                self._outputs.append(outputs)
            for index, topic in enumerate(meter.paths):
                self.topics.append((topic, meter, index))
            return meter
        if address.kind not in (HTTP, TCP):
            raise AddressError("an HTTP meter is at http://host or ip:port")
        self._http(meter, address).outputs = outputs
        return meter

    def _http(self, meter, address):
        from firmware.link.http_get import HttpMeter

        port = 80 if address.kind == TCP and address.port == 502 else address.port
        link = HttpMeter(meter, address.host, port, self._log)
        link.line.resolver = self.resolver
        if address.user or address.password:
            link.login(address.user, address.password)
        self._start(f"http {address.host}", link.run)
        return link

    def _virtual(self, definition):
        from firmware.meter.virtual_meter import VirtualMeter

        meter = VirtualMeter(definition, self._lookup)
        meter.checks.assign = self.assign
        self.virtual.append(meter)
        return meter

    def _check(self, meter, definition, entry: dict):
        fuse_ma = entry.get("fuse_ma", 63000)
        meter.checks = Checks(definition, meter.reading, self._lookup, fuse_ma)
        meter.checks.assign = self.assign
        meter.finish = meter.checks.finish

    def _outputs_of(self, meter, definition, entry: dict):
        from firmware.meter.outputs import OutputError, Outputs

        address = entry.get("address", "")
        try:
            return Outputs(definition.outputs, meter.checks.value, address, entry.get("id", 1))
        except OutputError as error:
            raise MeterError(f"outputs: {error}")

    def received(self, topic, payload, now: int) -> bool:
        """Hand a message (bytes-like) to its meters; False when nobody waits for its topic."""
        wanted = topic if isinstance(topic, str) else bytes(topic).decode()
        taken = False
        for known, meter, index in self.topics:
            if known == wanted:
                taken = True
                meter.received(index, payload, now)
        return taken
