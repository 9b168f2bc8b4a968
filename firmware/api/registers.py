"""The Modbus register map of this box, for E1 and the S0 meters."""

from firmware.api.errors import ApiError

COMMANDS = b"""
modbus admin flash any device:text:1:16 read?:text:1:8 count?:int:1:125
 write?:text:1:8 value?:int:-2147483648:4294967295 values?:numbers:0:65535
"""

# register, length in words, what it holds; "s" after the length marks a text.
_COMMON = """
8000 2 vendor
8002 1 product
8003 1 kind
8004 1 version
8005 1 build
8006 1 mapping
8007 1 zero
8008 8s serial
8016 16s name
8040 1 id
8120 2 restarts
"""
_METER = """
8041 1 one
8042 2 pulses_per_kwh
8044 1 used_phases
8045 1 volts
8046 1 volts
8047 1 volts
8050 4 pulses
8054 2 zero
8056 1 one
8057 1 zero
8058 4 energy
8062 2 power
8064 2 current1
8066 2 current2
8068 2 current3
8070 1 zero
8071 1 zero
"""
_EVSE = """
8057 1 one
8058 4 energy
8062 2 power
8064 2 current1
8066 2 current2
8068 2 current3
8080 1 zero
8081 1 start_current
8082 1 start_enabled
8083 2 control_ttl
8085 1 fallback
8086 1 zero
8087 1 one_phase
8088 1 zero
8090 1 cable
8091 1 fixed
8092 1 pilot
8093 1 limit
8094 1 enabled
8095 1 offered
8096 15s card
8111 1 cards
8112 1 metered
8113 1 inputs
"""
_ALL = (
    "8000d 8002 8003 8004 8006 8007 8008s 8016s 8040 8041 8042d 8044 8045 8046 8047 8050q 8054d"
    " 8056 8057 8058q 8062d 8064d 8066d 8068d 8070 8071 8080 8081 8082 8083d 8085 8086 8087 8088"
    " 8090 8091 8092 8093 8094 8095 8096s 8111 8112 8113 8120d"
)
_WORDS = {"d": 2, "q": 4}
_BAD = "bad modbus register"


def modbus(box, arguments: dict, role: int):
    """Read (`read=8062d`, `count`, `read=all`) or write (`write=8093&value=100`) a register.

    `device`: evse, meter1 or meter2. Suffix d: 32 bit, q: 64 bit, s: text.
    """
    device = _device(box, arguments["device"])
    if device is None:
        return "unknown device"
    if "write" in arguments:
        return _write(box, device, arguments)
    if "read" not in arguments:
        raise ApiError("missing_parameter", "modbus needs read or write", "read")
    image = _image(box, device)
    if arguments["read"] == "all":
        shown = {key: _read(image, key) for key in _ALL.split()}
        return {key: value for key, value in shown.items() if value != _BAD}
    if "count" not in arguments:
        return _read(image, arguments["read"])
    first = _number(arguments["read"])
    words = [image[0].get(first + place) for place in range(arguments["count"])]
    return _BAD if None in words else words


def _device(box, name):
    if name == "evse":
        return box.devices.get("E1")
    for device in box.devices:
        if device.entry["dev_type"] == "meter_powerbrain":
            address = device.value("address") or "meter1"
            if name == address.rstrip(":"):
                return device
    return None


def _number(text):
    return int(text) if text.isdigit() and len(text) == 4 else 0


def _image(box, device):
    """({register: word}, {register: length as in the table})."""
    evse = device.dev_id == "E1"
    values = _evse_values(box, device) if evse else _meter_values(box, device)
    values.update(_common_values(box, device))
    words, lengths = {}, {}
    for line in (_COMMON + (_EVSE if evse else _METER)).split("\n"):
        if line:
            register, length, name = line.split()
            lengths[int(register)] = length
            _put(words, int(register), length, values.get(name, 0))
    return words, lengths


