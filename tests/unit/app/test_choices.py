from firmware import choices
from firmware.charge.limits import Limits
from firmware.charge.point import ChargePoint
from firmware.charge.signals import Fitted
from firmware.schema import SettingError
from firmware.settings import Settings
from tests.unit.api.bench import BOARD, FITTED, Bench


def test_the_charge_point_takes_the_defaults_and_every_bound_of_the_settings():
    for name, value in (
        ("wake_most", 0),
        ("wake_most", 20),
        ("random_delay_s", 1800),
        ("phase_pause_s", 15),
        ("phase_pause_s", 120),
        ("phase_interval_s", 210),
        ("phase_interval_s", 3600),
        ("min_current_ma", 16000),
        ("wake_recipe", "30 gap 5"),
        ("wake_recipe", ""),
    ):
        settings = Settings(BOARD)
        settings.change({"charge.max_current_ma": 32000})
        settings.change({"charge." + name: value})
        point = ChargePoint(Fitted(FITTED), Limits())
        point.configure(choices.options(settings.charge))


def test_a_wake_recipe_that_makes_no_sense_is_refused_when_set():
    settings = Settings(BOARD)
    settings.judge = choices.judge
    for recipe in ("often", "90 gap", "90 gap 999", "x gap 4"):
        try:
            settings.change({"charge.wake_recipe": recipe})
        except SettingError as error:
            assert "wake recipe" in str(error), recipe
        else:
            raise AssertionError(recipe)
    assert settings.charge.wake_recipe == ""
    settings.change({"charge.wake_recipe": "30 gap 5, 60 gap 30"})


def test_a_dimmed_box_offers_4_2_kw_and_never_less_than_the_minimum():
    bench = Bench()
    own = bench.box.devices.get("E1")
    limits = own.point.limits
    bench.box.settings.change({"charge.dimmed": True})
    own.tick(bench.now)
    assert limits.ruling() == ("grid operator", 6086), limits.ruling()
    own.point.phases.active = 1
    own.tick(bench.now)
    assert ["grid operator", 18260, None, None] in limits.table(bench.now)
    bench.box.settings.change({"charge.dimmed": False})
    own.tick(bench.now)
    assert limits.ruling()[0] != "grid operator"


def test_dimming_is_no_flash_write():
    settings = Settings(BOARD)
    settings.change({"charge.dimmed": True})
    assert settings.revision == 0
