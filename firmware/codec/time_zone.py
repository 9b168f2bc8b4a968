"""Local time from a POSIX rule such as `CET-1CEST,M3.5.0,M10.5.0/3`, and dates from days."""

from micropython import const

_HOUR = const(3600)
_DAY = const(86400)
_SIGNS = "+-"


class ZoneError(Exception):
    """A rule that cannot be read."""


def offset_s(rule: str, seconds: int) -> int:
    """Seconds that local time is ahead of UTC at the unix time `seconds`; ZoneError otherwise.

    Rules of IEEE Std 1003.1, section 8.3, with changes given as Mm.w.d (month, week, weekday).
    """
    zone, _, changes = rule.partition(",")
    _, zone = _name(zone)
    standard, zone = _time(zone)
    if not zone:
        return -standard
    _, zone = _name(zone)
    summer = _time(zone)[0] if zone else standard - _HOUR
    year = civil(seconds // _DAY)[0]
    begin, _, end = changes.partition(",")
    begins = _change(begin, year) + standard
    ends = _change(end, year) + summer
    if begins < ends:
        within = begins <= seconds < ends
    else:
        within = not ends <= seconds < begins
    return -summer if within else -standard


def _name(text):
    if text.startswith("<"):
        name, _, rest = text[1:].partition(">")
        return name, rest
    place = 0
    while place < len(text) and text[place].isalpha():
        place += 1
    if place < 3:
        raise ZoneError("a name of three letters expected")
    return text[:place], text[place:]


def _time(text):
    """Seconds west of Greenwich, or of the day, at the start of `text`; and the rest."""
    place = 0
    while place < len(text) and (text[place].isdigit() or text[place] in "+-:"):
        place += 1
    parts = text[:place].lstrip(_SIGNS).split(":")
    if not all(part.isdigit() for part in parts) or len(parts) > 3:
        raise ZoneError("hours expected")
    total = 0
    for unit, part in zip((_HOUR, 60, 1), parts):
        total += unit * int(part)
    return -total if text.startswith("-") else total, text[place:]


def _change(text, year):
    """The local time, as if it were UTC, of a change in a year."""
    day, _, time = text.partition("/")
    parts = day[1:].split(".")
    if not day.startswith("M") or len(parts) != 3 or not all(part.isdigit() for part in parts):
        raise ZoneError("a change such as M3.5.0 expected")
    month, week, weekday = (int(part) for part in parts)
    if not (1 <= month <= 12 and 1 <= week <= 5 and weekday <= 6):
        raise ZoneError("a change such as M3.5.0 expected")
    first = days(year, month)
    wanted = first + (weekday - (first + 4) % 7) % 7 + 7 * (week - 1)
    following = days(year + month // 12, month % 12 + 1)
    if wanted >= following:
        wanted -= 7
    return wanted * _DAY + (_time(time)[0] if time else 2 * _HOUR)


def days(year: int, month: int) -> int:
    """Days from 1970-01-01 to the first day of a month."""
    # Years that begin in March have their leap day at the end.
    if month < 3:
        year, month = year - 1, month + 12
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * month - 457) // 5 - 719468


def civil(days: int) -> tuple:
    """(year, month, day) of the Gregorian calendar for days since 1970-01-01."""
    # Years that begin in March have their leap day at the end, and months of 153 days per five.
    days += 719468
    era, day_of_era = days // 146097, days % 146097
    year = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day = day_of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * day + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return year + era * 400 + (month <= 2), month, day - (153 * shifted + 2) // 5 + 1
