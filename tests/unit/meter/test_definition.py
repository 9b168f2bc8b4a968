"""Definition files: what they may say, and mistakes named with their line."""

from firmware.meter.decimal import ratio, scaled
from firmware.meter.definition import Definition, DefinitionError
from tests.unit.meter.map_rows import row_of

WRONG = (
    ("", "line 1: "),
    ("[]", "line 1: an object is wanted"),
    ("{}", "line 1: rtype: a number from 0 to 2 is wanted"),
    ('{"rtype": 3}', "line 1: rtype: a number from 0 to 2 is wanted"),
    ('{"rtype": "x"}', "line 1: rtype: a number from 0 to 2 is wanted"),
    ('{\n"rtype": 0,\n"modbus_read": 5}', "line 3: modbus_read: a number from 3 to 4 is wanted"),
    ('{\n"rtype": 0,\n"name": 7}', "line 3: name: a text is wanted"),
    ('{\n"rtype": 0,\n"rtu": {"retries": -1}}', "line 3: retries: a number from 0 to 60000"),
    ('{\n"rtype": 0,\n"rtu": 5}', "line 3: rtu: an object is wanted"),
    ('{\n"rtype": 0,\n"foo": 5}', "line 3: foo: unknown key, or no object"),
    ('{\n"rtype": 0,\n\n"power_w": {"adress": 1}}', "line 4: power_w: unknown property adress"),
    ('{"rtype": 0,\n"power_w": {}}', "line 2: power_w: one of"),
    ('{"rtype": 0,\n"power_w": {"address": 70000}}', "line 2: power_w: address is a number"),
    ('{"rtype": 0,\n"power_w": {"address": "/x"}}', "line 2: power_w: address is a number"),
    ('{"rtype": 0,\n"power_w": {"address": 1, "type": "real"}}', "line 2: power_w: type is"),
    ('{"rtype": 0,\n"power_w": {"address": 1, "order": "x"}}', "line 2: power_w: order is"),
    ('{"rtype": 0,\n"power_w": {"address": 1, "resolution": "x"}}', "line 2: power_w: resolution"),
    ('{"rtype": 0,\n"power_w": {"expr": "1 +"}}', "line 2: power_w: expr: a value is missing"),
    ('{"rtype": 1,\n"power_w": {"address": 1}}', "line 2: power_w: address is a path or a topic"),
    ('{"rtype": 1,\n"power_w": {"address": "/", "query": "a["}}', "line 2: power_w: query: '['"),
    ('{"rtype": 1,\n"power_w": {"address": "/", "regex": "("}}', "line 2: power_w: regex: '('"),
    ('{"rtype": 0,\n"a b": {"address": 1}}', "line 2: a b: a name has only letters"),
    ('{"rtype": 0,\n"reserved": 5}', "line 2: reserved: a list of numbers is wanted"),
    ('{"rtype": 0,\n// comment\n"power_w": {"address": 1,}} }', "line 3: unexpected text after"),
)  # fmt: skip


def test_mistakes_are_named_with_their_line():
    for text, expected in WRONG:
        try:
            Definition(text)
        except DefinitionError as error:
            assert str(error).startswith(expected), (text, str(error))
        else:
            raise AssertionError(text)


def test_a_row_holds_every_resolution_it_may_hold():
    for text, expected in (("8388607", (8388607, 1)), ("-8388608", (-8388608, 1)),
        ("-0.000001", (-1, 1000000)), ("0.1234567", (1234567, 10000000))):  # fmt: skip
        described = Definition(
            '{"rtype": 0, "power_w": {"address": 1, "resolution": "%s"}}' % text
        )
        assert row_of(described.registers, 0)[3:] == expected, text
    for text in ("8388608", "0.123456789"):
        try:
            Definition('{"rtype": 0, "power_w": {"address": 1, "resolution": "%s"}}' % text)
        except DefinitionError as error:
            assert "too many digits" in str(error)
        else:
            raise AssertionError(text)


def test_the_number_of_variables_is_bounded():
    members = "".join(f', "v{i}": {{"address": {i}}}' for i in range(70))
    try:
        Definition('{"rtype": 0' + members + "}")
    except DefinitionError as error:
        assert str(error) == "line 1: more than 64 variables"
    else:
        raise AssertionError("70 variables")