def _put(words, register, length, value):
    if length[-1] == "s":
        data = value.encode()[: 2 * int(length[:-1])]
        data += b"\0" * (2 * int(length[:-1]) - len(data))
        for place in range(0, len(data), 2):
            words[register + place // 2] = data[place] << 8 | data[place + 1]
        return
    for place in range(int(length)):
        shift = 16 * (int(length) - 1 - place)
        words[register + place] = int(value) >> shift & 0xFFFF


def _common_values(box, device):
    parts = [int(part) for part in box.system.version.split(".")] + [0, 0]
    return {
        "vendor": 0xCF050000,
        "product": 1,
        "kind": 0x100,
        "version": parts[0] << 8 | parts[1],
        "build": parts[2],
        "mapping": 0x100,
        "serial": box.system.serial,
        "name": box.system.product,
        "id": device.value("id"),
        "one": 1,
    }


def _readings(info):
    values = {"power": info["power_w"]}
    for phase in "123":
        values["current" + phase] = info["current_l" + phase] // 100
    return values


def _meter_values(box, device):
    values = _readings(device.info(box.now()))
    values["pulses_per_kwh"] = device.value("pulses_per_kwh")
    values["used_phases"] = device.value("used_phases") or 7
    values["volts"] = device.value("nominal_v")
    values["energy"] = device.reading.import_wh or 0
    values["pulses"] = values["energy"] * values["pulses_per_kwh"] // 1000
    return values


def _evse_values(box, device):
    charge = box.settings.charge
    info = device.info(box.now())
    values = _readings(info)
    values["start_current"] = (charge.start_ma or charge.max_current_ma) // 100
    values["start_enabled"] = charge.start_enabled
    values["control_ttl"] = charge.control_ttl_s
    values["fallback"] = charge.control_fallback_ma // 100
    values["energy"] = max(1, info["total_energy"])
    values["one_phase"] = info["phases"] == 1
    values["pilot"] = info["state"] - 1 if info["state"] < 5 else 5
    set_ma = device.last_set_ma
    values["limit"] = (set_ma if set_ma >= 0 else charge.max_current_ma) // 100
    values["enabled"] = device.point.enabled
    values["offered"] = device.point.offered_ma // 100
    # Clients cut leading NULs and blanks at both ends, but not trailing NULs.
    values["card"] = device.last_card + " " * (30 - len(device.last_card))
    values["cards"] = device.cards_seen
    values["metered"] = device.point.measured.known
    values["inputs"] = 256 if charge.phase_switching else 0
    return values


def _read(image, asked):
    words, lengths = image
    suffix = asked[-1:] if asked[-1:] in ("d", "q", "s") else ""
    register = _number(asked[: len(asked) - len(suffix)])
    if suffix == "s":
        length = lengths.get(register, "")
        if length[-1:] != "s":
            return _BAD
        return _string(words, register, int(length[:-1]))
    if words.get(register) is None:
        return _BAD
    if not suffix:
        return words[register]
    count = _WORDS[suffix]
    if lengths.get(register) != str(count):
        return "bad modbus register size"
    value = 0
    for place in range(count):
        value = value << 16 | words[register + place]
    return value - (1 << 16 * count) if value >> (16 * count - 1) else value


def _string(words, register, length):
    data = b""
    for place in range(length):
        word = words[register + place]
        data += bytes((word >> 8, word & 0xFF))
    return str(data, "utf-8").rstrip("\0").strip(" ")


def _write(box, device, arguments):
    asked = arguments["write"]
    suffix = asked[-1:] if asked[-1:] in ("d", "q") else ""
    register = _number(asked[: len(asked) - len(suffix)])
    lengths = _image(box, device)[1]
    if suffix and register in lengths and lengths[register] != str(_WORDS[suffix]):
        return "bad modbus register size"
    values = arguments.get("values") or [arguments.get("value")]
    setters = _SETTERS_EVSE if device.dev_id == "E1" else _SETTERS_METER
    targets = [setters.get(register + place) for place in range(len(values))]
    if None in targets or register not in lengths:
        return _BAD
    if None in values:
        raise ApiError("missing_parameter", "modbus needs value or values", "value")
    _apply(box, device, list(zip(targets, values)))
    return "ok"


def _apply(box, device, pairs):
    changes = {"charge": {}, "device": {}, "ctl": {}}
    for (kind, name, factor), value in pairs:
        if name == "phs":
            value = 1 if value == 1 else 3
        elif name == "wke":
            value = int(value > 0)
        changes[kind]["charge." + name if kind == "charge" else name] = value * factor
    # Registers of different kinds are no neighbours: what is refused has changed nothing.
    if changes["device"]:
        box.settings.put("devices", changes["device"] | {"dev_id": device.dev_id})
    if changes["charge"]:
        box.settings.change(changes["charge"])
    if changes["ctl"]:
        device.control(changes["ctl"], box.now())


# What writing does: a setting of the box, a member of the device, or a member of ctl, with the
# factor from the register's unit to ours.
_SETTERS_METER = {
    8040: ("device", "id", 1),
    8042: ("device", "pulses_per_kwh", 1),
    8044: ("device", "used_phases", 1),
    8045: ("device", "nominal_v", 1),
    8046: ("device", "nominal_v", 1),
    8047: ("device", "nominal_v", 1),
}
_SETTERS_EVSE = {
    8040: ("device", "id", 1),
    8081: ("charge", "start_ma", 100),
    8082: ("charge", "start_enabled", 1),
    8083: ("charge", "control_ttl_s", 1),
    8085: ("charge", "control_fallback_ma", 100),
    8086: ("ctl", "wke", 1),
    8087: ("ctl", "phs", 1),
    8093: ("ctl", "cur", 100),
    8094: ("ctl", "ena", 1),
}
