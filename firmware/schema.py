"""What can be set: one table of names, types, defaults and bounds, and the check against it."""

# name type default lowest highest kept who
# For text, secret, url and list the bounds are lengths. "-" is the empty text. A type with "|"
# is a choice, "dev" is E1 to E999 or M1 to M999, "expr" is a number within the bounds or the text
# of a formula. "ram" settings are setpoints: they are never written to flash. "owner" settings
# have commands of their own. Sections device, user, rfid and variable describe list entries.
TABLE = """
params.title text Wallbox 0 63 flash admin
params.desc text - 0 127 flash admin
params.max_total_cur_prc int 100 0 100 ram admin
params.max_total_current expr 63000 0 1000000 flash admin
params.reserve_current int 0 0 1000000 flash admin
params.max_overdraft_cur int 0 0 1000000 ram admin
params.max_total_evse_current int 0 0 1000000 flash admin
params.lb_enabled bool 0 0 1 flash admin
params.disable_policy int 0 -1 1 flash admin
params.max_imbalance_cur int 20000 0 1000000 flash admin
params.imbalance_add bool 0 0 1 flash admin
params.min_pause_time int 300 0 86400 flash admin
params.phase_switch_delay int 180 0 86400 flash admin
params.reduce_on_com_err bool 1 0 1 flash admin
params.price_model int 0 0 99 flash admin
params.fixed_price num 0 0 100 flash admin
params.feed_in_tariff num 0 -100 100 flash admin
params.surplus_expr text - 0 200 flash admin
params.cm_flags int 0 0 4294967295 ram admin
params.cycle_time int 3000 1000 10000 flash admin
charge.max_current_ma int 16000 6000 80000 flash admin
charge.min_current_ma int 6000 6000 16000 flash admin
charge.phases int 3 1 3 flash admin
charge.phase_switching bool 0 0 1 flash admin
charge.phase_pause_s int 60 15 120 flash admin
charge.phase_interval_s int 300 210 3600 flash admin
charge.ventilation bool 0 0 1 flash admin
charge.wake_up bool 1 0 1 flash admin
charge.random_delay_s int 0 0 1800 flash admin
charge.start_enabled bool 1 0 1 flash admin
charge.start_ma int 0 0 80000 flash admin
charge.control_ttl_s int 86400 0 432000 flash admin
charge.control_fallback_ma int 6000 0 80000 flash admin
charge.input_timeout_s int 90 5 86400 flash admin
charge.temperature_limit int 700 400 900 flash admin
charge.lock bool 1 0 1 flash admin
mqtt.broker url - 0 200 flash admin
mqtt.info_broker url mqtt 0 200 flash admin
mqtt.control_broker url mqtt 0 200 flash admin
mqtt.api_broker url mqtt 0 200 flash admin
mqtt.log_broker url mqtt 0 200 flash admin
mqtt.ta_log_broker url mqtt 0 200 flash admin
mqtt.info bool 1 0 1 flash admin
mqtt.control bool 1 0 1 flash admin
mqtt.api bool 1 0 1 flash admin
mqtt.api_admin bool 1 0 1 flash admin
mqtt.log bool 0 0 1 flash admin
mqtt.log_level error|warning|info|debug info 0 0 flash admin
mqtt.ta_log bool 0 0 1 flash admin
mqtt.ta_interval_s int 0 0 86400 flash admin
mqtt.use_serial_number bool 0 0 1 flash admin
mqtt.keepalive_s int 60 5 3600 flash admin
mqtt.max_answer int 16384 512 65536 flash admin
mqtt.tls_ca_file text - 0 63 flash admin
mqtt.tls_fingerprint text - 0 95 flash admin
mqtt.tls_self_signed bool 0 0 1 flash admin
network.hostname text wallbox 1 32 flash admin
network.wifi_ssid text - 0 32 flash admin
network.wifi_password secret - 0 63 flash admin
network.ap_password secret - 0 63 flash admin
network.country text DE 2 2 flash admin
network.admin_password secret - 0 200 flash owner
network.anonymous bool 1 0 1 flash admin
network.http bool 1 0 1 flash admin
network.http_port int 80 1 65535 flash admin
network.time_server text pool.ntp.org 0 63 flash admin
network.time_zone text CET-1CEST,M3.5.0,M10.5.0/3 0 63 flash admin
device.dev_id dev - 0 0 flash admin
device.dev_type text - 1 32 flash admin
device.device_enabled bool 1 0 1 flash admin
device.name text - 0 63 flash admin
device.desc text - 0 127 flash admin
device.label text - 0 127 flash admin
device.number text - 0 31 flash admin
device.address text - 0 127 flash admin
device.id int 1 0 255 flash admin
device.min_charging_cur int 6000 6000 80000 flash admin
device.max_charging_cur expr 32000 0 80000 flash admin
device.prio int 1 0 1000 flash admin
device.phase_rotation int 0 0 240 flash admin
device.used_phases int 0 0 7 flash admin
device.attach text - 0 4 flash admin
device.users list - 0 16 flash admin
device.fixed_rfid text - 0 32 flash admin
device.enable_wakeup bool 1 0 1 flash admin
device.group int 0 0 99 flash admin
device.role int 0 0 6 flash admin
device.factor num 1 -100000 100000 flash admin
device.is_va bool 0 0 1 flash admin
device.pulses_per_kwh int 1000 1 100000 flash admin
device.nominal_v int 230 50 500 flash admin
device.timeout_s int 0 0 86400 flash admin
device.publish bool 0 0 1 flash admin
device.hide_dev bool 0 0 1 flash admin
device.has_history bool 0 0 1 flash admin
device.show_in_overview bool 1 0 1 flash admin
device.show_chart_in_dev_info bool 0 0 1 flash admin
device.show_chart_in_overview bool 0 0 1 flash admin
variable.name text - 1 32 flash admin
variable.expr expr 0 -1e15 1e15 flash admin
user.id text - 1 32 flash admin
user.name text - 0 63 flash admin
user.display bool 0 0 1 flash admin
user.dev_ids list - 0 16 flash admin
user.rfids list - 0 16 flash admin
plan.dev_id text - 2 4 flash admin
plan.cplan list - 0 24 flash admin
slot.dc bool 0 0 1 flash admin
slot.st int 0 0 1439 flash admin
slot.dr int 1440 1 1440 flash admin
slot.lm num 0 0 1000000 flash admin
rfid.id text - 1 32 flash admin
rfid.name text - 0 63 flash admin
rfid.ac_auth bool 1 0 1 flash admin
rfid.ac_ovch bool 0 0 1 flash admin
rfid.used_phases int 0 0 7 flash admin
"""
MASK = "***"
_LONGEST_FORMULA = 200
_WORDS = {"true": True, "false": False, "on": True, "off": False, "yes": True, "no": False}


