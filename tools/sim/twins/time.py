"""Twin of `time`: the ESP32's, with ticks of 30 bits and whole seconds since 2000."""

from micropython import const
from registers import TIME
from silicon import SILICON

_MASK = const(0x3FFFFFFF)
_HALF = const(0x20000000)
_US_PER_S = const(1000000)


@micropython.viper
def ticks_ms() -> int:
    time = ptr32(TIME)
    return (time[6] + time[0] // 1000) & _MASK


@micropython.viper
def ticks_us() -> int:
    time = ptr32(TIME)
    return (time[6] * 1000 + time[0]) & _MASK


def ticks_cpu() -> int:
    return (SILICON.clock.now() * (SILICON.freq // _US_PER_S)) & _MASK


@micropython.viper
def ticks_add(ticks: int, delta: int) -> int:
    return (ticks + delta) & _MASK


@micropython.viper
def ticks_diff(later: int, earlier: int) -> int:
    return ((later - earlier + _HALF) & _MASK) - _HALF


def sleep(seconds: float):
    SILICON.clock.block(int(seconds * _US_PER_S))


def sleep_ms(duration: int):
    SILICON.clock.block(max(0, duration) * 1000)


def sleep_us(duration: int):
    # Short waits are part of bit timing, not of blocking.
    SILICON.clock.charge(max(0, duration))


def time() -> int:
    """Whole seconds since 2000-01-01, which is when a chip without battery and network starts."""
    return (SILICON.clock.now() + SILICON.rtc_offset_us) // _US_PER_S


def time_ns() -> int:
    return (SILICON.clock.now() + SILICON.rtc_offset_us) * 1000


def gmtime(seconds: int | None = None) -> tuple:
    """(year, month, day, hour, minute, second, weekday, day of the year) in UTC."""
    if seconds is None:
        seconds = time()
    days, seconds = divmod(int(seconds), 86400)
    # Count from 2000-03-01 in periods of 400 years: the leap day comes last.
    era, day = divmod(days - 60, 146097)
    year = (day - day // 1460 + day // 36524 - day // 146096) // 365
    day -= year * 365 + year // 4 - year // 100
    month = (5 * day + 2) // 153
    date = day - (153 * month + 2) // 5 + 1
    month = month + 3 if month < 10 else month - 9
    year += 2000 + era * 400 + (month <= 2)
    in_year = days - mktime((year, 1, 1, 0, 0, 0)) // 86400 + 1
    hour, minute = seconds // 3600, seconds // 60 % 60
    return (year, month, date, hour, minute, seconds % 60, (days + 5) % 7, in_year)


localtime = gmtime


def mktime(moment: tuple) -> int:
    """Seconds since 2000 of (year, month, day, hour, minute, second, ...) in UTC."""
    year, month, day, hour, minute, second = moment[:6]
    year += (month - 1) // 12
    month = (month - 1) % 12 + 1
    # Days since 2000-03-01 in years that begin in March: the leap day comes last.
    shifted = year - (month < 3)
    in_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    days = shifted * 365 + shifted // 4 - shifted // 100 + shifted // 400 + in_year - 730425
    return ((days * 24 + hour) * 60 + minute) * 60 + second
