from firmware.api.chores import Chores
from firmware.api.objects import lookup
from tests.unit.api.bench import Bench


def values(bench):
    return {entry["name"]: entry["value"] for entry in bench.ask("cmd=get_cm_vars")["vars"]}


def test_formulas_may_name_variables_devices_and_the_date():
    bench = Bench()
    bench.meter("M3", role=3).set({"power_w": 1500, "current": [4000, 5000, 6000]}, bench.now)
    for name, text, value in (
        ("a", "3", 3),
        ("b", "CM.a*2+1", 7),
        ("c", "a>2 ? b : 0", 7),
        ("d", "min(16000, 29000 - M3.current + E1.current)", 16000),
        ("e", "M3.power_w/2", 750),
        ("f", "date.hour*60+date.minute", 23 * 60 + 13),
        ("g", "exists(M9.power_w)", 0),
        ("h", "M9.power_w", None),
        ("i", "1/0", None),
        ("j", "GM.grid_demand.power_w", 1500),
        ("k", "CM._max_total_current_prc", 100),
    ):
        assert bench.ask("cmd=set_cm_vars",
                         '{"name": "%s", "expr": "%s"}' % (name, text)) == "ok", name  # fmt: skip
        assert values(bench)[name] == value, (name, values(bench)[name])


def test_formulas_in_a_circle_have_no_value():
    bench = Bench()
    pairs = (("a", "b+1"), ("b", "a+1"), ("c", "c"))
    entries = ",".join(['{"name": "%s", "expr": "%s"}' % pair for pair in pairs])
    circle = '{"vars": [' + entries + "]}"
    assert bench.ask("cmd=set_cm_vars", circle) == "ok"
    assert values(bench) == {"a": None, "b": None, "c": None}
    chain = ['{"name": "v%d", "expr": "v%d+1"}' % (i, i + 1) for i in range(20)]
    assert bench.ask("cmd=set_cm_vars&clear=1", '{"vars": [' + ",".join(chain) + "]}") == "ok"
    assert values(bench)["v0"] is None


def test_a_bad_formula_is_refused_with_its_mistake_and_changes_nothing():
    bench = Bench()
    bench.ask("cmd=set_cm_vars&name=x&val=1")
    for text in ("1+", "(1", "1 2", "foo(1)", "((" * 60, "1" * 190 + "+" * 5):
        answer = bench.ask('cmd=set_cm_vars&clear=1', '{"vars": [{"name": "y", "expr": 1}, '
                           '{"name": "x", "expr": "%s"}]}' % text)  # fmt: skip
        assert answer["error"]["code"] == "bad_value", text
        assert values(bench) == {"x": 1}, text


def test_there_is_room_for_32_variables():
    bench = Bench()
    for number in range(32):
        assert bench.ask(f"cmd=set_cm_vars&name=v{number}&val={number}&tmp=1") == "ok"
    assert bench.ask("cmd=set_cm_vars&name=w&val=1&tmp=1")["error"]["code"] == "too_many"
    assert bench.ask("cmd=set_cm_vars&name=v5&val=50") == "ok"
    assert values(bench)["v5"] == 50


def test_a_formula_may_bound_the_current_and_falls_back_when_it_has_no_value():
    bench = Bench()
    chores = Chores(bench.box)
    meter = bench.meter("M3", role=3)
    meter.set({"current": [4000, 5000, 6000]}, bench.now)
    assert bench.ask("cmd=set_params", "{max_total_current: '30000 - M3.current'}") == "ok"
    chores.tick(bench.now)
    assert bench.point.limits.ruling() == ("settings", 16000)
    meter.set({"current": [14000, 15000, 16000]}, bench.now)
    chores.tick(bench.now)
    assert bench.point.limits.ruling() == ("house", 14000)
    assert bench.ask("cmd=set_params", "{max_total_current: 'M9.current'}") == "ok"
    chores.tick(bench.now)
    assert bench.point.limits.ruling() == ("house", 6000)
    assert bench.ask("cmd=set_params", "{max_total_current: '1 +'}")["error"]
    assert bench.ask("cmd=set_params", "{max_total_current: 'a b'}")["error"]


def test_dates_are_local():
    bench = Bench()
    assert lookup(bench.box, "date.weekday") == 2 and lookup(bench.box, "date.month") == 10
    assert lookup(bench.box, "date.hour") == 23
    assert lookup(bench.box, "date.timestamp") == bench.time
    bench.box.settings.change({"network.time_zone": "UTC0"})
    assert lookup(bench.box, "date.hour") == 22
    bench.time = None
    assert lookup(bench.box, "date.hour") is None


def test_a_time_zone_that_is_none_is_refused_when_set():
    bench = Bench()
    answer = bench.ask("cmd=set_params", "{network: {time_zone: 'Europe/Berlin'}}")
    assert answer["error"]["parameter"] == "network.time_zone"
