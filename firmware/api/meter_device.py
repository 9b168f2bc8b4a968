"""A meter as clients see it, whatever feeds its reading: pulses, Modbus, or HTTP and MQTT."""

from firmware.api.devices import common
from firmware.meter.reading import Reading
from firmware.ticks import since


class MeterDevice:
    """One meter of the device list; `reading` is filled by its driver.

    `inputs()`, when given, returns the levels of the switch inputs as text, "0" or "1 0".
    """

    user_info = None  # or a function giving what the definition shows in the tile

    def __init__(self, devices, entry: dict, reading, model: str = "", inputs=None):
        self.dev_id = entry["dev_id"]
        self.entry = entry
        self.reading = reading
        self.model = model or entry["dev_type"]
        self.errors = 0
        self.release = None  # called when the device is taken away
        self.devices = devices
        self._inputs = inputs

    def value(self, name: str):
        """A member of the device's settings, or its default."""
        return self.entry.get(name, self.devices.defaults[name])

    def silent_s(self, now: int) -> int:
        """Seconds since the last values came; 0 when none ever came."""
        return 0 if self.reading.at is None else max(0, since(now, self.reading.at) // 1000)

    def info(self, now: int) -> dict:
        """The members of this device in get_dev_info."""
        reading = self.reading
        stale = reading.stale(now)
        entry = self.entry
        answer = common(self, now, entry.get("address", ""), stale, "no values" if stale else "")
        answer["import"] = reading.import_wh or 0
        answer["export"] = reading.export_wh or 0
        answer["role"] = entry.get("role", self.devices.defaults["role"])
        answer["factor"] = factor = entry.get("factor", self.devices.defaults["factor"])
        if not stale:
            _electric(answer, reading, factor)
        if self.user_info:
            answer["user_info"] = self.user_info()
        answer["inputs"] = self._inputs() if self._inputs else "0"
        answer["outputs"] = "0"
        if reading.soc is not None:
            answer["soc"] = int(reading.soc)
        return answer

    def power(self, now: int) -> int:
        """Power in W, import positive; 0 while nothing is known."""
        reading = self.reading
        watts = reading.power_w
        if not watts or reading.stale(now):
            return 0
        return int(watts * self.entry.get("factor", self.devices.defaults["factor"]))

    def signature(self, now: int) -> int:
        """Changes when `info` does, the seconds since the last error left aside."""
        reading = self.reading
        values = (reading.import_wh, reading.export_wh, reading.power_w, reading.soc)
        return hash(values + tuple(reading.current_ma) + (reading.stale(now),))

    def set(self, values: dict, now: int):
        """Take the values that HTTP or MQTT brings; what is not named stays as it was."""
        reading = self.reading
        self.model = values.get("model", self.model)
        _rounded(values.get("voltage", ()), reading.voltage_v)
        _rounded(values.get("current", ()), reading.current_ma)
        power = values.get("power_w", values.get("power_va"))
        if power is None and "current" in values:
            power = self._power()
        if power is not None:
            reading.power_w = round(power)
        self._count(values.get("import_wh", values.get("import_vah")), reading.count_import)
        self._count(values.get("export_wh", values.get("export_vah")), reading.count_export)
        if "soc" in values:
            reading.soc = round(values["soc"])
        reading.touch(now)

    def _power(self):
        # A client that sends voltages and currents only: the apparent power is all there is.
        reading = self.reading
        nominal = self.value("nominal_v")
        pairs = zip(reading.voltage_v, reading.current_ma)
        return sum((volts or nominal) * (current or 0) for volts, current in pairs) / 1000

    def _count(self, energy, count):
        if energy is not None and not count(int(energy)):
            self.errors += 1


def _rounded(values, phases: list):
    for phase, value in enumerate(values):
        phases[phase] = round(value)


def _electric(answer: dict, reading, factor):
    """Power, currents and voltages as far as they are known; the template says 0."""
    answer["power_w"] = int((reading.power_w or 0) * factor)
    one, two, three = reading.current_ma
    answer["current_l1"] = int((one or 0) * factor)
    answer["current_l2"] = int((two or 0) * factor)
    answer["current_l3"] = int((three or 0) * factor)
    one, two, three = reading.voltage_v
    answer["voltage_l1"] = int(one or 0)
    answer["voltage_l2"] = int(two or 0)
    answer["voltage_l3"] = int(three or 0)


def input_meter(devices, entry: dict):
    """A meter_ajax device: its values come over HTTP or MQTT."""
    seconds = entry.get("timeout_s") or devices.settings.charge.input_timeout_s
    return MeterDevice(devices, entry, Reading(seconds * 1000))
