"""What an installer may choose about the charge point, with bounds, checked against the board."""

from firmware.charge.signals import Refused
from firmware.charge.wake import DEFAULT_RECIPE, parse

# Name, default, smallest, largest.
_NUMBERS = (
    ("max_current_ma", 0, 6000, 80000),  # 0: what the board can carry
    ("minimum_ma", 6000, 6000, 16000),  # a Zoe charges badly below 8 A
    ("phase_gap_s", 60, 15, 120),
    ("phase_interval_s", 210, 210, 3600),
    ("wake_most", 8, 0, 20),
    ("random_delay_s", 0, 0, 1800),  # UK regulations 2021/1467: up to 1800 s
    ("seed", 1, 0, 65535),  # of the random delay; differs from box to box
)
_SWITCHES = (("phase_switching", False), ("phase_automatic", True), ("wake", True))


class Options:
    """The options in force, as attributes."""

    def __init__(self):
        for name, usual, _, _ in _NUMBERS:
            setattr(self, name, usual)
        for name, usual in _SWITCHES:
            setattr(self, name, usual)
        self.wake_recipe = DEFAULT_RECIPE

    def change(self, values: dict, fitted, phases):
        """Check all of `values`, then take them over; raises Refused and changes nothing."""
        for name, value in values.items():
            self._check(name, value)
        if values.get("max_current_ma", 0) > fitted.max_current_ma:
            raise Refused(f"this board carries {fitted.max_current_ma} mA")
        if values.get("phase_switching") and phases.why_not():
            raise Refused(phases.why_not())
        for name, value in values.items():
            setattr(self, name, value)

    def apply(self, point):
        """Hand everything to the parts of the charge point that act on it."""
        limits = point.limits
        limits.minimum_ma = self.minimum_ma
        current_ma = self.max_current_ma or point.fitted.max_current_ma
        limits.set("settings", current_ma, 0, None, point.inputs.now)
        phases = point.phases
        phases.switching = self.phase_switching
        phases.automatic = self.phase_automatic
        phases.gap_ms = self.phase_gap_s * 1000
        phases.interval_ms = self.phase_interval_s * 1000
        point.waker.steps = parse(self.wake_recipe) if self.wake else []
        point.waker.most = self.wake_most

    def _check(self, name: str, value):
        numbers = {row[0]: row for row in _NUMBERS}
        if name == "wake_recipe":
            parse(value)
        elif name in dict(_SWITCHES):
            if not isinstance(value, bool):
                raise Refused(f"{name}: true or false")
        elif name in numbers:
            _, usual, lowest, highest = numbers[name]
            if isinstance(value, bool) or not isinstance(value, int):
                raise Refused(f"{name}: a whole number")
            if value != usual and not lowest <= value <= highest:
                raise Refused(f"{name}: {lowest} to {highest}")
        else:
            raise Refused(f"no option {name!r}")
