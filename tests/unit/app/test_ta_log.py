"""The transaction log: what was charged arrives, however often the box or the broker restarts."""

from firmware.sessions import Sessions
from firmware.settings import Settings
from firmware.store.transactions import Transactions
from firmware.store.wear import Wear
from firmware.ta_log import TransactionLog
from tests.unit.store.nor import Blocks, Quiet


class Visit:
    total_wh = 5000
    energy_wh = 0
    duration_s = 0
    authorised = ""
    open = True

    def restore(self, record):
        pass


class Outputs:
    contactor = False


class Point:
    def __init__(self):
        self.transaction = Visit()
        self.outputs = Outputs()


class Life:
    """One life of the box on `area`: sessions, the log, and a broker that `takes` or does not."""

    def __init__(self, area):
        self.now = 1000
        self.time = 1700000000
        self.sent = []
        self.takes = True
        self.point = Point()
        self.store = Transactions(area, Wear(), Quiet())
        self.store.load(lambda device: self.point.transaction.total_wh, "reset", ("E1",))
        self.sessions = Sessions(self.point, self.store, lambda: self.time, Quiet())
        self.sessions.resume()
        self.mqtt = Settings().mqtt
        self.mqtt.ta_log = True
        self.log = TransactionLog(self.sessions, self.mqtt, "abc", self._publish)
        self.sessions.publish = self.log.told

    def _publish(self, payload):
        if self.takes:
            self.sent.append(payload)
        return self.takes

    def run(self, seconds=5):
        for _ in range(seconds):
            self.store.step(self.point.outputs.contactor)
            for _ in range(20):
                self.now += 50
                self.log.tick(self.now)
            self.time += 1

    def charge(self, wh=1000):
        self.sessions.opened()
        self.point.transaction.total_wh += wh
        self.sessions.closed(1)

    def events(self):
        return [(payload._value["event"], payload._value["nr"]) for payload in self.sent]

    def ends(self):
        return [number for event, number in self.events() if event == "end"]

    def acknowledge(self):
        self.log.delivered(self.sent[-1])


def test_a_session_is_told_at_its_begin_and_at_its_end():
    life = Life(Blocks())
    life.charge()
    life.run()
    assert life.events() == [("begin", 1), ("end", 1)]
    entry = life.sent[1]._value
    assert entry["energy_wh"] == 1000 and entry["meter_begin_wh"] == 5000
    assert entry["meter_end_wh"] == 6000 and entry["serial"] == "abc"
    assert entry["reason"] == "unplugged" and entry["time"] == 1700000000


def test_the_next_one_waits_for_the_acknowledgement_of_the_one_before():
    life = Life(Blocks())
    life.charge()
    life.charge()
    life.run(30)
    assert life.ends() == [1]
    life.acknowledge()
    life.run(30)
    assert life.ends() == [1, 2]


def test_the_acknowledgement_of_something_else_counts_for_nothing():
    life = Life(Blocks())
    life.charge()
    life.charge()
    life.run(10)
    life.log.delivered(life.sent[0])
    life.log.delivered(None)
    life.run(10)
    assert life.ends() == [1]


def test_what_was_not_acknowledged_is_told_again_in_the_next_life():
    area = Blocks()
    life = Life(area)
    life.charge()
    life.charge()
    life.run(10)
    life.acknowledge()
    life.run(10)
    assert life.ends() == [1, 2]
    second = Life(area)
    second.run(30)
    assert second.ends() == [2]
    second.acknowledge()
    second.run(10)
    third = Life(area)
    third.run(30)
    assert third.ends() == []


def test_a_session_that_ended_while_nobody_listened_is_told_later():
    area = Blocks()
    life = Life(area)
    life.takes = False
    for _ in range(3):
        life.charge()
        life.run(5)
    second = Life(area)
    for number in (1, 2, 3):
        second.run(30)
        assert second.ends()[-1] == number
        second.acknowledge()
    second.run(30)
    assert second.ends() == [1, 2, 3]


def test_what_the_queue_refuses_is_offered_again():
    life = Life(Blocks())
    life.takes = False
    life.charge()
    life.run(10)
    life.takes = True
    life.run(2)
    assert life.ends() == [1]


def test_a_log_that_is_switched_off_says_nothing_and_marks_nothing():
    area = Blocks()
    life = Life(area)
    life.mqtt.ta_log = False
    life.charge()
    life.run(10)
    assert life.sent == []
    life.mqtt.ta_log = True
    life.run(10)
    assert life.ends() == [1]


def test_intervals_come_while_charging_only():
    life = Life(Blocks())
    life.mqtt.ta_interval_s = 10
    life.sessions.opened()
    life.run(25)
    assert life.events() == [("begin", 1)]
    life.point.outputs.contactor = True
    life.run(5)
    life.point.transaction.total_wh += 40
    life.point.transaction.energy_wh = 40
    life.run(16)
    assert life.events()[1:] == [("interval", 1)] * 2
    entry = life.sent[-1]._value
    assert entry["energy_wh"] == 40 and entry["meter_end_wh"] == 5040 and entry["end"] is None
    life.mqtt.ta_interval_s = 0
    life.run(30)
    assert len(life.sent) == 3


def test_without_room_on_the_flash_it_is_told_once():
    life = Life(None)
    life.charge()
    life.run()
    assert life.events() == [("begin", 1), ("end", 1)]


def test_a_flash_that_cannot_be_read_stops_nothing_but_the_log():
    area = Blocks()
    life = Life(area)
    life.charge()
    life.store.step(False)
    life.store.step(False)
    life.store.step(False)
    area.dead = True
    life.run()
    assert life.ends() == []
    area.dead = False
    life.charge()
    life.run(70)
    assert life.ends() == [1]


def test_one_look_reads_a_few_slots_only():
    area = Blocks()
    life = Life(area)
    for _ in range(20):
        life.charge()
        life.run(3)
        if life.sent[-1]._value["event"] == "end":
            life.acknowledge()
    life.run(100)
    reads = []
    read = area.read
    area.read = lambda *where: reads.append(1) or read(*where)
    second = Life(area)
    del reads[:]
    second.log.tick(2000)
    assert 0 < len(reads) <= 4


def test_whoever_authorised_the_car_is_in_the_entry_also_when_the_card_came_later():
    for early in (True, False):
        area = Blocks()
        life = Life(area)
        if early:
            life.sessions.authorised("Anna", "04AB")
        life.sessions.opened()
        life.run(3)
        if not early:
            life.sessions.authorised("Anna", "04AB")
            life.run(3)
        life.sessions.authorised("Bert", "0815")
        life.sessions.authorised("", "")
        life = Life(area)
        life.sessions.closed(1)
        life.run()
        entry = life.sent[-1]._value
        assert (entry["event"], entry["user"], entry["rfid"]) == ("end", "Anna", "04AB"), early


def test_a_card_of_one_visit_does_not_pay_for_the_next():
    life = Life(Blocks())
    life.sessions.authorised("Anna", "04AB")
    life.charge()
    life.charge()
    life.run(10)
    life.acknowledge()
    life.run(10)
    assert [payload._value["user"] for payload in life.sent] == ["Anna", "", "Anna", ""]


def test_what_the_broker_refuses_is_offered_again_after_a_minute():
    life = Life(Blocks())
    life.charge()
    life.run(5)
    life.log.refused(life.sent[-1])
    life.run(50)
    assert life.ends() == [1]
    life.run(15)
    assert life.ends() == [1, 1]
    life.acknowledge()
    life.run(70)
    assert life.ends() == [1, 1]
