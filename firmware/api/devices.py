"""The devices as clients see them: E1 is this charge point, the others are meters and inputs."""

from firmware.schema import default, rows


class Devices:
    """All devices, in the order of the settings; E1 exists always.

    `makers` maps a dev_type to `make(devices, entry) -> device`; the app adds the types whose
    hardware it knows, and `evse_powerbrain` for E1, which the settings always list.
    A device has `devices`, which is this, `dev_id`, `entry`, `info(now)`, `signature(now)` and,
    where HTTP or MQTT feed it, `set(values, now)`.
    """

    def __init__(self, settings, log):
        self.settings = settings
        self.log = log
        self.makers = {"meter_ajax": _input_meter, "evse_ajax": _input_evse}
        self.defaults = {line[0]: default(line) for line in rows("device")}
        self._meter = _template(self.defaults, _METER)
        self._devices = []

    def __iter__(self):
        return iter(self._devices)

    def template(self, dev_id: str) -> dict:
        """What info() of this device begins with; members that come later have places in it.

        There may be many meters, and copying is a fraction of the work of making such an object
        member by member: 25 devices are shown in one answer, and none may hold the loop.
        """
        return self._meter.copy() if dev_id[0] == "M" else _template(self.defaults, ())

    def __len__(self):
        return len(self._devices)

    def at(self, place: int):
        """The device at a place in the list, from 0."""
        return self._devices[place]

    def get(self, dev_id: str):
        """The device of this id; None when there is none."""
        for device in self._devices:
            if device.dev_id == dev_id:
                return device
        return None

    def add(self, device):
        """Take a ready device, instead of one of the same id."""
        self.drop(device.dev_id)
        self._devices.append(device)
        self._devices.sort(key=_order)

    def drop(self, dev_id: str) -> bool:
        """Forget a device; False when it was not there."""
        device = self.get(dev_id)
        if device is not None:
            self._devices.remove(device)
            if getattr(device, "release", None):
                device.release()
        return device is not None

    def renew(self):
        """Follow the settings: drop what is gone, make what is new, leave the rest alone."""
        entries = self.settings.devices
        for device in self._devices[:]:
            entry = self.settings.find("devices", device.dev_id)
            if entry is None or entry["dev_type"] != device.entry["dev_type"]:
                self.drop(device.dev_id)
            else:
                device.entry = entry
        for entry in entries:
            if self.get(entry["dev_id"]) is None:
                self._make(entry)

    def _make(self, entry):
        kind = entry["dev_type"]
        make = self.makers.get(kind) or self.makers.get(kind[:6])
        device = make(self, entry) if make else None
        if device is not None:
            self.add(device)
        elif make is None:
            self.log.error("devices", entry["dev_id"] + ": no driver for " + kind)


def _order(device):
    return device.dev_id[0], len(device.dev_id), device.dev_id


def _input_meter(devices, entry):
    from firmware.api.meter_device import input_meter

    return input_meter(devices, entry)


def _input_evse(devices, entry):
    from firmware.api.input_evse import InputEvse

    return InputEvse(devices, entry)


# What a device shows as it is set, or by default. Names in constant tuples take no RAM, and those
# of the settings that are read from text become the same objects.
_SHOWN = (
    "name", "desc", "number", "id", "used_phases", "has_history", "hide_dev", "device_enabled",
    "show_in_overview", "show_chart_in_dev_info", "show_chart_in_overview",
)  # fmt: skip
_COMMON = (
    "dev_type", "dev_id", "address", "com_err", "com_err_secs", "com_errors", "status",
    "last_error", "is_evse", "user_info", "model",
)  # fmt: skip
_METER = (
    "import", "export", "power_w", "current_l1", "current_l2", "current_l3", "voltage_l1",
    "voltage_l2", "voltage_l3", "role", "factor", "inputs", "outputs",
)  # fmt: skip


def _template(defaults: dict, others: tuple) -> dict:
    answer = {name: defaults[name] for name in _SHOWN}
    answer.update(dict.fromkeys(_COMMON + others, 0))
    return answer


def common(device, now: int, address: str, com_err: bool, error: str) -> dict:
    """The members that boxes and meters share, with the key set of firmware 2.0.1."""
    answer = device.devices.template(device.dev_id)
    entry = device.entry
    for name in entry:
        if name in answer:
            answer[name] = entry[name]
    dev_id = device.dev_id
    if not answer["name"]:
        answer["name"] = dev_id
    answer["device_enabled"] = 1 if answer["device_enabled"] else 0
    answer["dev_id"] = dev_id
    answer["address"] = address
    answer["com_err"] = com_err
    answer["com_err_secs"] = device.silent_s(now) if com_err else 0
    answer["com_errors"] = device.errors
    answer["status"] = answer["last_error"] = error
    answer["is_evse"] = dev_id.startswith("E")
    answer["user_info"] = {}
    answer["model"] = device.model
    return answer