class SettingError(Exception):
    """A value that cannot be taken: which setting, what was given, what was expected."""

    def __init__(self, name: str, value, expected: str):
        self.name = name
        self.expected = expected
        shown = repr(value)
        self.value = shown if len(shown) <= 40 else shown[:37] + "..."

    def __str__(self):
        return f"{self.name}: {self.value} given, {self.expected} expected"


def rows(section: str | None = None):
    """Each row of the table as [name, type, default, lowest, highest, kept, who]."""
    start = 1
    while (end := TABLE.find("\n", start)) > 0:
        if section is None or TABLE.startswith(section + ".", start):
            yield TABLE[start:end].split(" ")
        start = end + 1


def row(name: str) -> list | None:
    """The row of the setting `section.name`; None when there is none."""
    if not name or " " in name or "\n" in name:
        return None
    start = TABLE.find("\n" + name + " ") + 1
    return TABLE[start : TABLE.find("\n", start)].split(" ") if start else None


def default(line: list):
    """The default of a row, in the row's type."""
    kind, text = line[1], line[2]
    if kind == "list":
        return []
    return "" if text == "-" else take(kind, line[3], line[4], text)


def take(kind: str, lowest: str, highest: str, value):
    """`value` as the table wants it; ValueError with what was expected otherwise.

    Numbers may come as text and integers as floats (`"6000"`, `6000.0`): query strings and
    home-automation templates send both.
    """
    if "|" in kind:
        if value in kind.split("|"):
            return value
        raise ValueError(kind.replace("|", " or "))
    return _TAKERS[kind](lowest, highest, value)


