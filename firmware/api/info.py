"""What can be read by anyone: the parameters and the devices."""

from firmware.codec.json_stream import Live

COMMANDS = b"""
get_dev_info anyone - object
get_params anyone - object
"""

_VENDOR = 52997


def get_dev_info(box, arguments: dict, role: int) -> dict:
    """Parameters and all devices: what clients poll."""
    now = box.now()
    # All parts are made one by one while the answer is written: 25 devices fit no memory at once,
    # and each part is a slice of work of its own.
    return {
        "params": get_params(box, arguments, role),
        "devices": [Live(lambda device=device: device.info(now)) for device in box.devices],
        "auth_cnt": len(box.settings.users),
    }


def get_params(box, arguments: dict, role: int) -> Live:
    """The parameters, as `params` of get_dev_info."""
    sums = {}
    return Live(lambda: _params(box, sums), lambda: sums.update(powers(box)))


# What a box without OCPP server, price feed and licences answers.
_CONSTANT = (
    ("ocpp_srv_tls_mode", "off"),
    ("ocpp_srv_port", 19520),
    ("ocpp_srv_use_ext_cert", False),
    ("ocpp_srv_cert_fn", ""),
    ("ocpp_srv_private_key_fn", ""),
    ("ocpp_srv_cacert_fn", ()),
    ("last_budget_reset", 60),
    ("max_evses", 3),
    ("shareware_mode", False),
    ("license_end", 0),
    ("real_evses", 0),
    ("real_evses_dis", 0),
    ("ocpp_gateway_license_cnt", 0),
    ("ocpp_gateway_licenses_used", 0),
    ("cm_outs", ()),
)


def _params(box, sums):
    """Yield names and values: a dict of them all would be the largest piece of memory there is."""
    params = box.settings.params
    # Not Settings.shown, which looks for secrets: there are none among the parameters.
    yield from params.__dict__.items()
    yield from _CONSTANT
    yield from sums.items()
    system = box.system
    yield "version", system.version
    yield "time", box.clock() or 0
    yield (
        "vsn",
        {
            "vendorid": _VENDOR,
            "version": packed(system.version),
            "productid": 1,
            "serialno": system.serial,
            "platform": system.platform,
        },
    )
    yield "cpu", system.cpu_percent()
    yield "mem", system.memory_percent()
    if box.wear:
        yield "flash", box.wear.summary()
    variables = box.settings.variables
    if box.variables:
        variables = [{"name": name, "expr": text} for name, text in box.variables.expressions()]
    yield "cm_vars", {"vars": variables}
    # Clients of old firmware know the house connection by this name.
    yield "max_total_evse_power", params.max_total_evse_current * 690 // 1000


def packed(version: str) -> int:
    """Version "2.0.1" as one number: major, minor, and 16 bits of build."""
    parts = [int(part) for part in version.split(".") if part.isdigit()] + [0, 0, 0]
    return parts[0] << 24 | parts[1] << 16 | parts[2]


# For each role of a meter: the sum of get_params that counts it, and with which sign.
_ROLES = (
    None,
    ("cons_pwr", 1),
    ("prod_pwr", -1),
    ("grid_pwr", 1),
    None,
    ("storage_home", 1),
    ("storage_all", 1),
)


def powers(box) -> dict:
    """The sums of get_params over all devices, in W."""
    names = ("cons_pwr", "prod_pwr", "error_pwr", "grid_pwr", "storage_home", "storage_all")
    sums = dict.fromkeys(names, 0)
    evse_w = 0
    now = box.now()
    roles = _ROLES
    for device in box.devices:
        watts = device.power(now)
        if watts:
            counted = roles[device.entry.get("role", 0)]
            if device.dev_id.startswith("E"):
                evse_w += watts
            elif counted:
                sums[counted[0]] += counted[1] * watts
    sums["cons_evse_power"] = evse_w
    total = box.settings.params.max_total_evse_current or box.settings.charge.max_current_ma
    sums["avail_evse_power"] = total * 690 // 1000
    sums["surplus_power"] = max(0, evse_w - sums["grid_pwr"])
    sums["cur_overdraft"] = 0
    return sums
