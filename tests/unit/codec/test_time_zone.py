import time

from firmware.codec.time_zone import ZoneError, civil, days, offset_s

BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"
NEW_YORK = "EST5EDT,M3.2.0,M11.1.0"
SYDNEY = "AEST-10AEDT,M10.1.0,M4.1.0/3"


def test_offsets_change_at_the_right_second():
    for rule, seconds, hours in (
        ("UTC0", 0, 0),
        ("IST-5:30", 0, 5.5),
        ("<+0545>-5:45", 0, 5.75),
        (BERLIN, 1711846799, 1),  # 2024-03-31 00:59:59 UTC
        (BERLIN, 1711846800, 2),
        (BERLIN, 1729990799, 2),  # 2024-10-27 00:59:59 UTC
        (BERLIN, 1729990800, 1),
        (NEW_YORK, 1710053999, -5),  # 2024-03-10 06:59:59 UTC
        (NEW_YORK, 1710054000, -4),
        (NEW_YORK, 1730613599, -4),  # 2024-11-03 05:59:59 UTC
        (NEW_YORK, 1730613600, -5),
        (SYDNEY, 1712419199, 11),  # 2024-04-06 15:59:59 UTC
        (SYDNEY, 1712419200, 10),
        (SYDNEY, 1728143999, 10),  # 2024-10-05 15:59:59 UTC
        (SYDNEY, 1728144000, 11),
    ):
        assert offset_s(rule, seconds) == hours * 3600, (rule, seconds)


def test_rules_that_make_no_sense_are_refused():
    for rule in ("", "X", "Europe/Berlin", "CET", "CET-1CEST", "CET-1CEST,J60,J300",
                 "CET-1CEST,M13.1.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0", "CET-x"):  # fmt: skip
        try:
            offset_s(rule, 1711846800)
        except ZoneError as error:
            assert error.args[0]
        else:
            raise AssertionError(rule)


def test_the_calendar_is_right():
    for day, date in (
        (0, (1970, 1, 1)),
        (59, (1970, 3, 1)),
        (11016, (2000, 2, 29)),
        (19675, (2023, 11, 14)),
        (47541, (2100, 3, 1)),
    ):
        assert civil(day) == date, day
    start = 0 if time.gmtime(0)[0] == 1970 else 10957
    for day in range(0, 24000, 97):
        year, month, _ = civil(day + start)
        assert (year, month) == tuple(time.gmtime(day * 86400)[:2]), day
        assert civil(days(year, month)) == (year, month, 1), day
