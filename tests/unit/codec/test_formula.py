"""Formulas: precedence, functions, unknown values, mistakes named, nothing that can run on."""

from firmware.codec.formula import Formula, FormulaError

VALUES = {
    "power_w": 1000,
    "dt": 3,
    "M1.power_w": 2000,
    "M3.current": 20000,
    "E3.current": 10000,
    "PB.input2": 1,
    "CM._flag1": 0,
    "M9.power_w": None,
}

CASES = (
    ("1 + 2 * 3", 7),
    ("(1 + 2) * 3", 9),
    ("10 - 4 - 3", 3),
    ("2 ^ 3 ^ 2", 512),
    ("-2 ^ 2", -4),
    ("2 ^ -1", 0.5),
    ("7 / 2", 3.5),
    ("8 / 2", 4),
    ("17 % 5", 2),
    ("6 & 3 | 8", 10),
    ("1 < 2 && 2 <= 2 && 3 > 2 && 3 >= 3 && 1 == 1 && 1 != 2", 1),
    ("1 || 0 && 0", 1),
    ("!1 + 1", 1),
    ("!0", 1),
    ("- - 5", 5),
    ("+5", 5),
    ("5 - -5", 10),
    ("0x1F + 0XA", 41),
    ("1.5e3 + .5", 1500.5),
    ("min(3, 1, 2)", 1),
    ("max(3, 1, 2) - min(4)", -1),
    ("abs(-3) + clamp(12, 1, 10) + clamp(-12, 1, 10)", 14),
    ("round(2.5) + round(-2.5) + round(2.4)", 2),
    ("sqrt(2 + 7)", 3.0),
    ("0 ? 1 : 2", 2),
    ("1 ? 2 : 3 ? 4 : 5", 2),
    ("0 ? 2 : 0 ? 4 : 5", 5),
    ("1 ? 0 ? 1 : 2 : 3", 2),
    ("1 + 1 == 2 ? 10 + 1 : 20", 11),
    ("(1 ? 2 : 3) * 10", 20),
    ("min(1 ? 7 : 8, 9)", 7),
    ("PB.input2 ? 25000 : 0", 25000),
    ("min(16000, 29000 - M3.current + E3.current)", 16000),
    ("(power_w*(20-dt)+M1.power_w*dt)/20", 1150),
    ("exists(M9.power_w) ? M9.power_w : 5", 5),
    ("exists(power_w) + 1", 2),
    ("M9.power_w + 1", None),
    ("0 && M9.power_w", 0),
    ("1 || M9.power_w", 1),
    ("1 && 5", 1),
    ("0 || 0", 0),
    ("min_price(3600)", 7200),
    ("1/0 ? 1 : 2", "division by zero"),
    ("5 % (1 - 1)", "division by zero"),
    ("0 ? 1/0 : 3", 3),
    ("sqrt(0 - 1)", "root of a negative number"),
    ("(0-8) ^ 0.5", "power without a result"),
    ("0 ^ -1", "power without a result"),
    ("0 ^ 2.5", 0),
    ("(0-2) ^ 3", -8),
)

WRONG = (
    ("", "a value is missing at position 0"),
    ("1 +", "a value is missing at position 3"),
    ("1 2", "an operator is missing at position 2"),
    ("(1", "never closed at position 0"),
    ("1)", "')' closes nothing at position 1"),
    ("()", "a value is missing at position 1"),
    ("min()", "a value is missing at position 4"),
    ("min(1,)", "a value is missing at position 6"),
    ("1, 2", "',' here at position 1"),
    ("(1, 2)", "',' here at position 2"),
    ("1 ? 2", "never closed at position 2"),
    ("(1 ? 2)", "'?' without ':' at position 3"),
    ("1 : 2", "':' without '?' at position 2"),
    ("foo(1)", "no function foo() at position 0"),
    ("clamp(1, 2)", "clamp() wants 3 values at position 0"),
    ("abs(1, 2)", "abs() wants 1 value at position 0"),
    ("exists(1)", "exists() wants a name at position 0"),
    ("0x", "no hexadecimal number at position 0"),
    ("1..2", "no number at position 0"),
    ("1e", "no number at position 0"),
    ("99999999999999999999999", "no number at position 0"),
    ("1 = 2", "an operator is missing at position 2"),
    ("1 # 2", "an operator is missing at position 2"),
    ("a b", "an operator is missing at position 2"),
    ("1" * 500, "longer than 400 characters at position 400"),
    ("(" * 50 + "1" + ")" * 50, "nested too deep at position 40"),
    ("-" * 50 + "1", "nested too deep at position 40"),
    ("+".join(["1"] * 100), "too long at position"),
)


def lookup(name, argument=None):
    if argument is not None:
        return argument * 2
    return VALUES[name]


def test_formulas_have_the_values_of_their_table():
    for text, expected in CASES:
        try:
            got = Formula(text).value(lookup)
        except FormulaError as error:
            got = str(error)
        assert got == expected, (text, got)


def test_what_is_wrong_is_named_with_its_place():
    for text, expected in WRONG:
        try:
            Formula(text)
        except FormulaError as error:
            assert str(error).startswith(expected), (text, str(error))
        else:
            raise AssertionError(text)


def test_integers_stay_integers_and_cannot_grow_without_end():
    assert isinstance(Formula("M1.power_w * 3 / 2 - 1").value(lookup), int)
    for text in ("9" * 15 + " * " + "9" * 15, "((9^60)^60)^60", "2^64", "1e30 ^ 9", "1e300*1e300"):
        try:
            got = Formula(text).value(lookup)
        except FormulaError as error:
            assert str(error) == "result too large", (text, str(error))
        else:
            assert isinstance(got, float), (text, got)


def test_the_names_a_formula_needs_are_known():
    names = Formula("min(M1.power_w, 5) + (exists(CM.x) ? CM.x : dt)").names()
    assert sorted(names) == ["CM.x", "M1.power_w", "dt"]
