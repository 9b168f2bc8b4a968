"""Derived values, signs, plausibility, formulas over other meters, counters that misbehave."""

from firmware.meter.checks import Checks
from firmware.meter.counter import Counter
from firmware.meter.definition import Definition
from firmware.meter.json_meter import JsonMeter

NOTHING = [None, None, None]


def meter_with(variables, lookup=None, fuse_ma=63000):
    parts = []
    for name in variables.split():
        parts.append(f'"{name}": {{"address": "/", "query": "{name}"}}')
    return meter_of(", ".join(parts), lookup, fuse_ma)


def meter_of(members, lookup=None, fuse_ma=63000):
    definition = Definition('{"rtype": 1, ' + members + "}")
    meter = JsonMeter(definition)
    meter.finish_of = Checks(definition, meter.reading, lookup, fuse_ma)
    meter.finish = meter.finish_of.finish
    return meter


def body(**values):
    return "{" + ", ".join(f'"{name}": {value}' for name, value in values.items()) + "}"


def test_power_is_the_sum_of_the_phases():
    meter = meter_with("power_w_l1 power_w_l2 power_w_l3")
    meter.received(0, body(power_w_l1=1000, power_w_l2=-300, power_w_l3=50), 0)
    assert meter.reading.power_w == 750


def test_power_comes_from_voltage_and_current():
    meter = meter_with("voltage_l1 voltage_l2 voltage_l3 current_l1 current_l2 current_l3")
    values = body(voltage_l1=230, voltage_l2=231, voltage_l3=229, current_l1=10000,
        current_l2=16000, current_l3=0)  # fmt: skip
    meter.received(0, values, 0)
    assert meter.reading.power_w == 2300 + 3696


def test_power_comes_from_the_counter_and_decays_with_it():
    meter = meter_with("import_wh")
    wh = 100000
    for second in range(60):
        wh += 3
        meter.received(0, body(import_wh=wh), second * 1000)
    assert abs(meter.reading.power_w - 10800) < 200, meter.reading.power_w
    for second in range(60, 120):
        meter.received(0, body(import_wh=wh), second * 1000)
    assert meter.reading.power_w < 100


def test_missing_currents_come_from_the_power():
    meter = meter_with("voltage_l1 power_w")
    meter.received(0, body(voltage_l1=230, power_w=-2300), 0)
    assert meter.reading.current_ma == [-10000, None, None]
    meter = meter_with("voltage_l1 voltage_l2 voltage_l3 power_w")
    meter.received(0, body(voltage_l1=230, voltage_l2=230, voltage_l3=230, power_w=6900), 0)
    assert meter.reading.current_ma == [10000, 10000, 10000]
    meter = meter_with("power_w")
    meter.received(0, body(power_w=6900), 0)
    assert meter.reading.current_ma == NOTHING and meter.reading.voltage_v == NOTHING


def test_a_missing_current_comes_from_the_power_of_its_phase():
    meter = meter_with("voltage_l1 voltage_l2 power_w_l1 power_w_l2")
    meter.received(0, body(voltage_l1=230, voltage_l2=0, power_w_l1=-460, power_w_l2=100), 0)
    assert meter.reading.current_ma == [-2000, None, None] and meter.reading.power_w == -360


def test_an_expression_that_takes_too_long_finds_nothing():
    meter = meter_of('"power_w": {"address": "/", "regex": "(?:.?.?.?.?.?.?.?.?.?.?)*x"}')
    assert not meter.received(0, "y" * 4000, 0)


def test_a_phase_that_feeds_in_has_a_negative_current():
    meter = meter_with("current_l1 current_l2 power_w_l1 power_w_l2")
    meter.received(
        0, body(current_l1=5000, current_l2=-6000, power_w_l1=-1100, power_w_l2=1300), 0
    )
    assert meter.reading.current_ma == [-5000, 6000, None]


def test_without_the_phases_power_the_sign_of_a_current_is_the_meters():
    meter = meter_with("current_l1 power_w")
    meter.received(0, body(current_l1=5000, power_w=-1100), 0)
    assert meter.reading.current_ma[0] == 5000


def test_what_cannot_be_is_no_value_at_all():
    for values in ({"power_w": 434701}, {"power_w": -434701}, {"current_l1": 630001},
        {"current_l1": -700000}, {"voltage_l1": 501}, {"voltage_l1": -1}):  # fmt: skip
        meter = meter_with("power_w current_l1 voltage_l1")
        good = {"power_w": 5000, "current_l1": 20000, "voltage_l1": 230}
        meter.received(0, body(**good), 0)
        assert meter.reading.at == 0
        good.update(values)
        meter.received(0, body(**good), 1000)
        assert meter.reading.power_w is None and meter.reading.current_ma == NOTHING, values
        assert meter.reading.at == 0, "an implausible round is no round"


def test_the_fuse_sets_what_is_plausible():
    meter = meter_with("power_w", None, 16000)
    assert meter.received(0, body(power_w=110000), 0) and meter.reading.power_w == 110000
    assert meter.received(0, body(power_w=111000), 0) and meter.reading.power_w is None


