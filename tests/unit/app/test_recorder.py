from firmware.charge import events, faults
from firmware.log import Log
from firmware.recorder import Recorder


class Transaction:
    total_wh = 0


class Point:
    def __init__(self):
        self.events = events.Events()
        self.faults = faults.Faults(self.events)
        self.transaction = Transaction()

    def state_name(self):
        return "C2"


class Ledger:
    def __init__(self):
        self.values = {}
        self.flushed = 0

    def raise_to(self, name, value):
        self.values[name] = max(value, self.values.get(name, 0))

    def flush(self):
        self.flushed += 1


class Meters:
    """Books into the ledger, as firmware/meters.py does without a meter."""

    def __init__(self, ledger):
        self.ledger = ledger

    def book(self, visit):
        self.ledger.raise_to("E1.wh", visit.total_wh)


class Sessions:
    def __init__(self):
        self.happened = []

    def opened(self):
        self.happened.append("opened")

    def closed(self, reason):
        self.happened.append(("closed", reason))


def recorded(point, sessions=None):
    log = Log(None, None)
    ledger = Ledger()
    recorder = Recorder(point, ledger, sessions or Sessions(), log)
    recorder.meters = Meters(ledger)
    recorder.drain()
    return [(entry[3], entry[4]) for entry in log.after(0)], ledger


def test_every_kind_of_event_becomes_a_line_in_the_log():
    kinds = [getattr(events, name) for name in dir(events) if name.isupper() and name[0] != "_"]
    for kind in kinds:
        point = Point()
        point.events.put(kind, 1)
        lines, _ = recorded(point)
        assert len(lines) == 1 and lines[0][1], kind


def test_events_are_told_in_words():
    for kind, value, text in (
        (events.OPENED, 0, "car plugged in"),
        (events.CLOSED, 2, "car unplugged; charging ended by: car"),
        (events.PHASES, 3, "phases in use: 3"),
        (events.TESTED, 0, "test of the residual current sensor: failed"),
        (events.TESTED, 1, "test of the residual current sensor: passed"),
    ):
        point = Point()
        point.events.put(kind, value)
        assert recorded(point)[0] == [("charge", text)]


def test_a_fault_is_named_with_what_was_measured():
    point = Point()
    point.faults.report(faults.DIODE, -3200)
    lines, _ = recorded(point)
    topic, text = lines[0]
    assert topic == "fault" and "diode" in text and "-3200 mV" in text


def test_energy_goes_to_the_ledger_and_unplugging_saves_it():
    point = Point()
    point.transaction.total_wh = 1234
    _, ledger = recorded(point)
    assert ledger.values == {"E1.wh": 1234} and ledger.flushed == 0
    point.events.put(events.CLOSED, 1)
    _, ledger = recorded(point)
    assert ledger.flushed == 1


def test_a_visit_of_a_car_becomes_a_session():
    point = Point()
    sessions = Sessions()
    point.events.put(events.OPENED, 0)
    point.events.put(events.CLOSED, 2)
    recorded(point, sessions)
    assert sessions.happened == ["opened", ("closed", 2)]


def test_a_listener_hears_of_every_event():
    point = Point()
    heard = []
    recorder = Recorder(point, Ledger(), Sessions(), Log(None, None))
    recorder.meters = Meters(Ledger())
    recorder.listener = lambda *event: heard.append(event)
    point.events.put(events.TESTED, 1)
    point.events.put(events.STATE, 2)
    recorder.drain()
    assert heard == [(events.TESTED, 1), (events.STATE, 2)]
