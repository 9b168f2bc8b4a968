from firmware.charge.signals import Refused
from tests.unit.charge.bench import FULL, Bench


def test_what_is_refused_and_why():
    for options, reason in (
        ({"max_current_ma": 40000}, "this board carries 32000 mA"),
        ({"max_current_ma": 5000}, "max_current_ma: 6000 to 80000"),
        ({"max_current_ma": "16000"}, "max_current_ma: a whole number"),
        ({"max_current_ma": True}, "max_current_ma: a whole number"),
        ({"phase_gap_s": 14}, "phase_gap_s: 15 to 120"),
        ({"phase_gap_s": 121}, "phase_gap_s: 15 to 120"),
        ({"phase_interval_s": 209}, "phase_interval_s: 210 to 3600"),
        ({"random_delay_s": 1801}, "random_delay_s: 0 to 1800"),
        ({"wake": 1}, "wake: true or false"),
        ({"wake_recipe": "soon"}, "wake recipe: 'soon' is not like '90 gap 4'"),
        ({"colour": 3}, "no option 'colour'"),
    ):
        point = Bench(FULL).point
        before = point.options.phase_gap_s, point.options.max_current_ma
        try:
            point.configure(dict(options, minimum_ma=8000))
        except Refused as refusal:
            assert str(refusal) == reason, options
        else:
            raise AssertionError(options)
        assert (point.options.phase_gap_s, point.options.max_current_ma) == before
        assert point.options.minimum_ma == 6000 == point.limits.minimum_ma, "none of it is taken"


def test_options_take_effect():
    bench = Bench(FULL, {"max_current_ma": 16000, "minimum_ma": 8000})
    bench.plug()
    assert bench.point.offered_ma == 16000
    bench.point.limits.set("controller", 7000, 0, None, bench.inputs.now)
    bench.tick(10)
    assert bench.point.offered_ma == 0
    bench.point.configure({"minimum_ma": 6000})
    bench.run(60000)
    assert bench.point.offered_ma == 7000
    bench.point.configure({"max_current_ma": 0})
    assert bench.point.limits.ruling() == ("controller", 7000)


def test_the_bounds_are_allowed():
    point = Bench(dict(FULL, max_current_ma=80000)).point
    for name, lowest, highest in (
        ("max_current_ma", 6000, 80000),
        ("minimum_ma", 6000, 16000),
        ("phase_gap_s", 15, 120),
        ("phase_interval_s", 210, 3600),
        ("wake_most", 0, 20),
        ("random_delay_s", 0, 1800),
        ("seed", 0, 65535),
    ):
        for value in (lowest, lowest + 1, highest - 1, highest):
            point.configure({name: value})
            assert getattr(point.options, name) == value, name
        for value in (lowest - 1, highest + 1):
            if name != "max_current_ma" or value:
                try:
                    point.configure({name: value})
                except Refused:
                    continue
                raise AssertionError((name, value))


def test_what_holds_until_somebody_chooses():
    options = Bench(FULL).point.options
    for name, usual in (
        ("max_current_ma", 0),
        ("minimum_ma", 6000),
        ("phase_gap_s", 60),
        ("phase_interval_s", 210),
        ("wake_most", 8),
        ("random_delay_s", 0),
        ("phase_switching", False),
        ("phase_automatic", True),
        ("wake", True),
    ):
        assert getattr(options, name) == usual, name


def test_the_random_delay_differs_from_visit_to_visit_and_from_box_to_box():
    drawn = []
    for seed in (1, 2):
        bench = Bench(options={"random_delay_s": 1800, "seed": seed})
        for _ in range(5):
            bench.car = "B"
            bench.run(1000)
            drawn.append(bench.point.delay_ms // 2000)
            bench.car = "A"
            bench.run(1000)
    assert len(set(drawn)) == 10 and max(drawn) <= 900, drawn


def test_the_random_delay_is_in_whole_seconds_up_to_what_is_set():
    for longest_s, possible in ((0, {0}), (1, {0, 1000}), (2, {0, 1000, 2000})):
        bench = Bench(options={"random_delay_s": longest_s}, period=20)
        drawn = set()
        for _ in range(20):
            bench.car = "B"
            bench.until(lambda: bench.point.transaction.open, 500)
            drawn.add(bench.point.delay_ms)
            bench.car = "A"
            bench.until(lambda: not bench.point.transaction.open, 1000)
        assert drawn == possible, longest_s


def test_the_longest_random_delay_is_the_one_that_is_set():
    # 20097 is followed by 65535, the last but one of the random numbers.
    for longest_s in (1, 600, 1800):
        bench = Bench(options={"random_delay_s": longest_s, "seed": 20097})
        bench.car = "B"
        bench.until(lambda: bench.point.transaction.open, 1000)
        assert bench.point.delay_ms == longest_s * 1000
