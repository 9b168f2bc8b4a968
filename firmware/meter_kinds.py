"""Meters beyond S0 and the DTS353: definition files, SunSpec, formulas. Imported when used."""

from firmware.api.errors import ApiError
from firmware.api.meter_device import MeterDevice
from firmware.api.objects import lookup
from firmware.link.meter_lines import MeterError, MeterLines

_OWN = "/data/meters/"
_SHIPPED = __file__.rsplit("/", 1)[0] + "/meter/definitions/"
# Names that clients know from the cFos box, and the definitions that read those meters.
_KNOWN_AS = """
abb_b23_b24 abb_b23
sdm630 eastron_sdm630
sdm72dm eastron_sdm72d
janitza_umg96rm janitza_umg96
orno_we516 orno_we517
dtsu666h chint_dtsu666
shelly_3em_http_json shelly_3em
"""


class MeterKinds:
    """Makes a meter for each device entry whose type is `meter_<definition>` or `meter_sunspec`.

    A definition is the file /data/meters/<definition>.json of the owner, or the shipped one of
    that name. `bus(baud, bits, parity, stop)` gives the RS485 line.
    """

    def __init__(self, box, bus, start):
        self.lines = MeterLines(box.log, self._line, start, lambda name: lookup(box, name))
        self.lines.resolver = box.resolver
        self.lines.assign = self._assign
        self._box = box
        self._bus = bus

    def _assign(self, name: str, number):
        variables = self._box.values()
        if variables.value(name) == number:
            return
        try:
            variables.set([(name, number)], True, False)
        except ApiError as error:
            self._box.log.warning("meter", f"CM.{name} is not set: {error.text}")

    def _line(self, address):
        line = self._bus(address.baud, address.bits, address.parity, address.stop)
        if line is None:
            raise MeterError("this board has no RS485")
        return line

    def make(self, devices, entry: dict):
        """The device of an entry; raises MeterError when it cannot be made."""
        name = entry["dev_type"][6:]
        if name == "sunspec":
            meter = self.lines.sunspec(entry)
        else:
            meter = self.lines.make(entry, _definition(name))
        checks = getattr(meter, "checks", None)
        device = MeterDevice(devices, entry, meter.reading, name, checks and checks.inputs)
        if checks:
            device.user_info = checks.user_info
        return device

    def update(self, now: int):
        """Work out the virtual meters and send outputs; once a second."""
        self.lines.publish = self._box.publish
        self.lines.update(now)


def _definition(name: str) -> str:
    known = "\n" + name + " "
    start = _KNOWN_AS.find(known)
    if start >= 0:
        start += len(known)
        name = _KNOWN_AS[start : _KNOWN_AS.find("\n", start)]
    if not all(c.isalpha() or c.isdigit() or c == "_" for c in name):
        raise MeterError(f"{name!r} is no name of a definition")
    for folder in (_OWN, _SHIPPED):
        try:
            with open(folder + name + ".json") as file:
                return file.read()
        except OSError:
            continue
    raise MeterError(f"there is no definition {name}")