def test_a_file_of_every_kind_of_variable_is_compiled():
    described = Definition(b"""{
        // everything at once
        "rtype": 0, "mtype": 1, "name": "Everything", "modbus_read": 4,
        "modbus_read_max_registers": 20, "modbus_allow_gaps": true, "upd_delay": 500,
        "rtu": {"silence_period": 5, "retries": 2}, "reserved": [0x8000],
        "type_designation": {"fixed": "Meter"},
        "serial": {"address": 0x100, "type": "string", "length": 4, "once": true},
        "power_w": {"address": "0x10", "type": "float", "resolution": 1e3},
        "current_l1": {"address": 0x14, "type": "int32", "order": "lh", "resolution": -0.1},
        "import_wh": {"address": 0x80, "type": "uint32"},
        "frequency": {"address": 0x18, "resolution": 0.01},
        "*load": {"expr": "frequency * 2"}
    }""")
    assert described.name == "Everything" and described.poll_ms == 500
    assert described.fixed == {"type_designation": "Meter"}
    assert described.asked == {"serial": (0x100, "string", 4)}
    assert described.extras == "load frequency" and described.extra_count == 2
    assert described.rtu == {"silence_period": 5, "retries": 2}
    registers = described.registers
    assert [row_of(registers, i) for i in range(4)] == [
        (0x10, 4, 6, 1000, 1),
        (0x14, 10, 3, -1, 10),
        (0x18, 1, 11, 1000 * 1, 100),
        (0x80, 3, 7, 1, 1),
    ]
    assert [block[:2] for block in registers.blocks] == [(0x10, 9), (0x80, 2)]
    assert registers.function == 4 and registers.reserved == (0x8000,) and registers.extras == 2


def test_resolutions_are_exact_fractions():
    cases = (
        ("1", (1, 1)), ("0.1", (1, 10)), ("-0.05", (-5, 100)), ("1000", (1000, 1)),
        ("1e3", (1000, 1)), ("1.5e-05", (15, 1000000)), (" 2.50 ", (25, 10)),
    )  # fmt: skip
    for text, expected in cases:
        assert ratio(text) == expected, text
    for text in ("", "x", "1.2.3", "1e", "1e99", "0x10", "9" * 30):
        try:
            ratio(text)
        except ValueError:
            continue
        raise AssertionError(text)


def test_json_values_become_integers():
    cases = (
        (5, 1, 1, 5), (5, 1000, 1, 5000), (15, 1, 10, 2), (-15, 1, 10, -1), (-16, 1, 10, -2),
        (2.5, 1, 1, 3), (-2.5, 1, 1, -3), (1.25, 1000, 1, 1250), ("20000.123", 1000, 1, 20000123),
        ("-0.5", 1000, 1, -500), (True, 1, 1, 1), (None, 1, 1, None), ("x", 1, 1, None),
        ([], 1, 1, None), ({}, 1, 1, None), (float("nan"), 1, 1, None), (1e30, 1, 1, None),
    )  # fmt: skip
    for value, numerator, denominator, expected in cases:
        got = scaled(value, numerator, denominator)
        assert got == expected, (value, got)


def test_counters_may_belong_to_every_round():
    text = '{"rtype": 0, %s "power_w": {"address": 1}, "import_wh": {"address": 100}}'
    assert Definition(text % "").registers.fast == 1
    assert Definition(text % '"delay_accumulated": true,').registers.fast == 1
    assert Definition(text % '"delay_accumulated": false,').registers.fast == 2


def test_inputs_are_registers_with_bits():
    described = Definition(
        '{"rtype": 0, "power_w": {"address": 1}, "inputs": [{"address": 7, "count": 4},'
        '{"address": 9}]}'
    )
    assert described.inputs == ((0, 4), (1, 1))
    assert [row_of(described.registers, i)[0] for i in range(3)] == [1, 7, 9]
    for wrong in ("5", "[5]", "[{}]", '[{"address": 1, "count": 99}]', "[" + "{}," * 40 + "{}]"):
        try:
            Definition('{"rtype": 0, "inputs": %s}' % wrong)
        except DefinitionError:
            continue
        raise AssertionError(wrong)
