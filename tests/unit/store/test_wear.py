"""The account of wear."""

from firmware.store.wear import Wear


def test_writes_are_booked_by_owner_for_today_and_in_all():
    wear = Wear()
    wear.step(0)
    wear.file("config", 2000)
    wear.file("ledger", 100)
    wear.wrote("ledger", 16, 1, 0)
    status = wear.status()
    assert status["today"]["config"] == {"bytes": 2000, "programs": 18, "erases": 1.06}
    assert status["total"]["ledger"] == {"bytes": 116, "programs": 3, "erases": 0.04}
    assert status["greatest"] == "config"
    for minute in range(25 * 60):
        wear.step(minute * 60000)
    status = wear.status()
    assert status["today"] == {}
    assert status["total"]["config"]["bytes"] == 2000


def test_the_projection_follows_the_pace_of_the_erases():
    cases = ((0, 9999), (1, 9999), (1000, 35), (10000, 3))
    for erases, years in cases:
        wear = Wear(512)
        wear.step(0)
        for _ in range(erases):
            wear.wrote("config", 4096, 16, 1000)
        for hour in range(1, 25):
            wear.step(hour * 3600000)
        assert abs(wear.years() - years) <= years // 10 + 1, (erases, wear.years())


def test_nothing_written_is_no_division_by_zero():
    assert Wear().status()["greatest"] is None
    assert Wear().years() == 9999


def test_the_summary_names_writes_life_and_the_greatest_consumer():
    wear = Wear()
    assert wear.summary() == {"writes_today": 0, "years": 9999, "greatest": None}
    wear.wrote("ledger", 16, 1, 0)
    wear.file("config", 3000)
    summary = wear.summary()
    assert summary["writes_today"] == 1 + 3000 // 128 + 3
    assert summary["greatest"] == "config" and summary["years"] < 9999
