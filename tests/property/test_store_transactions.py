"""Transactions against a model: each that ended is kept once, whenever the power fails."""

import sys
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from firmware.store.transactions import Transactions
from firmware.store.wear import Wear

sys.path.insert(0, str(Path(__file__).parent))

from nor_area import NorArea, PowerFailure, Quiet

_SLOTS = 4
_BLOCKS = 6


class TransactionMachine(RuleBasedStateMachine):
    """`kept` maps the numbers whose end has been written to their energy.

    `used` counts the slots that may have been used up, `born` its value when a number came.
    """

    def __init__(self):
        super().__init__()
        self.area = NorArea(blocks=_BLOCKS, block_size=128 * _SLOTS)
        self.energy = 0
        self.kept = {}
        self.sent = set()
        self.waiting = {}
        self.used = 0
        self.born = {}
        self.unwritten = 0
        self._boot()

    def _boot(self):
        self.store = Transactions(self.area, Wear(), Quiet())
        self.store.load(lambda device: self.energy)

    def _settle(self, closed=False):
        self.unwritten = 0
        for _ in range(70):
            erases = self.area.erases
            self.store.step(closed)
            assert not closed or self.area.erases == erases
        if not self.store.pending():
            self.kept.update(self.waiting)
            self.waiting = {}

    @rule(device=st.sampled_from(("E1", "E2")), user=st.text(max_size=40), write=st.booleans())
    def begin(self, device, user, write):
        if device in self.store.open:
            number = self.store.open[device]["number"]
            self.waiting[number] = self.energy
        self._begin(device, user)
        self.unwritten += 1
        # At most eight entries wait for the flash, which is asked once a second: four visits.
        if write or self.unwritten == 4:
            self._settle()

    def _begin(self, device, user):
        self.used += 1
        self.born[self.store.begin(device, None, self.energy, user)["number"]] = self.used

    @rule(device=st.sampled_from(("E1", "E2")), wh=st.integers(0, 1000), closed=st.booleans())
    def end(self, device, wh, closed):
        self.energy += wh
        entry = self.store.end(device, 7, self.energy, "unplugged")
        if entry:
            self.waiting[entry["number"]] = self.energy
        self._settle(closed)

    @rule()
    def deliver(self):
        for number in [entry["number"] for entry in self.store.entries(unsent=True) if entry]:
            self.store.delivered(number)
            self._settle()
            self.sent.add(number)
            return

    @rule()
    def power_cut(self):
        self._boot()
        self._compare()

    @rule(operations=st.integers(1, 4))
    def power_cut_while_writing(self, operations):
        self.energy += 1
        self._begin("E1", "")
        self.store.end("E1", None, self.energy, "unplugged")
        self.area.fuse = operations
        try:
            for _ in range(6):
                self.store.step(False)
        except PowerFailure:
            pass
        self.area.fuse = None
        self._boot()
        self._compare()

    def _compare(self):
        self.waiting = {}
        # What the cut tore, and what both devices had open.
        self.used += 4
        self._settle()
        found = [(entry["number"], entry["end_wh"]) for entry in self.store.entries() if entry]
        numbers = [number for number, _ in found]
        assert len(set(numbers)) == len(numbers)
        # One block is begun and one erased ahead; all the others are full.
        for number, wh in self.kept.items():
            if self.used - self.born[number] < _SLOTS * (_BLOCKS - 2):
                assert (number, wh) in found, number
        unsent = {entry["number"] for entry in self.store.entries(unsent=True) if entry}
        assert not unsent & self.sent
        self.kept = dict(found)


TestTransactions = TransactionMachine.TestCase
TestTransactions.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)
