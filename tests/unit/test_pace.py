import micropython

from firmware.pace import EDGES, Pace


def test_each_gap_is_counted_in_its_class():
    pace = Pace()
    for gap_ms in (10, 11, 12, 20, 30, 50, 51, 100, 101, 5000):
        pace.note(gap_ms, False)
    assert pace.counts == [2, 1, 1, 1, 1, 2, 2]
    assert len(pace.counts) == len(EDGES) + 1
    assert pace.worst_ms == 5000 and pace.worst_closed_ms == 0


def test_only_a_gap_over_50_ms_with_closed_contactor_counts_as_held():
    pace = Pace()
    assert not pace.note(50, True)
    assert not pace.note(400, False)
    assert pace.note(51, True)
    assert (pace.held, pace.worst_closed_ms, pace.worst_ms) == (1, 51, 400)


def test_noting_allocates_nothing():
    pace = Pace()
    micropython.heap_lock()
    try:
        for gap_ms in range(200):
            pace.note(gap_ms, True)
    finally:
        micropython.heap_unlock()
    assert pace.held == 149
