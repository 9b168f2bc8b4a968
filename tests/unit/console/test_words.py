from firmware.console import words
from firmware.console.call import CallError


def wrong(name, given=(), named=None):
    try:
        return words.find(name, list(given), named or {})
    except CallError as error:
        return str(error)


def test_every_command_says_how_and_what_and_exists():
    for name in words.names():
        module, _, form, text = words.row(name)
        assert form.startswith(name + "("), name
        assert text.endswith("."), name
        with open(f"firmware/console/{module}.py") as file:
            assert f"async def {name}(session, arguments" in file.read(), name


def test_calls_find_their_arguments():
    for call, found in (
        (("status",), ("show", "status", {})),
        (("log", [50]), ("show", "log", {"count": 50})),
        (("log", ["50"]), ("show", "log", {"count": 50})),
        (
            ("wifi", ["home"], {"password": "x"}),
            ("network", "wifi", {"ssid": "home", "password": "x"}),
        ),
        (
            ("meter", ["s0", 1, 1000]),
            ("meters", "meter", {"kind": "s0", "address": 1, "number": 1000}),
        ),
        (("cmd", ["x", {"a": 1}]), ("control", "cmd", {"query": "x", "body": {"a": 1}})),
        (("selftest", [], {"car": True}), ("selftest", "selftest", {"car": True})),
    ):
        assert wrong(*call) == found, call


def test_wrong_arguments_are_answered_with_the_right_form():
    for call, part in (
        (("status", [1]), "status takes no arguments. Like this: status()"),
        (("wifi", [1, 2, 3]), "wifi takes at most 2. Like this: wifi("),
        (("wifi", [], {"pass": "x"}), "wifi has no pass. Like this: wifi("),
        (("wifi", ["a"], {"ssid": "b"}), "ssid is given twice"),
        (("wifi", [["a"]]), "ssid: text expected"),
        (("wifi", ["a" * 33]), "ssid: text of 0 to 32 characters expected"),
        (("log", ["many"]), "count: a whole number from 1 to 64 expected"),
        (("log", [0]), "count: a whole number from 1 to 64 expected"),
        (("cmd",), "query is missing. Like this: cmd("),
        (("selftest", ["maybe"]), "car: true or false expected"),
    ):
        assert part in wrong(*call), (call, wrong(*call))


def test_slips_of_the_finger_get_a_suggestion():
    for typed, meant in (
        ("statsu", "status"),
        ("Status", "status"),
        ("wfi", "wifi"),
        ("mqqt", "mqtt"),
        ("selftset", "selftest"),
        ("self_test", "selftest"),
        ("calibrat", "calibrate"),
        ("rstart", "restart"),
        ("factory_rest", "factory_reset"),
        ("wizrad", "wizard"),
    ):
        assert f"Did you mean {meant}()?" in wrong(typed), typed
    for typed in ("x", "frobnicate", "config", "ls"):
        assert "help() lists them" in wrong(typed), (typed, wrong(typed))


def test_the_distance_of_two_words():
    for one, other, far in (
        ("", "", 0),
        ("", "ab", 2),
        ("ab", "ba", 1),
        ("kitten", "sitting", 3),
        ("A", "a", 0),
    ):
        assert words.distance(one, other) == far == words.distance(other, one), (one, other)


def test_a_number_is_no_text():
    for name, given, key in (
        ("wifi", [3], "ssid"),
        ("wifi", ["home", 1234567], "password"),
        ("mqtt", [1.5], "url"),
    ):
        text = wrong(name, given)
        assert text.startswith(f"{key}: a text in quotes expected. Like this: "), text
    assert wrong("wifi", ["3"])[2] == {"ssid": "3"}
