"""When saves are made: bursts, the minute, the day, the contactor, force."""

from firmware.store.saver import Saver

PERIOD = 1 << 30


def run(saver, seconds, closed=False, start=0, each=None):
    """Let time pass second by second; the seconds at which a save was made."""
    made = []
    for second in range(start, start + seconds):
        if each:
            each()
        if saver.due(second * 1000 % PERIOD, closed):
            made.append(second)
            saver.saved()
    return made


def test_nothing_is_saved_when_nothing_changed():
    assert run(Saver(), 1000) == []


def test_a_burst_is_one_save():
    saver = Saver()
    for _ in range(100):
        saver.changed()
    assert run(saver, 300) == [5]


def test_steady_changes_are_saved_once_a_minute():
    saver = Saver()
    assert run(saver, 300, each=saver.changed) == [5, 65, 125, 185, 245]


def test_across_the_wrap_of_the_ticks_the_pace_stays():
    saver = Saver()
    made = run(saver, 600, start=PERIOD // 1000 - 300, each=saver.changed)
    assert len(made) == 10
    assert all(later - earlier in (60, 61) for earlier, later in zip(made, made[1:]))


def test_a_day_of_steady_changes_stays_in_the_budget():
    saver = Saver()
    first = run(saver, 86400, each=saver.changed)
    assert 400 <= len(first) <= 480 + 1
    second = run(saver, 86400, start=86400, each=saver.changed)
    assert 239 <= len(second) <= 241
    assert saver.delayed


def test_while_the_contactor_is_closed_nothing_is_saved():
    saver = Saver()
    saver.changed()
    saver.force()
    assert run(saver, 600, closed=True) == []
    assert saver.pending
    assert run(saver, 600, start=600) == [600]


def test_force_saves_at_once_even_within_the_minute():
    saver = Saver()
    saver.changed()
    assert run(saver, 10) == [5]
    saver.changed()
    saver.force()
    assert run(saver, 60, start=10) == [10]


def test_force_without_a_change_saves_nothing():
    saver = Saver()
    saver.force()
    assert run(saver, 600) == []


def test_forcing_in_a_loop_ends_at_the_budget():
    saver = Saver()

    def attack():
        saver.changed()
        saver.force()

    assert len(run(saver, 86400, each=attack)) <= 240 + 24 + 240 + 1
    assert len(run(saver, 86400, start=86400, each=attack)) <= 241


def test_restarting_does_not_renew_the_budget():
    cases = ((0, 0, 240), (0, 240, 0), (0, 264, -24), (1440, 240, 240), (1440, 480, 0))
    for minutes, saves, tokens in cases:
        saver = Saver()
        saver.resume(minutes, saves)
        assert saver._tokens == tokens
        assert saver.spent() == (tokens == -24)
        saver.changed()
        saver.force()
        assert saver.due(0, False) == (tokens > -24)


def test_a_failed_save_is_tried_again_after_a_minute():
    saver = Saver()
    saver.changed()
    run(saver, 5)
    assert saver.due(5000, False)
    saver.saved(False)
    assert not saver.due(6000, False)
    assert saver.due(65000, False)
