from firmware.checks import take
from firmware.schema import TABLES, SettingError, default, row, rows
from firmware.settings import SECTIONS, Settings

BOARD = {"max_current_ma": 16000, "phases": 3}


def refusal(do, *arguments):
    try:
        do(*arguments)
    except SettingError as error:
        return error
    raise AssertionError(arguments)


def test_every_row_of_the_table_is_sound():
    count = 0
    for section in TABLES:
        names = set()
        for line in rows(section):
            name, kind, _, lowest, highest, kept = line
            assert name not in names and kept in ("", "ram", "owner"), line
            names.add(name)
            count += 1
            if kind not in ("dev", "list") and (kind != "text" or int(lowest) == 0):
                take(kind, lowest, highest, default(line))
            assert row(section + "." + name) == line
    assert count > 80


def test_values_are_taken_in_every_form_that_clients_send():
    for kind, lowest, highest, given, expected in (
        ("int", "0", "100", 70, 70),
        ("int", "0", "100", 70.0, 70),
        ("int", "0", "100", "70", 70),
        ("int", "0", "100", "70.0", 70),
        ("int", "-1", "1", "-1", -1),
        ("int", "0", "100", "0x10", 16),
        ("num", "0", "1", "0.25", 0.25),
        ("bool", "0", "1", True, True),
        ("bool", "0", "1", 1, True),
        ("bool", "0", "1", "0", False),
        ("bool", "0", "1", "On", True),
        ("bool", "0", "1", "FALSE", False),
        ("expr", "0", "80000", "16000", 16000),
        ("expr", "0", "80000", "CM.a*2", "CM.a*2"),
        ("text", "0", "9", 1234, "1234"),
        ("off|on", "0", "0", "on", "on"),
        ("dev", "", "", "M12", "M12"),
        ("list", "0", "3", [1, 2], [1, 2]),
    ):
        taken = take(kind, lowest, highest, given)
        assert taken == expected and type(taken) is type(expected), (kind, given, taken)


def test_what_a_setting_cannot_take_is_refused_with_what_was_expected():
    for kind, lowest, highest, given in (
        ("int", "0", "100", 101),
        ("int", "0", "100", -1),
        ("int", "0", "100", 1.5),
        ("int", "0", "100", "1.5"),
        ("int", "0", "100", "nan"),
        ("int", "0", "100", "1e3"),
        ("int", "0", "100", "1_0"),
        ("int", "0", "100", ""),
        ("int", "0", "100", "9" * 100),
        ("int", "0", "100", True),
        ("int", "0", "100", None),
        ("int", "0", "100", [1]),
        ("num", "0", "1", float("nan")),
        ("num", "0", "1", float("inf")),
        ("bool", "0", "1", 2),
        ("bool", "0", "1", "maybe"),
        ("bool", "0", "1", None),
        ("bool", "0", "1", []),
        ("expr", "0", "80000", "80001"),
        ("expr", "0", "80000", ""),
        ("expr", "0", "80000", "x" * 201),
        ("expr", "0", "80000", {}),
        ("text", "0", "3", "four"),
        ("text", "2", "3", "x"),
        ("text", "0", "3", "a\tb"),
        ("text", "0", "3", True),
        ("text", "0", "3", None),
        ("off|on", "0", "0", "of"),
        ("dev", "", "", "M"),
        ("dev", "", "", "M0"),
        ("dev", "", "", "X1"),
        ("dev", "", "", 1),
        ("list", "0", "2", [1, 2, 3]),
        ("list", "0", "2", "[]"),
    ):
        try:
            taken = take(kind, lowest, highest, given)
        except ValueError as error:
            assert error.args[0], given
        else:
            raise AssertionError((kind, given, taken))


def test_a_change_is_applied_as_a_whole_or_not_at_all():
    settings = Settings(BOARD)
    error = refusal(settings.change, {"params.title": "New", "params.reserve_current": -5})
    assert error.name == "params.reserve_current"
    assert str(error) == (
        "params.reserve_current: -5 given, a whole number from 0 to 1000000 expected"
    )
    assert settings.params.title == "Wallbox" and settings.revision == 0
    assert (
        settings.change({"params.title": "New", "params.reserve_current": "5"})
        == [
            "params.title",
            "params.reserve_current",
        ]
        or len(settings.change({})) == 0
    )
    assert settings.params.reserve_current == 5 and settings.revision == 1


def test_only_a_difference_counts_and_setpoints_never_reach_the_flash():
    settings = Settings(BOARD)
    heard = []
    settings.changed = heard.append
    settings.change({"params.max_total_cur_prc": 70})
    assert settings.revision == 0 and heard == [["params.max_total_cur_prc"]]
    settings.change({"params.title": "Wallbox"})
    assert settings.revision == 0 and len(heard) == 1
    settings.change({"params.title": "Garage"})
    assert settings.revision == 1 and settings.changes == 2
    assert "max_total_cur_prc" not in settings.document()["params"]