def test_formulas_see_the_meters_own_values_and_those_of_others():
    others = {"M1.power_w": 500, "M2.power_w": None}
    meter = meter_of(
        '"drawn": {"address": "/", "query": "a"}, "fed": {"address": "/", "query": "b"},'
        '"power_w": {"expr": "drawn - fed + M1.power_w"},'
        '"soc": {"expr": "M2.power_w"}, "*share": {"expr": "fed / drawn"}',
        others.get,
    )
    meter.received(0, '{"a": 1000.5, "b": 250}', 0)
    assert meter.reading.power_w == 1251 and meter.reading.soc is None
    value = meter.finish_of.value
    assert abs(value("share") - 0.249) < 0.001
    assert value("drawn") == 1000.5 and value("M7.soc") is None and value("power_w") == 1251


def test_a_formula_that_fails_leaves_the_value_unknown():
    meter = meter_of('"a": {"address": "/", "query": "a"}, "power_w": {"expr": "100 / a"}')
    meter.received(0, '{"a": 4}', 0)
    assert meter.reading.power_w == 25
    meter.received(0, '{"a": 0}', 0)
    assert meter.reading.power_w is None


def test_texts_are_read_by_regular_expression():
    meter = meter_of(
        '"power_w": {"address": "/", "regex": "P=(-?[0-9.]+) kW", "resolution": 1000}'
    )
    assert meter.received(0, b"U=230 V P=-1.234 kW", 0)
    assert meter.reading.power_w == -1234
    assert not meter.received(0, b"out of order", 1000)
    assert meter.errors == 1 and meter.reading.at == 0


def test_a_long_answer_is_read_member_by_member():
    meter = meter_with("power_w import_wh")
    filler = ", ".join(f'"member{i}": {{"power_w": {i}}}' for i in range(100))
    answer = "{" + filler + ', "power_w": 4242, "import_wh": 17}'
    assert len(answer) > 2900
    slices = 0
    values = []
    for _ in meter.parts(0, answer, values):
        slices += 1
    assert meter.settle(0, values, 0) and slices > 20
    assert meter.reading.power_w == 4242 and meter.reading.import_wh == 17
    for broken in (answer[:-1], answer[1:], "[" + answer + "]", "x" * 2000):
        assert not meter.received(0, broken, 9000), broken[:10]


def test_answers_of_no_use_change_nothing():
    meter = meter_with("power_w import_wh")
    meter.received(0, body(power_w=100, import_wh=5), 0)
    for answer in (b"", b"\xff\xfe", b"{", b"[]", b"null", b'{"power_w": "x"}', "[" * 500):
        assert not meter.received(0, answer, 9000), answer
    assert meter.reading.power_w == 100 and meter.reading.at == 0 and meter.errors == 7


def test_a_counter_that_jumps_back_once_is_a_mistake():
    counter = Counter()
    got = [counter.accept(raw) for raw in (1000, 1010, 3, 1020, 0, 1030, 900000000, 1040)]
    assert got == [1000, 1010, 1010, 1020, 1020, 1030, 1030, 1040]


def test_a_meter_that_was_reset_goes_on_where_it_was():
    counter = Counter()
    got = [counter.accept(raw) for raw in (5000, 5010, 0, 1, 2, 3, 4, 5, 10)]
    assert got == [5000, 5010, 5010, 5010, 5010, 5010, 5010, 5011, 5016]


def test_a_meter_that_counted_on_unseen_is_believed_after_a_while():
    counter = Counter(most_wh=1000)
    got = [counter.accept(raw) for raw in (5000, 90000, 90001, 90002, 90003, 90004, 90005)]
    assert got == [5000, 5000, 5000, 5000, 5000, 90004, 90005]


def test_odd_counts_that_disagree_are_never_believed():
    counter = Counter()
    for step in range(50):
        assert counter.accept(500000 if step % 2 else 5000000) in (500000, 5000000) or step
    assert counter.value == 5000000


def test_switch_inputs_are_bits_of_registers_or_members_of_an_answer():
    meter = meter_of(
        '"power_w": {"address": "/", "query": "p"}, "inputs": [{"address": "/", "query": "a"},'
        '{"address": "/", "query": "b"}, {"address": "/", "query": "c"}]'
    )
    assert meter.finish_of.inputs() == "0 0 0"
    meter.received(0, '{"p": 1, "a": true, "b": 0}', 0)
    assert meter.finish_of.inputs() == "1 0 0"


def test_marked_values_are_shown_and_shared_variables_set():
    meter = meter_of(
        '"power_w": {"address": "/", "query": "p"}, "*load": {"expr": "power_w / 4"},'
        '"CM.surplus": {"expr": "0 - power_w"}, "CM.none": {"expr": "M9.soc"}'
    )
    assigned = {}
    meter.finish_of.assign = lambda name, number: assigned.update({name: number})
    assert meter.finish_of.user_info() == {}
    meter.received(0, '{"p": 1001}', 0)
    assert meter.finish_of.user_info() == {"load": 250.25}
    assert assigned == {"surplus": -1001}
