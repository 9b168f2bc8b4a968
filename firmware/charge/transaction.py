"""One visit of a car, from plug-in to unplug: energy, times, who allowed it, why it ended."""

from micropython import const

from firmware.charge import states

REASONS = ("none", "unplugged", "car", "withdrawn", "fault", "ventilation", "reset")
NO_REASON = const(0)
BY_UNPLUGGING = const(1)  # the plug was pulled while charging
BY_CAR = const(2)
BY_WITHDRAWAL = const(3)  # disabled, or no limit left to offer
BY_FAULT = const(4)
BY_VENTILATION = const(5)
BY_RESET = const(6)

_WATT_MS_PER_WH = const(3600000)
_JUMP_WH = const(50000)  # more than any car takes between two readings: another meter


def reason_of(was: int, event: int) -> int:
    """Why charging ended, from the state it ended in and the event that ended it."""
    if event == states.TRIPPED or event == states.BARRED_BY:
        return BY_FAULT
    if event == states.UNPLUGGED:
        return BY_UNPLUGGING
    if was == states.STOPPING:
        return BY_WITHDRAWAL
    return BY_CAR if event == states.RELEASED else BY_VENTILATION


class Transaction:
    """Counts in whole Wh and seconds; nothing in it ever decreases while a car is plugged."""

    def __init__(self):
        self.total_wh = 0  # over all transactions; the ledger restores it at boot
        self.counter_wh = None  # the meter's count up to which energy is in the total
        self._watt_ms = 0
        self._clear()
        self.open = False
        self._resumed = False

    def _clear(self):
        self.open = True
        self.energy_wh = 0
        self.duration_s = 0
        self.charging_s = 0
        self.authorised = ""
        self.reason = NO_REASON
        self._duration_ms = self._charging_ms = 0

    def begin(self) -> bool:
        """A car is there; True when it was not there before, or a reset lies between."""
        fresh = not self.open or self._resumed
        if not self.open:
            self._clear()
        self._resumed = False
        return fresh

    def end(self) -> int:
        """The car has left; why charging ended."""
        self.open = False
        return self.reason

    def update(self, measured, charging: bool, elapsed: int):
        """Ten times a second."""
        self._count(measured, charging, elapsed)
        if not self.open:
            return
        self._duration_ms += elapsed
        self.duration_s += self._duration_ms // 1000
        self._duration_ms %= 1000
        if charging:
            self._charging_ms += elapsed
            self.charging_s += self._charging_ms // 1000
            self._charging_ms %= 1000

    def _count(self, measured, charging: bool, elapsed: int):
        if not measured.known:
            return
        if measured.energy_wh is not None:
            self._follow(measured.energy_wh)
        elif charging and measured.power_w > 0:
            self._watt_ms += min(measured.power_w, 100000) * min(elapsed, 1000)
            self._add(self._watt_ms // _WATT_MS_PER_WH)
            self._watt_ms %= _WATT_MS_PER_WH

    def _follow(self, counter_wh: int):
        gone_wh = 0 if self.counter_wh is None else counter_wh - self.counter_wh
        self.counter_wh = counter_wh
        if 0 < gone_wh < _JUMP_WH:
            self._add(gone_wh)

    def _add(self, energy_wh: int):
        self.total_wh += energy_wh
        if self.open:
            self.energy_wh += energy_wh

    def record(self) -> dict:
        """What has to survive a reset; JSON-able."""
        return {
            "open": self.open,
            "energy_wh": self.energy_wh,
            "duration_s": self.duration_s,
            "charging_s": self.charging_s,
            "authorised": self.authorised,
            "reason": REASONS[self.reason],
        }

    def restore(self, record: dict):
        """Continue the transaction of a record taken before a reset, if one was open."""
        if record.get("open"):
            self._clear()
            for name in ("energy_wh", "duration_s", "charging_s", "authorised"):
                value = record.get(name)
                if isinstance(value, type(getattr(self, name))):
                    setattr(self, name, value)
            self.reason = BY_RESET
            self._resumed = True
