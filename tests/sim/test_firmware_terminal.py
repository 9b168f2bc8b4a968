"""Somebody types at the serial line while the whole firmware runs."""

from chip import until
from firmware_bench import app, box, charging, started
from firmware_terminal import PROMPT, typed
from silicon import SILICON

_LINES = (
    "help()",
    'help("wifi")',
    "status()",
    "log()",
    "wifi()",
    "mqtt()",
    "meter()",
    'cmd("get_dev_info")',
    'cmd("get_settings")',
    "frobnicate(1)",
    "wifi(home)",
    'log("x")',
    'cmd("modbus_get", {"x": 1})',
    'cmd("modbus_get&id=101&reg=22&type=f")',
)


def played(story, chip=None, limit_ms=200000):
    chip = chip or box()

    def whole():
        yield from started(chip)
        yield 2000
        yield from story(chip)

    chip.run(whole(), limit_ms=limit_ms)
    return chip


def test_the_pilot_loop_does_not_notice_what_is_typed_while_a_car_charges():
    def story(chip):
        yield from charging(chip)
        loop = app(chip).pace
        quiet_ms = loop.worst_closed_ms
        for line in _LINES:
            yield from typed(line)
        SILICON.serial.type("watch()\r")
        yield 5000
        yield from typed("")
        assert chip.world.contactor.closed and chip.world.contactor.closings == 1
        assert loop.held == 0 and loop.worst_closed_ms <= quiet_ms + 10, loop.status()
        assert SILICON.clock.blocked_us == 0 and chip.boots == 1

    played(story)


def test_every_command_says_what_it_should():
    def story(chip):
        for line, parts in (
            ("help()", ("wizard()", "Ctrl-C gives up a line", "selftest()")),
            ('help("mqtt")', ("mqtt://user:password@192.168.1.10:1883",)),
            ('help("wifo")', ("Did you mean wifi()?",)),
            ("status()", ("A1", "16.0 A by settings", "Contactor   open", "Meter M2", "sim as")),
            ("log(2)", ("info: ",)),
            ("wifi()", ("Wi-Fi: sim, address",)),
            ("mqtt()", ("no broker is in use",)),
            ("meter()", ("M2: dts353, answers", "eastron_sdm630")),
            ('cmd("get_settings&section=mqtt")', ('"keepalive_s":60',)),
            ('cmd("nonsense")', ('"unknown_command"',)),
            ('cmd("modbus_get&id=101&reg=14&type=f")', ("23",)),
            ("stats()", ("Did you mean status()?",)),
            ("wifi(home)", ('A text stands in quotes: "home"',)),
            ('wifi("home", "short")', ("8 to 63 characters",)),
            ('mqtt("http://x")', ("starts with none of mqtt",)),
            ('meter("sdm630")', ("Did you mean eastron_sdm630?",)),
            ('meter("dts353", 300)', ("a Modbus address is 1 to 247",)),
            ('meter("s0", 3)', ("input 1 or 2",)),
            ('meter("none", "M9")', ("M9: no such meter",)),
            ("log(50", ("A ) is missing",)),
        ):
            text = yield from typed(line)
            for part in parts:
                assert part in text, (line, text)

    played(story)


def test_what_is_set_is_in_force_and_kept():
    def story(chip):
        text = yield from typed('wifi("house", "secret words")')
        assert "joins house" in text, text
        text = yield from typed('mqtt("mqtt://user:pass@192.168.1.10")')
        assert "Taken" in text
        text = yield from typed('meter("s0", 2, 500)')
        assert "M4 is the meter" in text, text
        text = yield from typed('meter("s0", 2, 500)')
        assert "M4 is the meter" in text, "the same meter again is not another one"
        text = yield from typed("restart()")
        assert "starts again" in text
        yield from started(chip, 2)
        settings = app(chip).settings
        assert settings.network.wifi_password == "secret words"
        assert settings.mqtt.broker == "mqtt://user:pass@192.168.1.10"
        assert settings.find("devices", "E1")["attach"] == "M4"
        entry = settings.find("devices", "M4")
        assert entry["pulses_per_kwh"] == 500 and entry["address"] == "meter2:"
        yield 2000
        text = yield from typed('meter("none", "M4")')
        assert "Removed" in text and settings.find("devices", "M4") is None

    played(story)


