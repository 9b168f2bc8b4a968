"""Walks through every state that a charge point can reach, with its real code and small times.

All times of the charge room are scaled down to a few cycles, keeping their order, so that each
moment of each timer is a state of its own; the chores run in every step instead of one in ten.
From each state every symbol of an alphabet of surroundings is tried. What identifies a state is
the value of every attribute of every part, but for counters that decide nothing.
"""

from operator import itemgetter

from firmware.charge import (
    chores,
    contactor,
    faults,
    lock,
    phases,
    pilot,
    point,
    residual,
    states,
    trial,
    wake,
)
from tests.unit.charge import invariants
from tests.unit.charge.bench import Bench

_NOW = 1000
CYCLE_MS = 10

SCALED = (
    (pilot, "_CALM_MS", 50),
    (pilot, "_ASK_MS", 40),
    (pilot, "_UNSOUND_MS", 50),
    (pilot, "_SILENT_MS", 40),
    (pilot, "_SILENT_CLOSED_MS", 30),
    (pilot, "_PLENTY_MS", 40),
    (pilot, "_PROOF_MS", 10),
    (pilot, "_SETTLE_MS", 10),
    (pilot, "_TOGGLE_MS", 10000),
    (contactor, "_TRAVEL_MS", 20),
    (contactor, "_UNSEEN_MS", 30),
    (contactor, "_PLENTY_MS", 30),
    (faults, "_HOLD_OFF_MS", 20),
    (faults, "_PLENTY_MS", 20),
    (point, "_PACE_MS", 20),
    (point, "_REST_MS", 10),
    (point, "_LOADED_REST_MS", 20),
    (point, "_BLANK_CLOSED_MS", 10),
    (point, "_BLANK_DUTY_MS", 20),
    (point, "_STEADY_MS", 40),
    (chores, "_UNPLUGGED_MS", 40),
    (chores, "_UNLOCK_MS", 40),
    (lock, "_TRAVEL_MS", 20),
    (lock, "_TRIES", 2),
    (phases, "_APART_MS", 20),
    (phases, "_UNPLUGGED_MS", 30),
    (phases, "_LOADED_MS", 40),
    (phases, "_PLENTY_MS", 40),
    (residual, "_DAY_MS", 100000),
    (residual, "_TRIP_MS", 30),
    (residual, "_RESET_MS", 30),
    (trial, "_LONGEST_MS", 50),
    (trial, "_LOCK_MS", 30),
    (trial, "_SEND_MS", 90),
    (trial, "_EMPTY_MS", 40),
    (wake, "_HOUR_MS", 40),
    (wake, "_MANUAL_MS", 20),
    (invariants, "ASK_MS", 40),
    (invariants, "PROOF_MS", 10),
    (invariants, "APART_MS", 20),
    (invariants, "SILENT_MS", 30),
    (invariants, "FORCED_MS", 40),
    (invariants, "BLANK_CLOSED_MS", 10),
    (invariants, "BLANK_DUTY_MS", 20),
    (invariants, "EMPTY_MS", 40),
    (invariants, "CLICK_MS", 50),
)
_TIMEOUTS = {states.READY: 20, states.STOPPING: 40, states.F: 20, states.CLICK: 50}

# Counters and memories that are shown but decide nothing.
_IDLE = {
    "toggles",
    "switches",
    "under_load",
    "measured",
    "energy_wh",
    "duration_s",
    "charging_s",
    "_duration_ms",
    "_charging_ms",
    "counter_wh",
    "_watt_ms",
    "total_wh",
    "reason",
    "led",
    "shown",
    "seed",
    "lost",
    "steps",
    "_row",
    "first",
    "age_ms",
    "passed",
    "_lap_ms",
    "residual_glimpses",
    "joined",
}


class Scaled:
    """The scaled times, for as long as a `with` lasts."""

    def __enter__(self):
        self._kept = [(module, name, getattr(module, name)) for module, name, _ in SCALED]
        self._timeouts = dict(states.TIMEOUTS)
        for module, name, value in SCALED:
            setattr(module, name, value)
        states.TIMEOUTS.update(_TIMEOUTS)

    def __exit__(self, *_):
        for module, name, value in self._kept:
            setattr(module, name, value)
        states.TIMEOUTS.update(self._timeouts)


