"""Survivors that somebody has looked at: (module, change) and why it may live."""

_SET_LATER = "the same: the options set it before the first step"
_RESOLUTION = "no difference: the time is cut or saturates, and is compared with less"

JUDGED = {
    ("chores", "60000: 66000"): _RESOLUTION,
    ("contactor", "self.edge_ms < _PLENTY_MS: LtE"): _RESOLUTION,
    ("events", "0: 1"): "the same: a ring may begin anywhere, and its values are written first",
    ("faults", "100000: 110000"): _RESOLUTION,
    ("faults", "0: 1"): "the same: bit 0 belongs to no fault",
    ("lock", "without self.locked = not fitted"): "the same: asked for only after the first round",
    ("options", "1: 2"): "another random number",
    ("phases", "False: True"): _SET_LATER,
    ("phases", "True: False"): _SET_LATER,
    ("phases", "without self.automatic = True"): _SET_LATER,
    ("phases", "without self._in_gap_ms = 0"): "the same: set when a gap begins",
    ("phases", "without self.interval_ms = 210000"): _SET_LATER,
    ("pilot", "1: 2"): "the same: an empty band stays empty",
    ("pilot", "1000: 1100"): "calm 100 ms later: costs time, changes nothing",
    ("pilot", "self._lowest <= inputs.high_mv <= self._highest: Lt"): (
        "the same: the slow path judges the edge"
    ),
    ("point", "offer_ma and self.offered_ma: Or"): (
        "killed by the walk through all states, which is too slow to run for each mutant"
    ),
    ("point", "offer_ma < self.offered_ma: LtE"): "the same: it is called when they differ",
    ("pilot", "without self.seen_ms = 0"): "the same: set again by the first decision",
    ("pilot", "without self._away_ms = 0"): "the same: set again by the first decision away",
    ("pilot", "if self._calm and inputs.levels_known and (self._lowest <= inpu: never"): (
        "costs time, changes nothing"
    ),
    ("point", "pilot.NONE - pilot.D: Add"): "the same: a longer list, read no further",
    ("point", "self._pace_ms > 0: GtE"): "costs time, changes nothing",
    ("point", "without self._busy = self._timed or self._pace_ms > 0 or self._rest_"): (
        "costs time, changes nothing"
    ),
    ("point", "self.level > _LAST_SOUND: GtE"): "the same: D is no doubt, the call does nothing",
    ("point", "74: 81"): "another random number",
    ("protection", "temperature_dc <= _HOT_DC: Lt"): "the same: both lines meet there",
    ("protection", "0: 1"): "one ms of a time that lasts several steps of 10 ms",
    ("proximity", "1: 2"): "the same: any number outside the bands means no cable",
    ("proximity", "5: 6"): "the same: nothing reaches the end of the last band",
    ("transaction", "0 < gone_wh < _JUMP_WH: LtE"): "the same: nothing gone, nothing added",
    ("transaction", "False: True"): "the same: a car that was not there is new in any case",
    ("wake", "6: 7"): "a recipe of more than eleven days",
}
