"""Draws the live panel: what the world does beside what the firmware believes, as plain lines."""

_RESET = "\x1b[0m"
_BOLD = "\x1b[1m"
_DIM = "\x1b[2m"
_RED = "\x1b[31m"
_GREEN = "\x1b[32m"
_YELLOW = "\x1b[33m"

_LABEL = 11
_BELIEF = 45  # column of what the firmware believes

KEYS = (
    ("p", "plug in, unplug"),
    ("c", "car wants to charge, or stops"),
    ("n", "next car of the zoo (unplugs)"),
    ("b", "stop or start the broker"),
    ("w", "weld or free the main contactor"),
    ("x", "power off and on again"),
    ("r", "reset the chip"),
    ("d", "diode shorted, or good again"),
    ("s", "short between CP and PE"),
    ("g", "residual current of 6 mA trips"),
    ("e", "emergency stop"),
    ("m", "meters fall silent, answer again"),
    ("h", "hold the loop for 60 ms"),
    ("t", "type at the box's console, Ctrl-] comes back"),
    ("u", "button of the box: press, let go"),
    ("+ -", "faster, slower"),
    ("?", "this page"),
    ("q", "quit"),
)
_FOOTER = "p plug  c car  b broker  w weld  x power  t console  +- speed  ? keys  q quit"


def commands(port: int, tools: str = ".tools/bin/") -> list:
    """Command lines to try in a second terminal: (what it does, the line)."""
    publish = f"{tools}mosquitto_pub -p {port} -t cfos_mqtt/"
    return [
        ("watch everything", f"{tools}mosquitto_sub -p {port} -v -t 'cfos_mqtt/#'"),
        ("offer 10 A", publish + 'ctl -m \'{"E1":{"cur":10000}}\''),
        ("ask for all values", publish + "api/cmd=get_dev_info -n"),
        ("limit the house", publish + "api/cmd=set_params -m '{\"max_total_cur_prc\":15}'"),
        ("feed a meter", publish + "set/M3 -m '{\"power_w\":1500}'"),
        ("set a variable", publish + "'api/cmd=set_cm_vars&name=sun&val=7&tmp=1' -n"),
    ]


def wrapped(line: str, width: int) -> list:
    """A shell line cut at spaces into pieces of at most `width`, joined by backslashes."""
    pieces = []
    while len(line) > width:
        cut = line.rfind(" ", 0, width - 1)
        if cut <= 0:
            break
        pieces.append(line[:cut] + " \\")
        line = "  " + line[cut + 1 :]
    pieces.append(line)
    return pieces


def span(ms: int) -> str:
    """`1234567` ms as `00:20:34`, with days in front when there are any."""
    seconds = ms // 1000
    days, seconds = divmod(seconds, 86400)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{days} d {clock}" if days else clock


def volts(mv) -> str:
    return "?" if mv is None else f"{mv / 1000:+.2f}"


def amps(ma) -> str:
    return "?" if ma is None else f"{ma / 1000:.1f}"


def currents(values) -> str:
    return " ".join(amps(value) for value in values) + " A" if values else "?"


def kilo(value, unit: str) -> str:
    return "?" if value is None else f"{value / 1000:.3f} k{unit}"


def duty_text(duty) -> str:
    if duty is None:
        return "?"
    if duty >= 65535:
        return "+12 V DC"
    return f"{duty * 100 / 65535:.2f} %" if duty > 0 else "-12 V DC"


