from firmware.console.calibrate import judged
from firmware.console.report import FAIL, NOT_FITTED, PASS, SKIPPED, Report


def test_lines_and_summary():
    report = Report()
    assert report.add(PASS, "lock", "locked after 400 ms") == (
        "pass       lock                  locked after 400 ms\n"
    )
    assert report.add(NOT_FITTED, "S0").split() == ["not", "fitted", "S0"]
    report.add(SKIPPED, "contactor")
    assert report.judge(False, "RS485", "no unit answers").startswith("FAIL       RS485")
    assert report.summary() == (
        "Result: 1 pass, 1 FAIL, 1 skipped, 1 not fitted\n  RS485: no unit answers\n"
    )


def test_voltages_within_and_beyond_their_bounds():
    bounds = (11400, 12600)
    for value, verdict in (
        (11400, PASS),
        (12600, PASS),
        (11399, FAIL),
        (12601, FAIL),
        (-12000, FAIL),
    ):
        report = Report()
        line = report.within("pilot +12 V", value, bounds)
        assert report.lines[0][0] == verdict, value
        assert "11.40 to 12.60 V expected" in line and f"{value / 1000:.2f} V" in line


def test_a_calibration_finds_slope_and_zero():
    for gain, offset_mv in ((10000, 0), (10300, -150), (9700, 200)):
        true = (12010, 6020)
        measured = [(mv - offset_mv) * 10000 // gain for mv in true]
        found = judged((measured[0], true[0]), (measured[1], true[1]), (10000, 0))
        assert abs(found[0] - gain) <= 4 and abs(found[1] - offset_mv) <= 6 and not found[2], found


def test_a_calibration_on_top_of_another_replaces_it():
    true = (12000, 6000)
    raw = (11500, 5800)
    known = (10100, 20)
    shown = [mv * known[0] // 10000 + known[1] for mv in raw]
    gain, offset_mv, problem = judged((shown[0], true[0]), (shown[1], true[1]), known)
    for mv, wanted in zip(raw, true):
        assert abs(mv * gain // 10000 + offset_mv - wanted) <= 10, (gain, offset_mv)
    assert not problem


def test_a_calibration_that_cannot_be_is_refused():
    for empty, loaded in (
        ((12000, 12000), (12000, 12000)),
        ((12000, 12000), (6000, 10500)),
        ((12000, 6000), (6000, 12000)),
        ((12000, 24000), (6000, 12000)),
        ((12000, 10000), (6000, 5000)),
        ((12000, 13000), (6000, 7000)),
    ):
        assert judged(empty, loaded, (10000, 0))[2], (empty, loaded)