def _boolean(lowest, highest, value):
    if isinstance(value, str):
        value = _WORDS.get(value.lower(), value)
    if value in (True, "1", "1.0"):
        return True
    if value in (False, "0", "0.0"):
        return False
    raise ValueError("true or false")


def _real(lowest, highest, value):
    if isinstance(value, str) and 0 < len(value) <= 24:
        value = _parsed(value)
    known = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not known or not _parsed(lowest) <= value <= _parsed(highest):
        raise ValueError(f"a number from {lowest} to {highest}")
    whole = int(value)
    return whole if whole == value else value


def _integer(lowest, highest, value):
    try:
        value = _real(lowest, highest, value)
    except ValueError:
        value = None
    if not isinstance(value, int):
        raise ValueError(f"a whole number from {lowest} to {highest}")
    return value


def _expression(lowest, highest, value):
    # A plain number out of its bounds is not a formula.
    if not isinstance(value, str) or not value or _parsed(value) is not None:
        return _real(lowest, highest, value)
    return _text(0, _LONGEST_FORMULA, value)


def _list(lowest, highest, value):
    if not isinstance(value, list) or len(value) > int(highest):
        raise ValueError(f"a list of at most {highest}")
    return value


def _parsed(text):
    # float() takes "nan", "inf" and "1_000"; a person who types those means something else.
    if not all(c in "+-.0123456789eExXabcdfABCDF" for c in text):
        return None
    try:
        return int(text, 16) if "x" in text or "X" in text else int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return None


def _device(lowest, highest, value):
    text = isinstance(value, str) and 2 <= len(value) <= 4
    if not text or value[0] not in "EM" or value[1] == "0" or not value[1:].isdigit():
        raise ValueError("a device such as E1 or M2")
    return value


def _text(shortest, longest, value):
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise ValueError("text")
    if not int(shortest) <= len(value) <= int(longest):
        raise ValueError(f"text of {shortest} to {longest} characters")
    if any(ord(c) < 32 or ord(c) == 127 for c in value):
        raise ValueError("text without control characters")
    return value


_TAKERS = {
    "bool": _boolean,
    "int": _integer,
    "num": _real,
    "expr": _expression,
    "dev": _device,
    "list": _list,
    "text": _text,
    "secret": _text,
    "url": _text,
}


def check(name: str, value):
    """`value` as the setting `section.name` takes it; SettingError otherwise."""
    line = row(name)
    if line is None:
        raise SettingError(name, MASK, "a known setting")
    try:
        return take(line[1], line[3], line[4], value)
    except ValueError as error:
        hidden = MASK if line[1] in ("secret", "url") else value
        raise SettingError(name, hidden, error.args[0]) from None


def record(section: str, values) -> dict:
    """One entry of a list (a device, a user, a card, a variable), every member checked."""
    if not isinstance(values, dict):
        raise SettingError(section, values, "an object")
    taken = {name: check(section + "." + name, value) for name, value in values.items()}
    if "rfids" in taken:
        taken["rfids"] = [record("rfid", card) for card in taken["rfids"]]
    if "cplan" in taken:
        taken["cplan"] = [record("slot", slot) for slot in taken["cplan"]]
    return taken


def masked(line: list, value):
    """`value` as it may be shown: secrets and the passwords within URLs are stars."""
    if line[1] == "secret":
        return MASK if value else ""
    if line[1] == "url" and "@" in value:
        login, host = value.rsplit("@", 1)
        return login[: login.rfind(":") + 1] + MASK + "@" + host
    return value
