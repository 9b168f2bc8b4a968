"""A charge point without a wire to this box: it reports over HTTP or MQTT and is told."""

from micropython import const

from firmware.api.controls import controls
from firmware.api.devices import common
from firmware.api.errors import ApiError
from firmware.ticks import since

_OFFLINE = const(6)
_CHARGING = (3, 4)


class InputEvse:
    """An evse_ajax device; what it is told is the answer to what it reports."""

    def __init__(self, devices, entry: dict):
        self.dev_id = entry["dev_id"]
        self.entry = entry
        self.model = entry["dev_type"]
        self.errors = 0
        self.at = None
        self.state = _OFFLINE
        self.current_ma = [0, 0, 0]
        self.energy = 0
        self.last_set_ma = -1
        self.enabled = True
        self.planned = False
        self.needs_auth = False
        self._limit_ma = None
        self._plan_ma = None
        self._settings = devices.settings
        self.devices = devices

    def value(self, name: str):
        """A member of the device's settings, or its default."""
        return self.entry.get(name, self.devices.defaults[name])

    def energy_wh(self) -> int:
        """Lifetime energy; never going down."""
        return self.energy

    def silent_s(self, now: int) -> int:
        """Seconds since it last reported; 0 when it never did."""
        return 0 if self.at is None else max(0, since(now, self.at) // 1000)

    def tick(self, now: int):
        """Go offline when it has been silent for too long."""
        seconds = self.entry.get("timeout_s") or self._settings.charge.input_timeout_s
        if self.at is not None and not 0 <= since(now, self.at) <= seconds * 1000:
            self.at = None
            self.state = _OFFLINE

    def set(self, values: dict, now: int) -> dict:
        """Take a report; the answer is what the charge point has to do."""
        self.at = now
        self.model = values.get("model", self.model)
        self.state = values.get("state", 1 if self.state == _OFFLINE else self.state)
        for phase, milliamps in enumerate(values.get("current", ())):
            self.current_ma[phase] = round(milliamps)
        self.energy = max(self.energy, int(values.get("total_energy", 0)))
        self._limit_ma = values.get("max_charging_current", self._limit_ma)
        return self.told()

    def told(self) -> dict:
        """{"device_enabled", "charging_enabled", "paused", "charging_current"} in mA."""
        current_ma = self.offered_ma()
        return {
            "device_enabled": self.value("device_enabled"),
            "charging_enabled": current_ma > 0,
            "paused": current_ma == 0 and self.enabled,
            "charging_current": current_ma,
        }

    def offered_ma(self) -> int:
        """What it may draw per phase; 0 when that is less than its minimum."""
        most = self.value("max_charging_cur")
        limits = [self._limit_ma, self._plan_ma, most if isinstance(most, int) else None]
        if self.last_set_ma >= 0:
            limits.append(self.last_set_ma)
        known = [int(limit) for limit in limits if limit is not None]
        lowest = min(known) if known else 0
        ready = self.enabled and self.value("device_enabled")
        return lowest if ready and lowest >= self.value("min_charging_cur") else 0

    def plan(self, limit_ma: int | None, now: int):
        """The limit of the charging plan, or None."""
        self.planned = limit_ma is not None
        self._plan_ma = limit_ma

    def control(self, members: dict, now: int):
        """As EvseDevice.control; this charge point can neither be woken nor switch phases."""
        taken = controls(members)
        for name in ("phs", "wke"):
            if taken.get(name):
                raise ApiError("refused", f"{self.dev_id} cannot do that", name)
        self.enabled = taken.get("ena", self.enabled)
        self.last_set_ma = taken.get("cur", self.last_set_ma)

    def power(self, now: int) -> int:
        """Power in W, from its currents."""
        return sum(self.current_ma) * 230 // 1000 if self.at is not None else 0

    def signature(self, now: int) -> int:
        """Changes when `info` does."""
        return hash((self.state, self.energy, self.offered_ma()) + tuple(self.current_ma))

    def info(self, now: int) -> dict:
        """The members of this charge point in get_dev_info."""
        self.tick(now)
        silent = self.at is None
        error = "no values" if silent else ""
        answer = common(self, now, self.value("address"), silent, error)
        told = self.told()
        for name in ("label", "min_charging_cur", "max_charging_cur", "prio", "phase_rotation"):
            answer[name] = self.value(name)
        for phase in range(3):
            answer[f"current_l{phase + 1}"] = 0 if silent else self.current_ma[phase]
        answer.update(
            {
                "ip_address": self.value("address"),
                "charging_enabled": told["charging_enabled"],
                "power_w": self.power(now),
                "last_set_charging_cur": self.last_set_ma,
                "total_energy": self.energy,
                "ta_en": 0,
                "charging_dur": 0,
                "phases": sum(1 << phase for phase in range(3) if self.current_ma[phase] > 500),
                "state": self.state,
                "lreason": 0,
                "paused": told["paused"],
                "pause_reason": 1 if told["paused"] else 0,
                "pause_time": 0,
                "pause_min_time": self._settings.params.min_pause_time,
                "needs_auth": False,
                "overrides": 0,
                "inputs": "",
            }
        )
        return answer
