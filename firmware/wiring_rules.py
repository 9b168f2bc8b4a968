"""What a table of firmware/boards/ must say so that the chip and this firmware can do it.

Read once at the start, and by tools/boards for whoever writes a new table.
"""

# Each line: key, kind, "!" when every board has it. Kinds: out, in, pull (an input whose resting
# level is what makes it safe), adc, or a name that `_other` explains.
_KEYS = """
name text !
pilot_pwm out !
pilot_adc adc !
pilot_scale scale !
pilot_disconnect out
pilot_relay_seen bool
contactor out !
phase_contactor out
contactor_mirror pull
phase_mirror pull
residual_trip pull
residual_test out
emergency_stop pull
proximity_adc adc
proximity_pullup pair
temperature_adc adc
temperature_linear pair
lock out
lock_feedback in
supply_ok pull
s0 pulls
rs485 rs485
led out
button in
max_current_ma number !
phases number !
ventilation bool !
psram bool
"""
_COILS = ("contactor", "phase_contactor")
# What makes no sense without something else.
_NEEDS = (
    ("phase_mirror", "phase_contactor"),
    ("residual_test", "residual_trip"),
    ("lock_feedback", "lock"),
    ("proximity_adc", "proximity_pullup"),
    ("temperature_linear", "temperature_adc"),
)
_MISSING = (20, 24, 28, 29, 30, 31)
STRAPPING = (0, 2, 5, 12, 15)
_FIRST_INPUT_ONLY = 34
_FIRST_ADC1 = 32
_LAST = 39
# The sampler cannot see the low part of a pilot above 85 % duty (firmware/sampler.py).
_MOST_MA = 51000
# What the ESP32's converter reads at the most, rounded down.
ADC_TOP_MV = 3100


def problems(table: dict) -> list:
    """One sentence for each thing that this firmware cannot drive; empty when all is well."""
    found = []
    used = pins(table, found)
    taken = {}
    for key, kind, pin in used:
        wrong = _pin(key, kind, pin, table.get("psram"))
        if not wrong and pin in taken:
            wrong = f"is {taken[pin]} already"
        if wrong:
            found.append(f"{key}: GPIO {pin} {wrong}")
        else:
            taken[pin] = key
    for key, other in _NEEDS:
        if table.get(key) is not None and table.get(other) is None:
            found.append(f"{key}: needs {other}")
    return found


def pins(table: dict, found: list) -> list:
    """Every pin as (key, kind, number); what is not as it should be is added to `found`."""
    known = {}
    for line in _KEYS.strip().split("\n"):
        words = line.split()
        known[words[0]] = words[1]
        if len(words) == 3 and table.get(words[0]) is None:
            found.append(f"{words[0]}: every board needs it")
    used = []
    for key, value in table.items():
        kind = known.get(key)
        if kind is None:
            found.append(f"{key}: no such key")
        elif value is not None:
            try:
                _take(key, kind, value, used, found)
            except (TypeError, ValueError, IndexError):
                found.append(f"{key}: {value!r} is not of the form that it should have")
    return used


def _take(key: str, kind: str, value, used: list, found: list):
    if kind == "pulls":
        for pin in value:
            used.append((key, "pull", pin))
    elif kind == "rs485":
        number, tx, rx, enable = value
        if number not in (1, 2):
            found.append(f"{key}: UART {number} is not free, 1 and 2 are")
        used.extend(((key, "out", tx), (key, "in", rx), (key, "out", enable)))
    elif kind in ("out", "in", "pull", "adc"):
        used.append((key, kind, value))
    elif not _other(key, kind, value):
        found.append(f"{key}: {value!r} cannot be")


def _other(key: str, kind: str, value) -> bool:
    if kind == "text":
        return isinstance(value, str) and value != ""
    if kind == "bool":
        return value in (True, False)
    if kind == "pair":
        first, second = value
        return first > 0 and second > 0
    if kind == "scale":
        return _scale(value)
    if key == "phases":
        return value in (1, 3)
    return 6000 <= value <= _MOST_MA


def _scale(scale) -> bool:
    """Rising, and such that both +12 V and the diode's -10 V can be told from their neighbours."""
    if isinstance(scale[0], int):
        factor, offset_mv = scale
        if factor <= 0:
            return False
        scale = (offset_mv, 0), (offset_mv + 1000, factor * 1000)
    for index in range(1, len(scale)):
        if scale[index][0] <= scale[index - 1][0] or scale[index][1] <= scale[index - 1][1]:
            return False
    return (
        _line(scale[-2], scale[-1], ADC_TOP_MV) >= 10750 and _line(scale[0], scale[1], 0) <= -11000
    )


def _line(low, high, adc_mv: int) -> int:
    return low[1] + (adc_mv - low[0]) * (high[1] - low[1]) // (high[0] - low[0])


def _pin(key: str, kind: str, pin, psram) -> str | None:
    """Why an ESP32 cannot use this pin so."""
    if not isinstance(pin, int) or not 0 <= pin <= _LAST or pin in _MISSING:
        return "does not exist"
    if 6 <= pin <= 11:
        return "belongs to the flash"
    if pin in (1, 3):
        return "is the serial console"
    if psram and pin in (16, 17):
        return "belongs to the PSRAM"
    if kind == "out" and pin >= _FIRST_INPUT_ONLY:
        return "cannot be an output"
    if kind == "adc" and pin < _FIRST_ADC1:
        return "is not on ADC1; ADC2 does not work beside Wi-Fi"
    if key in _COILS and pin in STRAPPING:
        return "has a level of its own during reset, and this is a coil"
    return None
