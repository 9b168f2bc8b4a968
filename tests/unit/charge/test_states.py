from firmware.charge import states
from firmware.charge.states import TIMEOUTS

OUTPUTS = dict(enumerate(states.OUTPUTS))
TRANSITIONS = {state: dict(zip(*row)) for state, row in enumerate(states.TRANSITIONS)}

_PILOT, _JOINED, _CLOSED = 0, 1, 2


def _closed(state):
    return OUTPUTS[state][_CLOSED]


def test_every_state_has_a_row_an_output_and_a_name():
    assert set(TRANSITIONS) == set(OUTPUTS) == set(range(len(states.NAMES)))


def test_every_event_of_a_row_is_listed_once_and_has_what_follows():
    for events, following in states.TRANSITIONS:
        assert len(set(events)) == len(events) == len(following), events


def test_every_transition_leads_to_a_state():
    for state, row in TRANSITIONS.items():
        for event, following in row.items():
            assert following in TRANSITIONS and following != state, (state, event)


def test_every_state_can_be_reached_and_left():
    reached, new = {states.START}, [states.START]
    while new:
        for following in TRANSITIONS[new.pop()].values():
            if following not in reached:
                reached.add(following)
                new.append(following)
    assert reached == set(TRANSITIONS)
    assert all(TRANSITIONS.values())


def test_a_fault_is_followed_from_every_state_and_never_to_a_closed_one():
    for state, row in TRANSITIONS.items():
        if state not in (states.F, states.FAULT, states.BARRED):
            assert not _closed(row[states.TRIPPED]), state
            assert not _closed(row[states.BARRED_BY]), state


def test_only_charging_stopping_and_a_click_close_the_contactor():
    closed = [state for state in OUTPUTS if _closed(state)]
    assert sorted(closed) == [states.CHARGING, states.STOPPING, states.CLICK]


def test_for_a_car_the_contactor_closes_by_one_transition_only_and_without_one_for_a_click():
    closing = [
        (state, event)
        for state, row in TRANSITIONS.items()
        for event, following in row.items()
        if _closed(following) and not _closed(state)
    ]
    assert sorted(closing) == [(states.A1, states.CLICKED), (states.READY, states.CHECKED)]


def test_a_click_offers_nothing_and_ends_by_everything_and_by_itself():
    assert OUTPUTS[states.CLICK][_PILOT] == states.PLUS
    assert TIMEOUTS[states.CLICK] <= 1000
    row = TRANSITIONS[states.CLICK]
    for event in (states.RELEASED, states.ASKED, states.VENTILATE, states.EXPIRED):
        assert not _closed(row[event]), event
    assert states.UNPLUGGED not in row and states.OFFERED not in row


def test_a_closed_contactor_opens_by_each_of_the_events_that_must_open_it():
    for state in (states.CHARGING, states.STOPPING):
        for event in (
            states.TRIPPED,
            states.BARRED_BY,
            states.UNPLUGGED,
            states.RELEASED,
            states.VENTILATE,
        ):
            assert not _closed(TRANSITIONS[state][event]), (state, event)


def test_charging_needs_the_pilot_joined_and_running():
    assert OUTPUTS[states.CHARGING][_PILOT] == states.PWM
    for output in OUTPUTS.values():
        assert output[_JOINED] or not output[_CLOSED]
        assert output[_PILOT] != states.MINUS or not output[_CLOSED]


def test_states_that_know_a_time_out_list_its_event():
    for state in TIMEOUTS:
        assert states.EXPIRED in TRANSITIONS[state], state
    for state, row in TRANSITIONS.items():
        timed = state in (states.GAP, states.WAKE_GAP, states.WAKE_F) or state in TIMEOUTS
        assert (states.EXPIRED in row) == timed, state


def test_faults_of_a_closed_contactor_are_told_to_the_car_by_minus_12_v():
    for state in (states.CHARGING, states.STOPPING):
        assert OUTPUTS[TRANSITIONS[state][states.TRIPPED]][_PILOT] == states.MINUS
    assert TIMEOUTS[states.F] >= 300


