"""Each file of firmware/boards/ is a table that the chip can do, and wrong tables are found."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools" / "boards"))

import report

from firmware import wiring_rules

GOOD = report.table("devkit")

WRONG = [
    ({"pilot_pwm": 36}, "pilot_pwm: GPIO 36 cannot be an output"),
    ({"lock": 34}, "lock: GPIO 34 cannot be an output"),
    ({"led": 6}, "led: GPIO 6 belongs to the flash"),
    ({"button": 11}, "button: GPIO 11 belongs to the flash"),
    ({"led": 20}, "led: GPIO 20 does not exist"),
    ({"led": 40}, "led: GPIO 40 does not exist"),
    ({"led": -1}, "led: GPIO -1 does not exist"),
    ({"led": "2"}, "led: GPIO 2 does not exist"),
    ({"led": [2]}, "led: GPIO [2] does not exist"),
    ({"led": 1}, "led: GPIO 1 is the serial console"),
    ({"button": 3}, "button: GPIO 3 is the serial console"),
    ({"pilot_adc": 4, "residual_trip": 36}, "pilot_adc: GPIO 4 is not on ADC1"),
    ({"temperature_adc": 15}, "temperature_adc: GPIO 15 is not on ADC1"),
    ({"psram": True}, "rs485: GPIO 17 belongs to the PSRAM"),
    ({"contactor": 2, "led": 27}, "contactor: GPIO 2 has a level of its own during reset"),
    ({"phase_contactor": 15}, "phase_contactor: GPIO 15 has a level of its own"),
    ({"lock": 27}, "lock: GPIO 27 is contactor already"),
    ({"s0": (18, 18)}, "s0: GPIO 18 is s0 already"),
    ({"rs485": (2, 17, 16, 25)}, "rs485: GPIO 25 is pilot_disconnect already"),
    ({"rs485": (0, 17, 16, 21)}, "rs485: UART 0 is not free"),
    ({"rs485": (2, 17, 16)}, "rs485: (2, 17, 16) is not of the form"),
    ({"rs485": (2, 39, 16, 21), "proximity_adc": None}, "rs485: GPIO 39 cannot be an output"),
    ({"s0": 18}, "s0: 18 is not of the form"),
    ({"contactor": None}, "contactor: every board needs it"),
    ({"pilot_scale": None}, "pilot_scale: every board needs it"),
    ({"pilot_scale": (0, 1300)}, "pilot_scale: (0, 1300) cannot be"),
    ({"pilot_scale": (11, 300)}, "pilot_scale: (11, 300) cannot be"),
    ({"pilot_scale": (4, 1300)}, "pilot_scale: (4, 1300) cannot be"),
    ({"pilot_scale": ((1300, 0),)}, "is not of the form"),
    ({"pilot_scale": ((1300, 0), (1200, 6000))}, "cannot be"),
    ({"pilot_scale": ((100, 6000), (2500, -12000))}, "cannot be"),
    ({"pilot_scale": 11}, "pilot_scale: 11 is not of the form"),
    ({"proximity_pullup": (0, 3300)}, "proximity_pullup: (0, 3300) cannot be"),
    ({"proximity_pullup": None}, "proximity_adc: needs proximity_pullup"),
    ({"phase_contactor": None}, "phase_mirror: needs phase_contactor"),
    ({"residual_trip": None}, "residual_test: needs residual_trip"),
    ({"lock": None}, "lock_feedback: needs lock"),
    (
        {"temperature_linear": (500, 10), "temperature_adc": None},
        "temperature_linear: needs temperature_adc",
    ),
    ({"max_current_ma": 63000}, "max_current_ma: 63000 cannot be"),
    ({"max_current_ma": 32}, "max_current_ma: 32 cannot be"),
    ({"phases": 2}, "phases: 2 cannot be"),
    ({"ventilation": "no"}, "ventilation: 'no' cannot be"),
    ({"name": ""}, "name: '' cannot be"),
    ({"pilot_pin": 5}, "pilot_pin: no such key"),
]


@pytest.mark.parametrize("name", report.names())
def test_the_firmware_takes_the_board(name):
    assert report.problems(name) == []


@pytest.mark.parametrize("name", report.names())
def test_the_board_says_where_its_facts_are_from_and_what_it_lacks(name):
    text = (report.FOLDER / f"{name}.py").read_text()
    own = name in ("devkit", "sim", "wrover")
    assert own or ("github.com/" in text and "commit" in text and "Not usable" in text)
    assert f"`{name}`" in (ROOT / "docs" / "boards.md").read_text(), "docs/boards.md lists it"


def test_keys_that_no_board_has_are_rare():
    used = {key for name in report.names() for key, value in report.table(name).items()}
    known = {line.split()[0] for line in wiring_rules._KEYS.strip().splitlines()}
    assert used == known


@pytest.mark.parametrize(("change", "said"), WRONG)
def test_what_the_chip_cannot_do_is_named(change, said):
    found = wiring_rules.problems(GOOD | change)
    assert any(said in line for line in found), found


def test_one_fault_gives_one_sentence():
    for change, _ in WRONG:
        found = wiring_rules.problems(GOOD | change)
        assert len(found) == 1 or "psram" in change, (change, found)


def test_warnings_name_straps_missing_pull_ups_and_what_is_not_protected():
    told = "\n".join(report.warnings(report.table("smartevse3")))
    for part in ("GPIO 15 is read at reset", "contactor_mirror: none", "+12 V is"):
        assert part in told, told
    told = "\n".join(report.warnings(GOOD | {"residual_trip": 35, "lock_feedback": None}))
    assert "residual_trip: GPIO 35 has no pull-up" in told


def test_levels_are_where_the_divider_puts_them():
    assert report.pilot(GOOD) == [
        (12000, 2391), (9000, 2118), (6000, 1845), (3000, 1573), (0, 1300), (-12000, 209),
    ]  # fmt: skip
    assert dict(report.pilot(report.table("esp32evse")))[9000] == 2251
    assert report.proximity(GOOD)[2] == (220, 595)


def test_the_reference_divider_is_that_of_the_devkit():
    text = (ROOT / "docs" / "boards.md").read_text()
    assert "--divider 113000 26100 20000" in text
    factor, offset_mv = report.divider(113000, 26100, 20000)
    assert (round(factor), round(offset_mv, -1)) == GOOD["pilot_scale"]


def test_the_tool_ends_with_one_for_a_board_that_is_not_there():
    command = [sys.executable, str(ROOT / "tools" / "boards")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "devkit" in done.stdout and "refused" not in done.stdout
    more = [*command, "--divider", "113000", "26100", "20000"]
    done = subprocess.run(more, capture_output=True, text=True, check=False)
    assert done.stdout == "factor 10.98, offset 1301 mV\n"
    command.append("nowhere")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "firmware/boards/nowhere.py" in done.stderr