class Snapshot:
    """Remembers and restores everything that changes in a bench and its charge point."""

    def __init__(self, bench: Bench):
        self._shapes = [(vars(part), self._split(part)) for part in self._parts(bench)]

    @staticmethod
    def _parts(bench):
        charge = bench.point
        return [
            bench,
            bench.watch,
            charge,
            charge.outputs,
            charge.inputs,
            charge.measured,
            charge.options,
            charge.pilot,
            charge.contactor,
            charge.faults,
            charge.transaction,
            charge.limits,
            charge.phases,
            charge.phases._contactor,
            charge.waker,
            charge.trial,
            charge.chores,
            charge.chores.protection,
            charge.chores.residual,
            charge.chores.cable,
            charge.chores._lock,
        ]

    @staticmethod
    def _split(part):
        """Attributes that change: plain ones, and lists; then the plain ones that identify."""
        kinds = (bool, int, str, type(None), tuple)
        plain = [name for name, value in vars(part).items() if isinstance(value, kinds)]
        lists = [name for name, value in vars(part).items() if isinstance(value, list)]
        telling = [name for name in plain if name not in _IDLE] or plain[:1]
        lists = [name for name in lists if name not in _IDLE]
        return plain, itemgetter(*plain, plain[0]), lists, itemgetter(*telling, telling[0])

    def capture(self) -> tuple:
        """(what to restore, what identifies the state)."""
        kept, key = [], []
        for values, (_, all_of, lists, telling) in self._shapes:
            kept.append(all_of(values))
            key.append(telling(values))
            if lists:
                content = tuple([tuple(values[name]) for name in lists])
                kept.append(content)
                key.append(content)
        return kept, tuple(key)

    def restore(self, kept):
        index = 0
        for values, (plain, _, lists, _) in self._shapes:
            values.update(zip(plain, kept[index]))  # the last value is there twice
            index += 1
            if lists:
                for name, content in zip(lists, kept[index], strict=True):
                    values[name][:] = content
                index += 1


class Explorer:
    """Breadth first from boot; `alphabet`: functions of the bench, tried in every state."""

    def __init__(self, profile: dict, options: dict, alphabet: dict, tune=None):
        self.bench = Bench(profile, options, start=_NOW)
        self.bench.travel_ms = CYCLE_MS
        self.alphabet = alphabet
        self._tune(tune)
        self._snapshot = Snapshot(self.bench)
        self.states = 0
        self.transitions = 0
        self.visited_rows = set()
        self.closings = 0
        self.complete = False

    def _tune(self, tune):
        charge = self.bench.point
        charge.chores.turn = lambda: [slot(charge.chores) for slot in chores._SLOTS]
        for code in range(len(charge.faults._times)):
            charge.faults._times[code] = min(charge.faults._times[code], 1)
        charge.events.put = lambda kind, value: None
        if tune:
            tune(charge)

    def _normalise(self):
        """Move the step that was just made back to the same moment; cut what only counts."""
        charge = self.bench.point
        gone = charge.inputs.now - _NOW
        charge.inputs.now = _NOW
        charge._then -= gone
        charge.chores._lap_at -= gone
        guard = charge.chores.protection
        guard._residual_at = max(guard._residual_at - gone, _NOW - 100)
        counts = charge.faults.counts
        for code in range(len(counts)):
            counts[code] = min(counts[code], charge.faults._times[code] % 255 + 1)

    def run(self, most_states: int) -> bool:
        """Explore; True when everything that can be reached was reached."""
        self.bench.run(CYCLE_MS)
        self._normalise()
        kept, key = self._snapshot.capture()
        came = {hash(key): None}  # state: the one before it, and the symbol between them
        front = [(kept, hash(key))]
        while front and len(came) < most_states:
            behind = []
            for kept, before in front:
                for symbol, act in self.alphabet.items():
                    self._snapshot.restore(kept)
                    try:
                        self._step(act)
                    except invariants.Broken as broken:
                        raise AssertionError(f"{broken} after {_path(came, before, symbol)}")
                    after, key = self._snapshot.capture()
                    key = hash(key)
                    if key not in came:
                        came[key] = (before, symbol)
                        behind.append((after, key))
            front = behind
        self.states = len(came)
        self.complete = not front
        return self.complete

    def _step(self, act):
        bench = self.bench
        charge = bench.point
        was, closed = charge.state, bench.outputs.contactor
        bench.tick(act(bench) or CYCLE_MS)
        self._normalise()
        self.transitions += 1
        if charge.state != was:
            self.visited_rows.add((was, charge.state))
        self.closings += bench.outputs.contactor and not closed


def _path(came: dict, state: int, symbol: str) -> str:
    """The symbols from boot to here, repeated ones counted: the shortest way to break a rule."""
    symbols = [symbol]
    while came[state]:
        state, symbol = came[state]
        symbols.append(symbol)
    runs = []
    for symbol in reversed(symbols):
        if runs and runs[-1][1] == symbol:
            runs[-1][0] += 1
        else:
            runs.append([1, symbol])
    return ", ".join(f"{count} x {symbol}" for count, symbol in runs)


def unreached(explorers) -> list:
    """Transitions of the table that none of the explorers took, as names."""
    found = set()
    for explorer in explorers:
        found |= explorer.visited_rows
    listed = {
        (state, following) for state, row in enumerate(states.TRANSITIONS) for following in row[1]
    }
    return sorted(
        f"{states.NAMES[state]} to {states.NAMES[following]}"
        for state, following in listed - found
    )