def test_what_contradicts_the_board_is_refused_with_the_reason():
    settings = Settings(BOARD)
    for values, reason in (
        ({"charge.max_current_ma": 32000}, "at most 16000"),
        ({"charge.phase_switching": True}, "second contactor"),
        ({"charge.ventilation": 1}, "ventilation output"),
        ({"charge.max_current_ma": 7000, "charge.min_current_ma": 8000}, "at most the maximum"),
    ):
        assert reason in str(refusal(settings.change, values)), values
    assert settings.charge.max_current_ma == 16000
    board = {"max_current_ma": 32000, "phases": 3, "phase_contactor": 0}
    switching = {"charge.phase_switching": True}
    assert "mirror contact" in str(refusal(Settings(board).change, switching))
    board["contactor_mirror"] = 1
    assert "CP relay" in str(refusal(Settings(board).change, switching))
    able = Settings(board | {"pilot_disconnect": 2})
    able.change({"charge.max_current_ma": 32000, "charge.phase_switching": True})
    refusal(able.change, {"charge.phases": 1})
    able.change({"charge.phases": 1, "charge.phase_switching": False})
    refusal(able.change, {"charge.phase_switching": True})
    single = Settings({"max_current_ma": 32000, "phases": 1, "phase_contactor": 0})
    assert single.charge.phases == 1
    refusal(single.change, {"charge.phases": 3})


def test_the_defaults_fit_a_smaller_board():
    assert Settings({"max_current_ma": 13000, "phases": 1}).charge.max_current_ma == 13000


def test_unknown_names_are_refused_whatever_they_look_like():
    settings = Settings(BOARD)
    for name in ("", "params", "params.", "params.x", ".", "device.name", "x y", "mqtt. x",
                 "params.title\nparams", "params.title.x", "title"):  # fmt: skip
        refusal(settings.change, {name: 1})


def test_a_document_of_unknown_origin_is_taken_as_far_as_it_makes_sense():
    settings = Settings(BOARD)
    messages = settings.load(
        {
            "version": 1,
            "params": {"title": "Home", "min_pause_time": -1, "colour": "red"},
            "charge": {"max_current_ma": 32000, "phases": "1"},
            "mqtt": "nonsense",
            "devices": [{"dev_id": "M1", "dev_type": "meter_ajax"}, {"dev_id": "Q"}, 7,
                        {"dev_id": "M2"}, {"dev_id": "E1", "name": "Left"}],
            "future": {"a": 1},
        }
    )  # fmt: skip
    assert settings.params.title == "Home" and settings.params.min_pause_time == 300
    assert settings.charge.max_current_ma == 16000 and settings.charge.phases == 1
    assert [entry["dev_id"] for entry in settings.devices] == ["E1", "M1"]
    assert settings.devices[0]["name"] == "Left"
    text = "\n".join(messages)
    for named in (
        "min_pause_time",
        "colour",
        "max_current_ma",
        "mqtt",
        "'Q'",
        "future",
        "dev_type",
    ):
        assert named in text, (named, text)
    assert len(messages) == 8


def test_what_was_set_aside_returns_when_it_is_known():
    settings = Settings(BOARD)
    settings.load({"params": {"colour": "red"}})
    document = settings.document()
    assert document["aside"] == {"params.colour": "red"}
    document["aside"]["params.title"] = "Kept"
    assert settings.load(document) == []
    assert settings.params.title == "Kept" and settings.aside == {"params.colour": "red"}


def test_a_newer_version_is_refused_by_name_and_changes_nothing():
    settings = Settings(BOARD)
    settings.change({"params.title": "Mine"})
    for document in ({"version": 2}, {"version": "x"}, {"version": 0}, [], None, 5):
        error = refusal(settings.load, document)
        assert error.name in ("version", "document")
    assert settings.params.title == "Mine"


def test_the_document_brings_everything_back():
    settings = Settings(BOARD)
    settings.change({"params.title": "x", "network.wifi_password": "secret12", "mqtt.log": True})
    settings.put("devices", {"dev_id": "M1", "dev_type": "meter_ajax", "role": 3})
    settings.put("users", {"id": "u1", "rfids": [{"id": "1234"}]})
    settings.put("variables", {"name": "a", "expr": "b+1"})
    other = Settings(BOARD)
    assert other.load(settings.document()) == []
    assert other.document() == settings.document()


def test_secrets_are_never_shown():
    settings = Settings(BOARD)
    settings.change({"network.wifi_password": "hush-hush", "mqtt.broker": "mqtt://me:hush@h:1"})
    for section in SECTIONS:
        assert "hush" not in str(settings.shown(section))
    assert settings.shown("mqtt")["broker"] == "mqtt://me:***@h:1"
    assert "hush" not in repr(settings.network) + str(settings)
    error = refusal(settings.change, {"network.wifi_password": "hush\x01"})
    assert "hush" not in str(error)
    assert "hush" not in str(refusal(settings.change, {"network.wifi_pasword": "hush"}))
    settings.change({"network.wifi_password": "***"})
    assert settings.network.wifi_password == "hush-hush"


def test_lists_are_bounded():
    settings = Settings(BOARD)
    for number in range(1, 32):
        settings.put("devices", {"dev_id": f"M{number}", "dev_type": "meter_ajax"})
    refusal(settings.put, "devices", {"dev_id": "M99", "dev_type": "meter_ajax"})
    assert settings.remove("devices", "M5") and not settings.remove("devices", "M5")


def test_the_installer_may_leave_less_than_the_hardware_has_but_never_more():
    hardware = {"phases": 3, "ventilation": True, "lock": True, "max_current_ma": 32000}
    settings = Settings({"max_current_ma": 32000, "phases": 3, "ventilation": True})
    assert settings.fitted(hardware) == hardware | {"ventilation": False}
    settings.change({"charge.phases": 1, "charge.ventilation": True, "charge.lock": False})
    assert settings.fitted(hardware) == hardware | {"phases": 1, "lock": False}
    less = {"phases": 1, "ventilation": False, "lock": False, "max_current_ma": 32000}
    settings.change({"charge.phases": 3, "charge.lock": True})
    assert settings.fitted(less) == less
