"""What the API sees of the firmware: everything it asks for, in one object the app fills."""


class Box:
    """The app sets every attribute before the first command; tests set what they need.

    settings    firmware.settings.Settings
    devices     firmware.api.devices.Devices
    variables   firmware.api.variables.Variables, made when first needed
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
                  slots() -> firmware/slots/manage.py; image_partition() -> partition or None
    transactions  None, or the store's log of transactions: `entries(first, last)` yields dicts
                that began between two unix times, oldest first
    bus         None, or the RS485 line (firmware/link/rtu.py) for modbus_get and modbus_set
    may_hold()  whether a stretch of some 100 ms without yielding hurts nobody: the contactor is
                open
    temporary_plans  None, or plans set with tmp=1 by device
    guard       made when first needed: firmware/api/guard.py
    resolver    None, or the finder of host names (firmware/link/resolver.py)
    publish(topic, body)  sends an MQTT message of a meter; None without a broker
    wear        None, or the account of flash wear (firmware/store/wear.py)
    update      None, or the update that is under way (firmware/slots/upload.py)
    debug_until ticks when diagnostic logging ends by itself, or None
    """

    debug_until = None  # of the class: with one attribute more every box takes 48 bytes more

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
        self.wear = None
        self.resolver = None
        self.publish = None
        self.bus = None
        self.may_hold = None
        self.temporary_plans = None
        self.guard = None
        self.update = None

    def minute_of_day(self) -> int | None:
        """Minutes since local midnight; None while the time is not known."""
        seconds = self.local_time()
        return None if seconds is None else seconds % 86400 // 60

    def local_time(self) -> int | None:
        """Seconds since 1970 by the clock on the wall; None while the time is not known."""
        seconds = self.clock() if self.clock else None
        if seconds is None:
            return None
        from firmware.codec.time_zone import ZoneError, offset_s

        try:
            return seconds + offset_s(self.settings.network.time_zone, seconds)
        except ZoneError:
            return seconds

    def values(self):
        """The CM variables; made, and their module loaded, when first needed."""
        if self.variables is None:
            from firmware.api.variables import Variables

            self.variables = Variables(self)
        return self.variables
