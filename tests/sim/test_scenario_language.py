"""The scenario language: what its lines mean, and how it refuses what it cannot read."""

from tools.sim.scenario import Condition, ScenarioError, condition, parse, quantity

QUANTITIES = (
    ("16A", (16000, "mA")),
    ("1.5A", (1500, "mA")),
    ("6mA", (6, "mA")),
    ("8h", (28_800_000, "ms")),
    ("50ms", (50, "ms")),
    ("2.5kW", (2500, "W")),
    ("1%", (10, "permille")),
    ("0.5%", (5, "permille")),
    ("80ohm", (80, "ohm")),
    ("75C", (750, "dC")),
    ("7", (7, "")),
)
UNREADABLE = (
    "at",
    "at 5 plug zoe",
    "at noon unplug",
    "run",
    "run eight",
    "wait until contactor closed",
    "wait contactor closed within 5s",
    "wait until contactor closed for 5s",
    "expect",
    "expect contactor",
    "expect current > much",
    "repeat",
    "repeat x",
    "jump",
)
CONDITIONS = (
    ("contactor closed", "closed", "open"),
    ("not contactor closed", "open", "closed"),
    ("current > 5A", 5001, 5000),
    ("current <= 5A", 5000, 5001),
    ("offered 16A", 16000, 15999),
    ("energy error < 1%", 9, 10),
    ("fault diode", ["diode"], ["short"]),
    ("no fault", [], ["diode"]),
    ("fault any", ["diode"], []),
    ("state C", "C", "B"),
)


def refusal(text):
    try:
        parse(text)
    except ScenarioError as error:
        return error
    return None


def test_quantities_become_integers_in_the_house_units():
    for word, expected in QUANTITIES:
        assert quantity(word) == expected, word


def test_a_word_that_is_no_quantity_is_refused():
    for word in ("", "A", "5x", "1.2.3A", "-"):
        try:
            quantity(word)
        except ValueError:
            continue
        raise AssertionError(word)


def test_conditions_hold_and_fail_as_they_read():
    for text, met, unmet in CONDITIONS:
        wanted = condition(text.split())
        assert wanted.met(met), text
        assert not wanted.met(unmet), text


def test_an_unknown_value_meets_no_comparison_and_every_negation():
    assert not condition(["current", ">", "5A"]).met(None)
    assert not condition(["state", "C"]).met(None)
    assert condition(["not", "state", "C"]).met(None)


def test_a_subject_may_have_several_words():
    wanted = condition("energy error < 1%".split())
    assert (wanted.subject, wanted.operator, wanted.value) == ("energy error", "<", 10)
    assert isinstance(wanted, Condition)


def test_steps_carry_their_time_their_words_and_their_line():
    steps = parse("# a comment\n\nat 2s plug zoe   # now\nrun 8h\n")
    assert [(step.number, step.at, step.verb, step.words) for step in steps] == [
        (3, 2000, "plug", ["zoe"]),
        (4, None, "run", ["8h"]),
    ]
    assert steps[1].duration == 28_800_000


def test_within_and_for_are_the_patience_and_the_persistence():
    within, lasting, now = parse(
        "expect relay off within 50ms\nexpect relay off for 2s\nexpect relay off"
    )
    assert (within.duration, within.holds) == (50, False)
    assert (lasting.duration, lasting.holds) == (2000, True)
    assert (now.duration, now.holds) == (None, False)


def test_repeat_writes_its_steps_out_also_nested():
    steps = parse("repeat 2 times\nplug zoe\nrepeat 3\nrun 1s\nend\nunplug\nend")
    assert [step.verb for step in steps] == ["plug", "run", "run", "run", "unplug"] * 2


def test_what_cannot_be_read_is_refused_with_its_line():
    for text in UNREADABLE:
        error = refusal("note fine\n" + text)
        assert error is not None, text
        assert error.number == 2, text


def test_unbalanced_blocks_are_refused():
    assert "repeat without end" in str(refusal("repeat 2\nrun 1s"))
    assert "end without repeat" in str(refusal("run 1s\nend"))
