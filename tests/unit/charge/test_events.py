from firmware.charge import events
from firmware.charge.events import Events


def test_events_come_out_in_their_order():
    ring = Events()
    for value in range(5):
        ring.put(1, value)
    assert [ring.pop() for _ in range(6)] == [(1, 0), (1, 1), (1, 2), (1, 3), (1, 4), None]


def test_the_oldest_are_lost_and_counted():
    ring = Events()
    for value in range(40):
        ring.put(2, value)
    assert ring.lost == 8
    assert ring.pop() == (2, 8)
    ring.put(3, 99)
    left = []
    event = ring.pop()
    while event:
        left.append(event)
        event = ring.pop()
    assert left[0] == (2, 9) and left[-1] == (3, 99) and len(left) == 32


def test_every_event_has_a_code_of_its_own():
    codes = [events.STATE, events.FAULT, events.CLEARED, events.OPENED, events.CLOSED]
    codes += [events.PHASES, events.WAKING, events.TOGGLED, events.TESTED]
    assert codes == list(range(1, 10))
