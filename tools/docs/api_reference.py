"""Writes docs/api/reference.md from the tables of the firmware: commands, settings, list entries.

python tools/docs/api_reference.py            write the page
python tools/docs/api_reference.py --check    exit with 1 when the page is not what it should be
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "api" / "reference.md"
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "cpython")]

from firmware import schema, settings  # noqa: E402
from firmware.api import commands  # noqa: E402

_INTRODUCTION = """# Reference of commands and settings

This page is written by `tools/docs/api_reference.py` from the tables in the firmware; do not
edit it.

The same commands answer over MQTT ([mqtt.md](mqtt.md)), over HTTP ([http.md](http.md)) and at
the REPL ([console.md](console.md)). Errors have one shape, `{"error": {"code": "bad_value",
"text": "...", "parameter": "..."}}`; `modbus` also answers the bare texts `"bad modbus
register"`, `"bad modbus register size"` and `"unknown device"`, because clients know them. A
refused command changes nothing. A parameter `id=...` comes back with the answer, `{"id": "...",
"answer": ...}`, except in commands that have a parameter of this name.

Types: `int` and `num` (a fraction is allowed) may come as text, and `int` as a float without
fraction; `bool` is true, false, 1, 0, on, off; `expr` is a number or the text of a formula;
`dev` is `E1`, `M1` and so on; `three` is one to three numbers (`230,231,232` or a JSON list).
Bounds of texts are lengths. Roles: *anyone*, *admin* (password over HTTP, everybody on MQTT
unless `mqtt.api_admin` is off).
"""
_CODES = """## Error codes

| code | meaning |
|---|---|
| `unknown_command` `unknown_parameter` `missing_parameter` | does not fit the table below |
| `bad_value` | wrong type, out of bounds, or not known; `parameter` names it |
| `unreadable` | query string or JSON cannot be read; the text says where and why |
| `too_long` `too_many` | the answer does not fit into one MQTT message; a list is full |
| `unknown_device` `unknown_user` `unknown_card` | there is no such thing |
| `wrong_device` | there is, but it is of another kind |
| `not_allowed` `wrong_password` `slow_down` | role missing; wrong password; too many failures |
| `refused` | the charge point cannot do that now; the text says why |
| `busy` | a body of more than 512 bytes has to wait until the contactor is open |
| `no_answer` `not_supported` | the RS485 line is silent; this box has no such part |
| `bad_request` | HTTP only: the request itself makes no sense |
"""


# What clients of the vendor's boxes read and set, and this firmware keeps and shows only.
WITHOUT_EFFECT = """
params.max_overdraft_cur params.disable_policy params.max_imbalance_cur params.imbalance_add
params.phase_switch_delay params.reduce_on_com_err params.price_model params.fixed_price
params.feed_in_tariff params.surplus_expr params.cycle_time user.display
""".split()


def _parameter(text):
    name, kind, lowest, highest = (text.split(":") + ["", ""])[:4]
    optional = name.endswith("?")
    name = name.rstrip("?")
    if name == "+body":
        return "body: the same names as members of a JSON object"
    if name == "body":
        return ("optional " if optional else "") + "body: JSON"
    bounds = f" {lowest} to {highest}" if lowest else ""
    kind = kind.replace("|", " or ")
    return f"`{name}` {kind}{bounds}{', optional' if optional else ''}"


def _command(line):
    name, role, writes, answers, handler, *parameters = line
    text = " ".join((handler.__doc__ or "").split())
    yield f"### {name}"
    yield ""
    yield text
    yield ""
    saved = "; is kept in flash" if writes == "flash" else ""
    yield f"Role: {role}; answers: {answers}{saved}."
    if parameters:
        yield "Parameters: " + "; ".join(_parameter(text) for text in parameters) + "."
    yield ""


def _settings(section, title):
    yield f"### {title}"
    yield ""
    yield "| name | type | default | bounds | |"
    yield "|---|---|---|---|---|"
    for name, kind, default, lowest, highest, kept in schema.rows(section):
        bounds = f"{lowest} to {highest}" if lowest else ""
        note = {"ram": "not kept in flash", "owner": "set with change_admin_pwd"}.get(kept, "")
        if f"{section}.{name}" in WITHOUT_EFFECT:
            note = (note + "; " if note else "") + "kept for clients, without effect"
        kind = kind.replace("|", " or ")
        shown = "" if default == "-" else default
        if kind == "bool":
            shown = "true" if default == "1" else "false"
        yield f"| `{name}` | {kind} | {shown} | {bounds} | {note} |"
    yield ""


def page() -> str:
    """The whole page."""
    lines = [_INTRODUCTION, _CODES, "## Commands", ""]
    for line in sorted(commands.rows()):
        lines += _command(line)
    lines += ["## Settings", "", "Changed with `set_params`, read with `get_settings`.", ""]
    for section in settings.SECTIONS:
        lines += _settings(section, section)
    lines += ["## Entries of lists", ""]
    for section in schema.TABLES:
        if section not in settings.SECTIONS:
            lines += _settings(section, section)
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(PAGE.read_text() != page())
    PAGE.write_text(page())
