"""A box on the bench: everything the API needs, with a chip and a clock that tests can turn."""

from firmware.api.box import Box
from firmware.api.commands import Commands
from firmware.api.devices import Devices
from firmware.api.evse_device import EvseDevice
from firmware.api.topics import Topics
from firmware.charge.limits import Limits
from firmware.charge.point import ChargePoint
from firmware.charge.signals import Fitted, Refused
from firmware.codec.json_stream import plain
from firmware.log import Log
from firmware.settings import Settings

BOARD = {
    "max_current_ma": 32000,
    "phases": 3,
    "phase_contactor": 26,
    "contactor_mirror": 32,
    "pilot_disconnect": 25,
    "ventilation": False,
}
FITTED = {"max_current_ma": 32000, "phases": 3, "phase_contactor": True}


class Chip:
    """Version, serial number and the requests to restart."""

    version = "2.0.1"
    serial = "W00-0001"
    product = "Open Wallbox"
    platform = "esp32"

    def __init__(self):
        self.asked = []

    def cpu_percent(self):
        return 12

    def memory_percent(self):
        return 50

    def address(self):
        return "192.168.1.5"

    def status(self):
        return {"uptime_s": 60}

    def restart(self):
        self.asked.append("restart")

    def factory_reset(self):
        self.asked.append("factory_reset")

    def sync(self):
        self.asked.append("sync")

    def digest(self, data):
        import hashlib

        return hashlib.sha256(data).digest()

    def slots(self):
        from firmware.slots import manage

        return manage

    def image_partition(self):
        return None

    def random(self, count):
        return bytes((7 * i + 3) & 255 for i in range(count))


class Point(ChargePoint):
    """The real charge point; `shown` is set by hand, and requests are only remembered."""

    def __init__(self):
        ChargePoint.__init__(self, Fitted(FITTED), Limits())
        self.woken = 0
        self.asked_phases = 3

    def wake(self):
        if self.shown != "B":
            raise Refused("no car waits")
        self.woken += 1

    def request_phases(self, phases):
        self.asked_phases = phases


class Bench:
    """`box` with its parts, virtual time in `now`, and what was published or logged."""

    def __init__(self):
        self.now = 1000
        self.time = 1700000000
        self.lines = []
        self.published = []
        self.point = Point()
        self.box = box = Box()
        box.now = lambda: self.now
        box.clock = lambda: self.time
        box.settings = Settings(BOARD)
        box.log = Log(box.clock, self.lines.append)
        box.system = Chip()
        box.devices = Devices(box.settings, box.log)
        box.devices.makers["evse_powerbrain"] = self._evse
        box.devices.renew()
        box.commands = Commands(box)

    def _evse(self, devices, entry):
        return EvseDevice(devices, entry, self.point, lambda: 1234567, "Open,Wallbox,1,2.0.1,W1")

    def ask(self, query, body=None, role=2):
        return plain(self.box.commands.call(query, body, role))

    def meter(self, dev_id="M3", **values):
        self.box.settings.put("devices", {"dev_id": dev_id, "dev_type": "meter_ajax"} | values)
        self.box.devices.renew()
        return self.box.devices.get(dev_id)

    def topics(self):
        return Topics(self.box, lambda *message: self.published.append(message))


class Message:
    """What comes along with a received MQTT message."""

    def __init__(self, retain=False, response_topic=None, correlation=None):
        self.retain = retain
        self.duplicate = False
        self.qos = 0
        self.response_topic = response_topic
        self.correlation = correlation
