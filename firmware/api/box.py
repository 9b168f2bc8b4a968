"""What the API sees of the firmware: everything it asks for, in one object the app fills."""


class Box:
    """The app sets every attribute before the first command; tests set what they need.

    settings    firmware.settings.Settings
    devices     firmware.api.devices.Devices
    variables   firmware.api.variables.Variables
    log         firmware.log.Log
    commands    firmware.api.commands.Commands, built on this box
    clock()     unix seconds, or None while the time is not known
    now()       ticks, 30 bit
    system      what the chip and the build say and do:
                  version "1.2.3", serial "W00-1234", product "Open Wallbox", platform "esp32"
                  cpu_percent(), memory_percent(), status() -> dict
                  address() -> "192.168.1.5", or None while there is no network
                  restart(), factory_reset(), sync(): asked for, done later by the app's task
                  digest(data) -> SHA-256 as bytes; random(count) -> bytes
    transactions  read by get_transactions: `entries(first, last)` yields dicts, oldest first;
                None where no store is fitted
    modbus      proxy for modbus_get and modbus_set: `get(**request)` and `set(**request)` return
                awaitables; None where no bus is fitted
    """

    def __init__(self):
        self.settings = None
        self.devices = None
        self.variables = None
        self.log = None
        self.commands = None
        self.clock = None
        self.now = None
        self.system = None
        self.transactions = None
        self.modbus = None