class Panel:
    """Renders views into lines; `colour` adds ANSI colours, which take no room."""

    def __init__(self, colour: bool):
        self._colour = colour

    def lines(self, view: dict, width: int, height: int) -> list:
        """At most `height` lines of at most `width` visible characters."""
        if view["help"]:
            body = self._help(view, width)
        else:
            body = self._body(view, width)
            body += self._below(view, width, height - 1 - len(body))
        return body[: height - 1] + [self._paint(_DIM, _FOOTER[:width])]

    def _paint(self, code: str, text: str) -> str:
        return f"{code}{text}{_RESET}" if self._colour else text

    def _row(self, width: int, label: str, world: str, belief: str = "", bad: bool = False):
        if belief:
            world = f"{world[: _BELIEF - _LABEL - 1]:<{_BELIEF - _LABEL}}{belief}"
        text = f"{label:<{_LABEL}}{world}"[:width]
        return self._paint(_RED + _BOLD, text) if bad else text

    def _head(self, view, width):
        left = f"Wallbox on a simulated ESP32   up {span(view['uptime_ms'])}"
        left += f"   boot {view['boots']}   {view['clock']}"
        speed = f"speed {view['speed']}x"
        line = f"{left:<{width - len(speed)}}{speed}"[:width]
        return self._paint(_BOLD, line)

    def _body(self, view, width):
        row = self._row
        lines = [
            self._head(view, width),
            self._paint(_DIM, f"{'':<{_LABEL}}{'the world':<{_BELIEF - _LABEL}}the firmware"),
            row(width, "Car", self._car(view), view["state"]),
            row(width, "Pilot", self._pilot(view), self._belief_of_pilot(view)),
            row(width, "Offer", self._offer(view), self._ruling(view)),
            row(
                width,
                "Contactor",
                self._contacts(view),
                self._coils(view),
                view["contacts"] != view["relay"] and view["welded"],
            ),
            row(width, "Current", currents(view["current_ma"]), currents(view["fw_current_ma"])),
            row(width, "Power", kilo(view["power_w"], "W"), kilo(view["fw_power_w"], "W")),
            row(width, "Energy", kilo(view["energy_wh"], "Wh"), kilo(view["fw_energy_wh"], "Wh")),
            row(width, "Meters", view["meters"], view["fw_meters"]),
            row(width, "Broker", self._broker(view), view["fw_broker"]),
            row(
                width,
                "Faults",
                ", ".join(view["injected"]) or "none made",
                ", ".join(view["faults"]) or "none",
                bool(view["faults"]),
            ),
        ]
        front = view.get("front")
        if front:
            lines.append(row(width, "Front", front, view.get("notice", "")))
        return lines + self._loop(view, width)

    def _below(self, view, width, room):
        """What to try at the bottom, and the log in the room that is left above it."""
        lines = []
        if view["commands"]:
            lines.append(self._paint(_DIM, "Try in a second terminal (? shows more):"))
            for _, line in view["commands"][:2]:
                lines += [self._paint(_GREEN, piece) for piece in wrapped(line, width)]
        room = max(0, room - len(lines))
        log = [line[:width] for line in view["log"][-room:]] if room else []
        return log + [""] * (room - len(log)) + lines

    def _help(self, view, width):
        lines = [self._head(view, width)]
        half = (len(KEYS) + 1) // 2
        for i in range(half):
            left = f"  {KEYS[i][0]:<4}{KEYS[i][1]}"
            right = ""
            if i + half < len(KEYS):
                right = f"  {KEYS[i + half][0]:<4}{KEYS[i + half][1]}"
            lines.append(f"{left:<40}{right}"[:width])
        lines.append("In a second terminal:")
        for what, line in view["commands"]:
            pieces = wrapped(line, width)
            if len(line) + len(what) + 5 <= width:
                pieces = [f"{line}   # {what}"]
            lines += [self._paint(_GREEN, piece) for piece in pieces]
        return lines

    def _car(self, view):
        if not view["plugged"]:
            return f"none ({view['car']})"
        does = "asks" if view["car_asks"] else "idle"
        return f"{view['soc_permille'] / 10:.1f} % {does}, {view['car']}"

    def _pilot(self, view):
        return f"{volts(view['wire_high_mv'])} / {volts(view['wire_low_mv'])} V  {view['level']}"

    def _belief_of_pilot(self, view):
        return f"{volts(view['fw_high_mv'])} / {volts(view['fw_low_mv'])} V"

    def _offer(self, view):
        offered = f", {amps(view['offered_ma'])} A" if view["offered_ma"] else ""
        return duty_text(view["duty"]) + offered

    def _ruling(self, view):
        return f"{amps(view['fw_offered_ma'])} A, ruled by {view['ruling']}"

    def _contacts(self, view):
        text = "closed" if view["contacts"] else "open"
        if view["welded"]:
            text += " (WELDED)"
        if view["phase_contacts"] is not None:
            text += ", L2/L3 " + ("closed" if view["phase_contacts"] else "open")
        return text

    def _coils(self, view):
        coil = "on" if view["relay"] else "off"
        mirror = {None: "none", True: "closed", False: "open"}[view["mirror"]]
        return f"coil {coil}, mirror {mirror}"

    def _broker(self, view):
        if view["port"] is None:
            return "none"
        return f"{'running' if view['broker_runs'] else 'STOPPED'} on port {view['port']}"

    def _loop(self, view, width):
        pace = view["pace"]
        if not pace:
            return [self._row(width, "Loop", "?")]
        total = max(1, sum(pace["counts"]))
        text = f"worst {pace['worst_ms']} ms, {pace['worst_closed_ms']} ms with contactor closed"
        if pace["held"]:
            text += f", HELD {pace['held']} times"
        shares = ""
        for edge, count in zip(list(pace["edges_ms"]) + ["more"], pace["counts"]):
            if count:
                name = f"<={edge}" if edge != "more" else "more"
                shares += f"  {name}: {_share(count, total)}"
        return [
            self._row(width, "Loop", text, "", pace["held"] > 0),
            self._row(width, "", shares.strip() + f"   {view['memory']}"),
        ]


def _share(count: int, total: int) -> str:
    """In percent, but a few are told by their number."""
    return str(count) if count * 1000 < total else f"{count * 100 / total:.1f} %"


def status_line(view: dict) -> str:
    """One line for a log or a pipe."""
    return (
        f"{span(view['uptime_ms'])} {view['state']}: {duty_text(view['duty'])}"
        f" {amps(view['offered_ma'])} A by {view['ruling']},"
        f" contactor {'closed' if view['contacts'] else 'open'},"
        f" {kilo(view['power_w'], 'W')}, {kilo(view['energy_wh'], 'Wh')}"
        f" (firmware {kilo(view['fw_energy_wh'], 'Wh')}), broker {view['fw_broker']},"
        f" faults {', '.join(view['faults']) or 'none'},"
        f" loop worst {view['pace']['worst_ms'] if view['pace'] else '?'} ms"
    )
