"""The charge point as clients see it: device E1, and what they may ask of it."""

from micropython import const

from firmware.api.controls import controls
from firmware.api.devices import common
from firmware.api.errors import ApiError
from firmware.api.inside import Inside
from firmware.charge.limits import power_limit_ma
from firmware.charge.signals import Refused
from firmware.ticks import since

# Who shows a card first has this long to plug in.
_PLUG_IN_MS = const(60000)

# The levels that clients know by number, from 1; F is E to them.
_STATES = "ABCDE"
# Why the car waits, by the owner of the limit: 1 current, 2 rules, 3 by hand.
_REASONS = (("plan", 2), ("controller", 3), ("override", 3), ("authorisation", 3))


class EvseDevice:
    """Device E1 around `point`, the ChargePoint.

    `energy_wh()` is the lifetime energy (never going down) and `model` the text clients show,
    `maker,device,hardware,firmware,serial`.
    """

    errors = 0  # there is no wire to this device that could fail

    def __init__(self, devices, entry: dict, point, energy_wh, model: str):
        self.dev_id = entry["dev_id"]
        self.entry = entry
        self.point = point
        self.model = model
        self.inside = Inside(point)
        self.last_set_ma = -1
        self.last_card = ""
        self.cards_seen = 0
        self.overrides = 0
        self.override_ma = None
        self.needs_auth = False
        self.planned = False
        self.on_authorised = None  # called with the names of user and card, "" for nobody
        self._authorised_at = None
        self._plugged = False
        self.devices = devices
        self.energy_wh = energy_wh
        if devices.settings.charge.start_ma:
            # Until a controller speaks: what it would say first, if it were there.
            point.limits.set("controller", devices.settings.charge.start_ma, 0, None, 0)

    def value(self, name: str):
        """A member of the device's settings, or its default."""
        return self.entry.get(name, self.devices.defaults[name])

    def silent_s(self, now: int) -> int:
        """0: the charge point is within this very box."""
        return 0

    def info(self, now: int) -> dict:
        """The members of E1 in get_dev_info, with the key set of firmware 2.0.1."""
        point = self.point
        measured = point.measured
        faults = point.faults.status() if point.faults.active else ()
        answer = common(self, now, "evse:", False, "; ".join([fault["text"] for fault in faults]))
        answer.update(self._configured())
        answer["ip_address"] = "evse"
        answer["inputs"] = "0 0"
        answer["power_w"] = measured.power_w if measured.known else 0
        for phase in range(3):
            current = measured.current_ma[phase] if measured.known else 0
            answer[f"current_l{phase + 1}"] = current or 0
        answer["total_energy"] = self.energy_wh()
        self._live(answer)
        return answer

    def power(self, now: int) -> int:
        """Power in W; 0 while no meter is known."""
        return self.point.measured.power_w if self.point.measured.known else 0

    def _configured(self):
        charge = self.devices.settings.charge
        answer = {
            "label": self.value("label"),
            "min_charging_cur": self.value("min_charging_cur"),
            "max_charging_cur": self.value("max_charging_cur"),
            "prio": self.value("prio"),
            "phase_rotation": self.value("phase_rotation"),
            "allow_ph_sw": charge.phase_switching,
            "lreason": 0,
            "pause_min_time": self.devices.settings.params.min_pause_time,
            "last_set_charging_cur": self.last_set_ma,
            "overrides": self.overrides,
            "needs_auth": self.needs_auth,
        }
        if self.value("attach"):
            answer["attach"] = self.value("attach")
        if self.override_ma is not None:
            answer["ov_cur"] = self.override_ma
        return answer

    def _live(self, answer):
        point = self.point
        state = _STATES.find(point.shown) + 1 or len(_STATES)
        answer["charging_enabled"] = point.enabled and point.offered_ma > 0
        answer["state"] = state
        visit = point.transaction
        running = visit is not None and visit.open
        answer["ta_en"] = visit.energy_wh if running else 0
        answer["charging_dur"] = visit.charging_s if running else 0
        answer["phases"] = 7 if point.phases.active == 3 else 1
        paused = state == 2 and point.offered_ma == 0
        answer["paused"] = paused
        answer["pause_reason"] = dict(_REASONS).get(point.limits.owner, 1) if paused else 0
        answer["pause_time"] = 0
        answer["evse"] = self.inside.info(state)

    def signature(self, now: int) -> int:
        """Changes when `info` does, the running seconds left aside."""
        point = self.point
        measured = point.measured
        values = (point.shown, point.offered_ma, measured.power_w, self.energy_wh())
        mine = (self.last_set_ma, self.overrides, self.override_ma, self.needs_auth)
        return hash(values + mine + tuple(measured.current_ma))

    def control(self, members: dict, now: int):
        """Do what `{"cur": mA, "ena": bool, "wke": bool, "phs": 1 or 3}` asks, all or nothing.

        ApiError names the member that cannot be done.
        """
        taken = controls(members)
        before = self.point.phases.wanted
        try:
            member = "phs"
            if "phs" in taken:
                self.point.request_phases(taken["phs"])
            member = "wke"
            if taken.get("wke"):
                self.point.wake()
        except Refused as error:
            if member == "wke" and "phs" in taken:
                self.point.request_phases(before)
            raise ApiError("refused", str(error), member) from None
        if "ena" in taken:
            self.point.enable(taken["ena"])
        if "cur" in taken:
            self.last_set_ma = taken["cur"]
            charge = self.devices.settings.charge
            ttl_ms = charge.control_ttl_s * 1000
            fallback_ma = charge.control_fallback_ma
            self.point.limits.set("controller", taken["cur"], ttl_ms, fallback_ma, now)

    def note_card(self, number: str):
        """Remember the card that was shown last, for Modbus clients."""
        self.last_card = number
        self.cards_seen = (self.cards_seen + 1) & 0xFFFF

    def authorise(self, who: str, now: int, card: str = ""):
        """Let the plugged car, or the next one, charge."""
        self._authorised_at = now
        self.point.authorise(who)
        if self.on_authorised:
            self.on_authorised(who, card)
        self.tick(now)

    def override(self, bits: int, limit_ma: int | None, now: int):
        """Bit 0 disables charging; `limit_ma` bounds the current. Both end at unplug."""
        self.overrides = bits
        self.override_ma = limit_ma
        self._limit("override", 0 if bits & 1 else limit_ma, now)

    def plan(self, limit_ma: int | None, now: int):
        """The limit of the charging plan, or None."""
        self.planned = limit_ma is not None
        self._limit("plan", limit_ma, now)

    def tick(self, now: int):
        """Follow the plug: what was allowed or overridden for one car ends with its visit."""
        self._follow_plug(self.point.shown, now)
        users = self.devices.settings.users
        wanted = any(self.dev_id in user.get("dev_ids", ()) for user in users)
        closed = wanted and self._authorised_at is None
        self._limit("authorisation", 0 if closed else None, now)
        self._dim(now)
        self.needs_auth = closed and self._plugged

    def _dim(self, now):
        """The grid operator may dim to 4.2 kW, never below (German law: EnWG section 14a)."""
        charge = self.devices.settings.charge
        phases = self.point.phases.active
        limit_ma = power_limit_ma(charge.dim_power_w, phases) if charge.dimmed else None
        self._limit("grid operator", limit_ma, now)

    def _follow_plug(self, level, now):
        if level in ("B", "C", "D"):
            self._plugged = True
        elif level == "A" and self._plugged:
            self._plugged = False
            self._authorised_at = None
            self.override(0, None, now)
        waits = self._authorised_at is not None and not self._plugged
        if waits and since(now, self._authorised_at) > _PLUG_IN_MS:
            self._authorised_at = None
            if self.on_authorised:
                self.on_authorised("", "")

    def follow(self, now: int, evaluate=None):
        """Turn the settings that bound the current into limits; called when they change.

        `evaluate(text)` gives the number that a formula stands for, or None: then the fallback
        current of the controller holds. Without it formulas are left for the next second.
        """
        params = self.devices.settings.params
        self.tick(now)
        total = self._known(params.max_total_current, evaluate)
        if total is not None:
            share = int(total * params.max_total_cur_prc) // 100 - params.reserve_current
            self._limit("house", max(0, share), now)
        self._limit("boxes", params.max_total_evse_current or None, now)
        self._limit("settings", self.devices.settings.charge.max_current_ma, now)
        highest = self._known(self.value("max_charging_cur"), evaluate)
        if highest is not None:
            self._limit("device", int(highest) if self.value("device_enabled") else 0, now)

    def _known(self, setting, evaluate):
        if not isinstance(setting, str):
            return setting
        if evaluate is None:
            return None
        value = evaluate(setting)
        if value is None or not 0 <= value <= 1000000:
            return self.devices.settings.charge.control_fallback_ma
        return value

    def has_formulas(self) -> bool:
        """Whether `follow` has to be called every second."""
        total = self.devices.settings.params.max_total_current
        return isinstance(total, str) or isinstance(self.value("max_charging_cur"), str)

    def _limit(self, owner, value_ma, now):
        if value_ma is None:
            self.point.limits.lift(owner)
        else:
            self.point.limits.set(owner, value_ma, 0, None, now)
