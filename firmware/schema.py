"""What can be set: one table of names, types, defaults and bounds, and the check against it."""

from firmware.checks import take

# Each line: name type default, lowest and highest (not for bool, dev and choices), then "ram" for
# setpoints, which are never written to flash, or "owner" for what has a command of its own.
# For text, secret, url and list the bounds are lengths. "-" is the empty text. A type with "|"
# is a choice, "dev" is E1 to E999 or M1 to M999, "expr" is a number within the bounds or the text
# of a formula. device, user, rfid, variable, plan and slot describe entries of lists.
TABLES = {
    "params": """
title text Wallbox 0 63
desc text - 0 127
max_total_cur_prc int 100 0 100 ram
max_total_current expr 63000 0 1000000
reserve_current int 0 0 1000000
max_overdraft_cur int 0 0 1000000 ram
max_total_evse_current int 0 0 1000000
lb_enabled bool 0
disable_policy int 0 -1 1
max_imbalance_cur int 20000 0 1000000
imbalance_add bool 0
min_pause_time int 300 0 86400
phase_switch_delay int 180 0 86400
reduce_on_com_err bool 1
price_model int 0 0 99
fixed_price num 0 0 100
feed_in_tariff num 0 -100 100
surplus_expr text - 0 200
cm_flags int 0 0 4294967295 ram
cycle_time int 3000 1000 10000
""",
    "charge": """
max_current_ma int 16000 6000 80000
min_current_ma int 6000 6000 16000
phases int 3 1 3
phase_switching bool 0
phase_pause_s int 60 15 120
phase_interval_s int 300 210 3600
ventilation bool 0
wake_up bool 1
wake_most int 8 0 20
wake_recipe text - 0 63
dimmed bool 0 ram
dim_power_w int 4200 1380 22000
random_delay_s int 0 0 1800
start_enabled bool 1
start_ma int 0 0 80000
control_ttl_s int 86400 10 432000
control_fallback_ma int 6000 0 80000
input_timeout_s int 90 5 86400
lock bool 1
""",
    "mqtt": """
broker url - 0 200
info_broker url mqtt 0 200
control_broker url mqtt 0 200
api_broker url mqtt 0 200
log_broker url mqtt 0 200
ta_log_broker url mqtt 0 200
info bool 1
control bool 1
api bool 1
api_admin bool 1
log bool 0
log_level error|warning|info|debug info
ta_log bool 0
ta_interval_s int 900 0 86400
use_serial_number bool 0
keepalive_s int 60 5 3600
max_answer int 16384 512 65536
max_message int 4096 1024 16384
tls_ca_file text - 0 63
tls_fingerprint text - 0 95
tls_self_signed bool 0
tls_certificate_file text - 0 63
tls_key_file text - 0 63
tls_wait_s int 0 0 86400
""",
    "network": """
hostname text wallbox 1 32
wifi_ssid text - 0 32
wifi_password secret - 0 63
admin_password secret - 0 200 owner
anonymous bool 1
http bool 1
http_port int 80 1 65535
time_server text pool.ntp.org 0 63
time_zone text CET-1CEST,M3.5.0,M10.5.0/3 0 63
""",
    "device": """
dev_id dev -
dev_type text - 1 32
device_enabled bool 1
name text - 0 63
desc text - 0 127
label text - 0 127
number text - 0 31
address text - 0 127
id int 1 0 255
min_charging_cur int 6000 6000 80000
max_charging_cur expr 32000 0 80000
prio int 1 0 1000
phase_rotation int 0 0 240
used_phases int 0 0 7
attach text - 0 4
group int 0 0 99
role int 0 0 6
factor num 1 -100000 100000
is_va bool 0
pulses_per_kwh int 1000 1 100000
nominal_v int 230 50 500
timeout_s int 0 0 86400
publish bool 0
hide_dev bool 0
has_history bool 0
show_in_overview bool 1
show_chart_in_dev_info bool 0
show_chart_in_overview bool 0
""",
    "variable": """
name text - 1 32
expr expr 0 -1e15 1e15
""",
    "user": """
id text - 1 32
name text - 0 63
display bool 0
dev_ids list - 0 16
rfids list - 0 16
""",
    "plan": """
dev_id text - 2 4
cplan list - 0 24
""",
    "slot": """
dc bool 0
st int 0 0 1439
dr int 1440 1 1440
lm num 0 0 1000000
""",
    "rfid": """
id text - 1 32
name text - 0 63
ac_auth bool 1
ac_ovch bool 0
used_phases int 0 0 7
""",
}
MASK = "***"


class SettingError(Exception):
    """A value that cannot be taken: which setting, what was given, what was expected."""

    def __init__(self, name: str, value, expected: str):
        self.name = name
        self.expected = expected
        shown = repr(value)
        self.value = shown if len(shown) <= 40 else shown[:37] + "..."

    def __str__(self):
        return f"{self.name}: {self.value} given, {self.expected} expected"


def rows(section: str):
    """Each row of a section as [name, type, default, lowest, highest, "ram", "owner" or ""]."""
    for line in TABLES[section].strip().split("\n"):
        yield _row(line)


def row(name: str) -> list | None:
    """The row of the setting `section.name`; None when there is none."""
    section, _, name = name.partition(".")
    table = TABLES.get(section, "")
    start = table.find("\n" + name + " ") + 1
    if not start or not name or " " in name or "\n" in name:
        return None
    return _row(table[start : table.find("\n", start)])


def _row(line):
    columns = line.split(" ")
    kept = columns.pop() if columns[-1] in ("ram", "owner") else ""
    while len(columns) < 5:
        columns.append("")
    return columns + [kept]


def default(line: list):
    """The default of a row, in the row's type."""
    kind, text = line[1], line[2]
    if kind == "list":
        return []
    return "" if text == "-" else take(kind, line[3], line[4], text)


def check(name: str, value):
    """`value` as the setting `section.name` takes it; SettingError otherwise."""
    line = row(name)
    if line is None:
        raise SettingError(name, MASK, "a known setting")
    try:
        return take(line[1], line[3], line[4], value)
    except ValueError as error:
        secret = line[1] in ("secret", "url") or name in ("rfid.id", "user.id")
        hidden = MASK if secret else value
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
