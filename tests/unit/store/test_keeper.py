"""The task that writes flash: it counts minutes and closings, and saves what changed."""

from firmware.keeper import Keeper
from firmware.store.ledger import Ledger
from firmware.store.saver import Saver
from firmware.store.wear import Wear
from tests.unit.store.nor import Blocks, Quiet


class Store:
    sequence = 3

    def __init__(self):
        self.saved = []

    def saving(self, document):
        self.saved.append(document)
        yield

    def save(self, document):
        self.saved.append(document)


class Settings:
    revision = 0

    def document(self):
        return self.revision


class Bench:
    """A keeper under a clock of ours; only its short sleeps are real."""

    def __init__(self):
        self.store, self.settings, self.saver = Store(), Settings(), Saver()
        self.ledger = Ledger(Blocks(4, 1024), None, Wear(), Quiet())
        self.ledger.load()
        self.log = Quiet()
        self.keeper = Keeper(self.store, self.saver, self.ledger, self.settings, self.log)
        self.closed = False
        self.ms = 0

    def now(self):
        return self.ms & 0x3FFFFFFF

    async def run(self, seconds):
        for _ in range(seconds):
            await self.keeper.step(lambda: self.closed, self.now)
            self.ms += 1000


async def test_minutes_of_operation_and_closings_are_counted():
    bench = Bench()
    bench.ms = 0x3FFFFFFF - 400000
    await bench.run(601)
    assert bench.ledger.value("min") == 10
    for _ in range(3):
        bench.closed = True
        await bench.run(100)
        bench.closed = False
        await bench.run(10)
    assert bench.ledger.value("E1.con") == 3


async def test_when_the_contactor_opens_the_counters_are_saved():
    bench = Bench()
    bench.ledger.add("E1.wh", 7)
    bench.closed = True
    await bench.run(5)
    bench.ledger.add("E1.wh", 7)
    await bench.run(5)
    assert not bench.ledger.saved()
    bench.closed = False
    await bench.run(2)
    assert bench.ledger.saved()


async def test_settings_are_saved_once_and_only_with_the_contactor_open():
    bench = Bench()
    bench.closed = True
    bench.settings.revision = 1
    await bench.run(100)
    assert bench.store.saved == []
    assert any("as soon as the contactor opens" in text for text in bench.log.texts)
    bench.closed = False
    await bench.run(100)
    assert bench.store.saved == [1]


async def test_before_a_restart_everything_is_saved_unless_the_budget_is_spent():
    for spent, saved in ((False, [1]), (True, [])):
        bench = Bench()
        bench.settings.revision = 1
        bench.ledger.add("E1.wh", 7)
        if spent:
            bench.saver.resume(0, 1000)
        await bench.keeper.settle(bench.now)
        assert bench.store.saved == saved
        assert bench.ledger.saved()
