"""Survivors that somebody has looked at: (module, change) and why it may live."""

_SET_LATER = "the same: the options set it before the first step"
_RESOLUTION = "no difference: the time is cut or saturates, and is compared with less"

JUDGED = {
    ("chores", "60000: 66000"): _RESOLUTION,
    ("contactor", "self.edge_ms < _PLENTY_MS: LtE"): _RESOLUTION,
    ("faults", "100000: 110000"): _RESOLUTION,
    ("limits", "without self.owner = ''"): "the same: a limit of the hardware is always set",
    ("phases", "False: True"): _SET_LATER,
    ("phases", "True: False"): _SET_LATER,
    ("phases", "without self.interval_ms = 210000"): _SET_LATER,
    ("lock", "without self._tries = 0"): "the same: set again when the lock is wanted",
    ("phases", "phases != self.active or phases != self.wanted: And"): (
        "a pending switch could be repeated where switching was just forbidden: harmless"
    ),
    ("phases", "self._in_gap_ms >= _APART_MS: Gt"): "moves one round later: still proved open",
    ("phases", "200: 220"): "rounds of 100 ms: one round later, still proved open",
    ("pilot", "1: 2"): "the same: an empty band stays empty",
    ("pilot", "1000: 1100"): "calm 100 ms later: costs time, changes nothing",
    ("pilot", "self._lowest <= inputs.high_mv <= self._highest: Lt"): (
        "the same: the slow path judges the edge"
    ),
    ("point", "offer_ma and self.offered_ma: Or"): (
        "killed by the walk through all states, which is too slow to run for each mutant"
    ),
    ("point", "offer_ma < self.offered_ma: LtE"): "the same: it is called when they differ",
    ("point", "self._pace_ms > 0: GtE"): "costs time, changes nothing",
    ("point", "without self._busy = self._timed or self._pace_ms > 0 or self._rest_"): (
        "costs time, changes nothing"
    ),
    ("point", "options.seed * 75 + 74: Sub"): "another random number",
    ("residual", "2000: 2200"): "a sensor that stays tripped is found 0.2 s later",
    ("transaction", "0 < gone_wh < _JUMP_WH: LtE"): "one Wh at the edge of nonsense",
    ("point", "self.level > _LAST_SOUND: GtE"): "the same: D is no doubt, the call does nothing",
    ("wake", "6: 7"): "a recipe of more than eleven days",
}
