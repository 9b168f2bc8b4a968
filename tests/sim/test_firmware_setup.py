"""From a blank flash to a charging box, by answering what is asked at the serial line."""

from chip import until
from firmware_bench import app, box, charging, started
from firmware_terminal import PROMPT, blank, shown, typed
from silicon import SILICON


def answered(*pairs):
    """For stories: answer each question with the text beside the part it is known by."""
    line = SILICON.serial
    for part, answer in pairs:
        yield from shown(part)
        yield 200
        line.text = ""
        line.type(answer + "\r")


def test_a_wizard_leads_from_a_blank_flash_to_a_charging_box():
    chip = blank()

    def story():
        yield from answered(
            ("Board (", "toaster"),
            ("Not taken: one of ", "SIM"),
            ("Board [sim]: ", ""),
            ("Current limit in A [16]: ", "40"),
            ("a number from 6 to 32", "13"),
            ("Phases [3]: ", "2"),
            ("1 or 3 expected", "1"),
            ("Wi-Fi network [none]: ", "sim"),
            ("Wi-Fi password [none]: ", "short"),
            ("8 to 63 characters, or none", "none"),
            ("MQTT broker [none]: ", "192.168.1.10"),
            ("starts with none of mqtt", "mqtt://192.168.1.10"),
            ("Meter [none]: ", "dts353 101"),
            ("API [none]: ", "short"),
            ("at least 8 characters", "correct horse"),
            ("Start again now [yes]? ", ""),
        )
        yield from started(chip, 2)
        settings = app(chip).settings
        assert settings.charge.max_current_ma == 13000 and settings.charge.phases == 1
        assert settings.network.wifi_ssid == "sim"
        assert settings.mqtt.broker == "mqtt://192.168.1.10"
        assert "$" in settings.network.admin_password
        yield 6000
        assert not app(chip).meters._attached().reading.stale(app(chip).board.now())
        yield from charging(chip, {"phases": 1})
        assert app(chip).point.offered_ma == 13000

    chip.run(story(), limit_ms=300000)


def test_passwords_are_never_on_the_terminal():
    chip = blank()
    line = SILICON.serial
    kept = []

    def story():
        yield from answered(
            ("Board (", "sim"),
            ("Board [", ""),
            ("Current", ""),
            ("Phases", ""),
            ("network [", "house"),
            ("Wi-Fi password [", "hidden words"),
        )
        yield from shown("MQTT broker [")
        kept.append(line.text)
        yield from answered(("MQTT broker [", "back"), ("Wi-Fi password [stars]", ""))
        yield from answered(("MQTT broker [", "mqtt://me:secret77@host"), ("Meter [", "back"))
        yield from shown("MQTT broker [mqtt://me:***@host]")
        kept.append(line.text)

    chip.run(story(), limit_ms=300000)
    assert "hidden words" not in kept[0] and "*" * 12 in kept[0], kept[0]
    assert "secret77" not in kept[1]


def test_back_stop_and_empty_answers():
    chip = box()

    def story():
        yield from started(chip)
        yield from typed("wizard()", "Board [sim]: ")
        yield from typed("", "Current limit in A [16]: ")
        yield from typed("back", "Board [sim]: ")
        yield from typed("", "[16]: ")
        yield from typed("10 A", "Phases [3]: ")
        yield from typed("BACK", "Current limit in A [10]: ")
        yield from typed("", "Phases [3]: ")
        yield from typed("", "network [sim]: ")
        yield from typed("none", "MQTT broker [none]: ")
        yield from typed("back", "network [none]: ")
        text = yield from typed("stop")
        assert "Stopped." in text
        assert app(chip).settings.charge.max_current_ma == 10000
        assert app(chip).settings.network.wifi_ssid == ""

    chip.run(story(), limit_ms=100000)


def test_a_first_wifi_is_joined_at_once():
    chip = blank()

    def story():
        yield from answered(("Board (", "sim"), ("Board [", "stop"))
        yield from shown(PROMPT)
        text = yield from typed('wifi("sim")')
        assert "joins sim now" in text, text
        yield 5000
        text = yield from typed("wifi()")
        assert "Wi-Fi: sim, address" in text, text

    chip.run(story(), limit_ms=60000)


def test_another_board_needs_a_start_before_the_rest():
    chip = box()

    def story():
        yield from started(chip)
        yield from typed("wizard()", "Board [sim]: ")
        yield from typed("devkit", "Start again now [yes]? ")
        text = yield from typed("no")
        assert PROMPT in text
        assert app(chip).board.wiring["name"] == "sim"
        yield from typed("restart()")
        yield from started(chip, 2)
        assert app(chip).board.wiring["name"] == "devkit"

    chip.run(story(), limit_ms=100000)


def test_the_wizard_does_not_disturb_a_charging_car():
    chip = box()

    def story():
        yield from started(chip)
        yield from charging(chip)
        yield from typed("wizard()", "Board [sim]: ")
        yield from typed("", "[16]: ")
        yield from typed("8", "Phases [3]: ")
        yield 10000
        assert chip.world.contactor.closed and app(chip).point.offered_ma == 8000
        assert app(chip).pace.held == 0
        yield from typed("", "network [sim]: ")
        yield from typed("", "Wi-Fi password [none]: ")
        yield from typed("", "MQTT broker [none]: ")
        yield from typed("", "Meter [M2, dts353]: ")
        yield from typed("", "API [none]: ")
        yield from typed("")
        assert chip.world.contactor.closed and chip.world.contactor.closings == 1

    chip.run(story(), limit_ms=100000)


def test_a_blank_chip_can_be_stopped_while_it_asks():
    chip = blank()

    def story():
        yield from shown("Board (")
        SILICON.serial.type("\x03")
        yield from until(lambda: not SILICON.serial.running, 1000)
        assert chip.boots == 1

    chip.run(story(), limit_ms=20000)
