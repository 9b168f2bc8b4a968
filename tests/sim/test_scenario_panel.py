"""The panel fits its terminal, shows both truths, and its command lines survive wrapping."""

from tools.sim.panel import Panel, commands, span, status_line, wrapped


def view(**changes):
    shown = {
        "uptime_ms": 754_321,
        "boots": 1,
        "speed": 1,
        "clock": "real time",
        "help": False,
        "car": "Large battery, 11 kW",
        "plugged": True,
        "car_asks": True,
        "soc_permille": 432,
        "wire_high_mv": 5990,
        "wire_low_mv": -12000,
        "level": "C",
        "fw_high_mv": 6010,
        "fw_low_mv": -11980,
        "state": "C2 charging",
        "duty": 17476,
        "offered_ma": 16000,
        "fw_offered_ma": 16000,
        "ruling": "settings, 16.0 A",
        "contacts": True,
        "phase_contacts": True,
        "relay": True,
        "mirror": True,
        "welded": False,
        "current_ma": [16000, 15900, 16000],
        "fw_current_ma": [16000, 15900, 16000],
        "power_w": 11040,
        "fw_power_w": 11020,
        "energy_wh": 5123,
        "fw_energy_wh": 5120,
        "meters": "answer",
        "fw_meters": "M1 11.0 kW",
        "port": 41234,
        "broker_runs": True,
        "fw_broker": "connected",
        "injected": [],
        "faults": [],
        "pace": {
            "edges_ms": (11, 15, 20, 30, 50, 100),
            "counts": [9000, 200, 0, 1, 0, 0, 0],
            "worst_ms": 28,
            "worst_closed_ms": 12,
            "held": 0,
        },
        "memory": "61 KB used",
        "log": ["info: app: started"] * 9,
        "commands": commands(41234),
    }
    shown.update(changes)
    return shown


def unknown():
    """Before the firmware says anything."""
    return view(
        fw_high_mv=None,
        fw_low_mv=None,
        fw_offered_ma=None,
        fw_current_ma=None,
        fw_power_w=None,
        fw_energy_wh=None,
        mirror=None,
        pace=None,
        port=None,
        phase_contacts=None,
    )


def test_it_fits_into_every_terminal():
    for width, height in ((80, 24), (120, 40), (60, 20), (200, 60)):
        for shown in (view(), view(help=True), unknown(), view(faults=["diode"] * 40)):
            lines = Panel(False).lines(shown, width, height)
            assert len(lines) <= height
            for line in lines:
                assert len(line) <= max(width, 80), (width, line)


def test_at_80_by_24_everything_important_is_there():
    text = "\n".join(Panel(False).lines(view(), 80, 24))
    for needed in (
        "5.99",
        "26.67 %",
        "16.0 A",
        "closed",
        "5.123 kWh",
        "5.120 kWh",
        "28 ms",
        "41234",
    ):
        assert needed in text, needed
    assert "mosquitto_pub -p 41234 -t cfos_mqtt/ctl" in text
    assert "q quit" in text


def test_colours_only_where_wanted():
    assert "\x1b" not in "".join(Panel(False).lines(view(faults=["diode"]), 80, 24))
    assert "\x1b" in "".join(Panel(True).lines(view(faults=["diode"]), 80, 24))


def test_the_help_page_shows_every_command_line():
    lines = Panel(False).lines(view(help=True), 120, 40)
    for what, line in commands(41234):
        assert any(line in shown and what in shown for shown in lines), line


def test_a_wrapped_command_line_is_the_same_to_a_shell():
    for _, line in commands(65535):
        pieces = wrapped(line, 60)
        assert all(len(piece) <= 60 for piece in pieces), pieces
        joined = " ".join(piece[:-2] if piece.endswith(" \\") else piece for piece in pieces)
        assert " ".join(joined.split()) == line


def test_a_status_line_tells_the_same_in_one_line():
    line = status_line(view())
    assert "\n" not in line
    assert "26.67 %" in line and "contactor closed" in line and "11.040 kW" in line
    assert "?" in status_line(unknown())


def test_times_read_like_a_clock():
    assert span(754_321) == "00:12:34"
    assert span(90_061_000) == "1 d 01:01:01"