def test_live_values_until_a_key_is_pressed():
    def story(chip):
        SILICON.serial.type("watch()\r")
        yield 3500
        text = SILICON.serial.text
        assert text.count("A1") == 4 and "CP+ V" in text, text
        text = yield from typed("")
        yield 3000
        assert SILICON.serial.text.count("A1") == text.count("A1"), "it goes on"
        yield from charging(chip)
        SILICON.serial.text = ""
        SILICON.serial.type("watch()\r")
        yield 3500
        assert "C2" in SILICON.serial.text and "-12.0" in SILICON.serial.text

    played(story)


def test_ctrl_c_ends_a_command_and_the_car_goes_on_charging():
    def story(chip):
        yield from charging(chip)
        for line in ("watch()", "wizard()", "factory_reset()"):
            SILICON.serial.type(line + "\r")
            yield 3000
            SILICON.serial.text = ""
            SILICON.serial.type("\x03")
            yield 1000
            assert SILICON.serial.text.endswith(PROMPT), (line, SILICON.serial.text)
            yield 3000
        SILICON.serial.type("\x03")
        yield 3000
        assert "Once more stops the firmware" in SILICON.serial.text
        SILICON.serial.type("sta\x03")
        yield 3000
        assert chip.world.contactor.closed and chip.boots == 1
        assert "Version" in (yield from typed("status()"))

    played(story)


def stopped(keys, gap_ms=0):
    """Type these keys while a car charges; the firmware has stopped with open contactors."""

    def story(chip):
        yield from charging(chip)
        for key in keys:
            SILICON.serial.type(key)
            if gap_ms:
                yield gap_ms
        yield from until(lambda: not SILICON.serial.running, 1000, "the firmware goes on")
        yield 200
        assert not chip.world.contactor.closed and chip.boots == 1
        assert SILICON.serial.interrupt == 3, "the REPL needs its Ctrl-C"

    return played(story)


def test_ctrl_c_twice_stops_the_firmware_with_open_contactors():
    stopped("\x03\x03", 1000)


def test_a_program_that_wants_the_repl_gets_it_at_once_and_the_rest_is_its_own():
    stopped("\x03\x03")
    for keys in ("\r\x03\r\x01", "\x03\x03\x01"):
        stopped((keys,))
        left = bytes(SILICON.serial._typed)
        assert left == keys[keys.rfind("\x03") + 1 :].encode(), (keys, left)


def test_after_ctrl_c_the_same_commands_are_functions_of_the_repl():
    chip = box()

    def story():
        yield from started(chip)
        yield 2000
        SILICON.serial.type("\r\x03")
        yield from until(lambda: not SILICON.serial.running, 1000)
        names = chip.program
        line = SILICON.serial
        for name, given, part in (
            ("help", (), "The firmware is stopped"),
            ("help", ("wifi",), 'wifi("name of the network"'),
            ("status", (), "this is how it was"),
            ("wifi", ("house", "secret words"), "joins house"),
            ("mqtt", (1, 2), "mqtt takes at most 1"),
            ("cmd", ("get_settings&section=network",), '"wifi_ssid":"house"'),
            ("cmd", ("modbus_get&id=1&reg=5",), "no_answer"),
            ("selftest", (), "The firmware is stopped"),
            ("calibrate", (), "The firmware is stopped"),
            ("watch", (), "Nothing moves"),
        ):
            line.text = ""
            names[name](*given)
            assert part in line.text, (part, line.text)
        chip.reset()
        yield from started(chip, 2)
        assert app(chip).settings.network.wifi_ssid == "house"

    chip.run(story(), limit_ms=60000)


def test_a_factory_reset_asks_first():
    def story(chip):
        text = yield from typed("factory_reset()", "Type yes: ")
        text = yield from typed("no")
        assert "Nothing is changed" in text
        app(chip).settings.change({"params.title": "Garage"})
        yield from typed("factory_reset()", "Type yes: ")
        yield from typed("yes")
        yield from started(chip, 2)
        assert app(chip).settings.params.title == "Wallbox"

    played(story)


def test_the_console_gives_back_what_it_has_loaded():
    import sys

    def story(chip):
        for line in ("help()", "status()", "meter()", "frobnicate()"):
            yield from typed(line)
        loaded = [name for name in sys.modules if name.startswith("firmware.console.")]
        # Frozen, the reader is a part of firmware.app.
        assert loaded in (["firmware.console.reader"], []), loaded

    played(story)


def test_a_line_of_the_log_does_not_spoil_what_is_typed():
    def story(chip):
        SILICON.serial.type("help(")
        yield 100
        app(chip).log.info("test", "something happens")
        text = yield from typed('"log")')
        assert "The last things that happened" in text

    played(story)
