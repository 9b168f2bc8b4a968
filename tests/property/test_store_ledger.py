"""The ledger against a model: whatever happens in whatever order, no counter goes down."""

import sys
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from firmware.store.ledger import Ledger
from firmware.store.wear import Wear

sys.path.insert(0, str(Path(__file__).parent))

from nor_area import NorArea, PowerFailure, Quiet

NAMES = ("E1.wh", "E1.con", "M1.wh", "M2.exp", "h")


class LedgerMachine(RuleBasedStateMachine):
    """`floor` is what a power cut must leave, `values` what a reset must leave."""

    def __init__(self):
        super().__init__()
        self.area = NorArea()
        self.memory = b""
        self.values = {}
        self.floor = {}
        self.now = 0
        self._boot()

    def _rtc_memory(self, data=None):
        if data is not None:
            self.memory = bytes(data)
        return self.memory

    def _boot(self):
        self.ledger = Ledger(self.area, self._rtc_memory, Wear(), Quiet())
        self.ledger.load()

    @rule(name=st.sampled_from(NAMES), amount=st.integers(-50, 500))
    def count(self, name, amount):
        before = self.values.get(name, 0)
        after = self.ledger.raise_to(name, before + amount)
        assert after == max(before, before + amount)
        self.values[name] = after

    @rule(seconds=st.integers(1, 400), closed=st.booleans())
    def wait(self, seconds, closed):
        self._step(seconds, closed)

    @rule(closed=st.booleans())
    def flush(self, closed):
        self.ledger.flush()
        for _ in range(3):
            self._step(1, closed)

    def _step(self, seconds, closed):
        self.now = (self.now + seconds * 1000) % (1 << 30)
        programs, erases = self.area.programs, self.area.erases
        self.ledger.step(self.now, closed)
        assert self.area.programs - programs + self.area.erases - erases <= 1
        assert not closed or self.area.erases == erases, "erased with the contactor closed"
        if self.ledger.saved():
            self.floor = dict(self.values)

    @rule()
    def reset(self):
        self._boot()
        assert {name: self.ledger.value(name) for name in self.values} == self.values

    @rule()
    def power_cut(self):
        self._lose_power()

    @rule(operations=st.integers(1, 4), closed=st.booleans())
    def power_cut_while_writing(self, operations, closed):
        self.ledger.flush()
        self.area.fuse = operations
        try:
            for _ in range(6):
                self._step(1, closed)
        except PowerFailure:
            pass
        self.area.fuse = None
        self._lose_power()

    def _lose_power(self):
        self.memory = b""
        self._boot()
        for name, value in self.values.items():
            found = self.ledger.value(name)
            assert self.floor.get(name, 0) <= found <= value, (name, found)
        assert set(self.ledger.names()) <= set(self.values)
        self.values = {name: self.ledger.value(name) for name in self.ledger.names()}

    @precondition(lambda self: self.values)
    @rule(data=st.data())
    def rubbish_in_the_rtc_memory(self, data):
        self.memory = data.draw(st.binary(max_size=60))
        self._boot()
        self.values = {name: self.ledger.value(name) for name in self.ledger.names()}
        assert all(self.values.get(name, 0) >= value for name, value in self.floor.items())

    @invariant()
    def what_is_shown_is_what_was_counted(self):
        for name, value in self.values.items():
            assert self.ledger.value(name) == value


TestLedger = LedgerMachine.TestCase
TestLedger.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