def test_only_a_cleared_fault_leads_out_of_the_fault_states():
    assert set(TRANSITIONS[states.FAULT]) == {states.BARRED_BY, states.CLEARED}
    assert set(TRANSITIONS[states.BARRED]) == {states.TRIPPED, states.CLEARED}


def test_unplugging_is_noticed_wherever_the_wire_is_looked_at():
    for state in (
        states.START,
        states.B1,
        states.B2,
        states.C1,
        states.READY,
        states.CHARGING,
        states.STOPPING,
        states.D1,
    ):
        assert TRANSITIONS[state][states.UNPLUGGED] == states.A1, state


def test_every_event_has_a_code_of_its_own():
    codes = [states.TRIPPED, states.BARRED_BY, states.CLEARED, states.UNPLUGGED]
    codes += [states.RELEASED, states.ASKED, states.VENTILATE, states.OFFERED]
    codes += [states.WITHDRAWN, states.CHECKED, states.SWITCH, states.WAKE]
    codes += [states.WAKE_BY_F, states.EXPIRED, states.CLICKED]
    assert len(set(codes)) == len(codes) and 0 not in codes
    used = {event for row in TRANSITIONS.values() for event in row}
    assert used == set(codes)


def test_what_the_car_or_the_box_wants_is_followed_wherever_it_may_come():
    start, a1, b1, b2, c1 = states.START, states.A1, states.B1, states.B2, states.C1
    ready, charging, stopping, d1 = states.READY, states.CHARGING, states.STOPPING, states.D1
    waiting, click = (start, a1, b1, d1), states.CLICK
    for event, following, froms in (
        (states.VENTILATE, d1, (start, a1, b1, b2, c1, ready, charging, stopping, click)),
        (states.RELEASED, b1, (start, a1, c1, stopping, d1, click)),
        (states.RELEASED, b2, (ready, charging)),
        (states.ASKED, c1, waiting + (click,)),
        (states.ASKED, ready, (b2,)),
        (states.OFFERED, b2, (b1,)),
        (states.OFFERED, ready, (c1,)),
        (states.WITHDRAWN, b1, (b2,)),
        (states.WITHDRAWN, c1, (ready,)),
        (states.WITHDRAWN, stopping, (charging,)),
        (states.SWITCH, states.GAP, (a1, b1, c1)),
        (states.WAKE, states.WAKE_GAP, (b1, b2)),
        (states.WAKE_BY_F, states.WAKE_F, (b2,)),
    ):
        found = [state for state, row in TRANSITIONS.items() if row.get(event) == following]
        assert sorted(found) == sorted(froms), (event, following)


def test_letters_for_those_who_plan_by_them():
    for letter, shown_in in (
        ("A", (states.A1, states.CLICK)),
        ("B", (states.B1, states.B2, states.C1, states.READY)),
        ("C", (states.CHARGING, states.STOPPING)),
        ("D", (states.D1,)),
        ("E", (states.F, states.FAULT)),
        ("F", (states.BARRED,)),
        ("-", (states.START, states.GAP, states.WAKE_GAP, states.WAKE_F)),
    ):
        found = [state for state, output in OUTPUTS.items() if output[4] == letter]
        assert sorted(found) == sorted(shown_in), letter


def test_the_wire_is_cut_in_gaps_only():
    cut = [state for state, output in OUTPUTS.items() if not output[_JOINED]]
    assert sorted(cut) == sorted((states.GAP, states.WAKE_GAP))


def test_the_times_of_the_standard():
    assert TIMEOUTS[states.READY] >= 2000 and TIMEOUTS[states.READY] + 600 <= 3000  # A.6, 4
    assert 3000 < TIMEOUTS[states.STOPPING] <= 6000  # 3 s for the car, and no more than twice
