"""Formulas, queries and regular expressions against CPython's own ideas, and against anything."""

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from firmware.codec.formula import Formula, FormulaError
from firmware.codec.json_members import members
from firmware.codec.json_query import QueryError, compile_query, find
from firmware.codec.regex import Regex, RegexError

atoms = st.one_of(
    st.sampled_from(["a", "b", "c", ".", "[ab]", "[^a]", r"\d", r"\w", "^", "$", "1"]),
    st.just(""),
)


def _grow(inner):
    return st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
        inner.map(lambda text: f"({text})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "*?", "+?", "??"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    )


patterns = st.recursive(atoms, _grow, max_leaves=8)
subjects = st.text("abc1", max_size=12)


@given(patterns, subjects)
def test_regex_agrees_with_re_on_whether_and_where_there_is_a_match(pattern, subject):
    try:
        ours = Regex(f"(?:{pattern})").search(subject)
    except RegexError:
        return
    theirs = re.search(pattern, subject)
    assert (ours is None) == (theirs is None), pattern
    # Where an empty repetition is tried, engines differ in the end of a match, not in its place.
    simple = "|" not in pattern and not re.search(r"[*+?]\??\)[*+?]", pattern)
    if theirs is not None and simple and "(" not in pattern.replace("(?:", ""):
        assert ours == theirs.group(0), pattern


@given(st.text(max_size=130), st.text(max_size=200))
def test_any_expression_on_any_text_ends(pattern, subject):
    try:
        Regex(pattern).search(subject)
    except RegexError:
        pass


@given(st.text(max_size=60), st.recursive(st.none() | st.integers() | st.text(), st.lists))
def test_any_query_on_any_document_ends(text, document):
    try:
        find(document, compile_query(text))
    except QueryError as error:
        assert 0 <= error.position <= len(text)


@given(
    st.dictionaries(
        st.text("abcxyz", min_size=1, max_size=3),
        st.integers() | st.lists(st.integers(), max_size=3),
        max_size=4,
    )
)
def test_every_member_and_element_is_found_by_its_path(document):
    for name, member in document.items():
        assert find(document, compile_query(name)) == member
        assert find(document, compile_query(f"[{json.dumps(name)}]")) == member
        if isinstance(member, list):
            for index, element in enumerate(member):
                assert find(document, compile_query(f"{name}[{index}]")) == element


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=4), documents, max_size=6), st.booleans())
def test_members_of_an_object_are_what_the_whole_parser_finds(document, wide):
    text = json.dumps(document, indent=2 if wide else None, ensure_ascii=False)
    found: dict = {}
    plain = {name for name in document if json.dumps(name, ensure_ascii=False) == f'"{name}"'}
    for _ in members(text, plain, found):
        pass
    assert found == {name: document[name] for name in plain}


@given(st.text('{}[]:,"\\ab1 ', max_size=60))
def test_any_text_is_no_object_or_looked_through(text):
    try:
        for _ in members(text, ("a", "b"), {}):
            pass
    except ValueError:
        pass


formula_texts = st.text(
    "0123456789.+-*/%&|^=!<>?:(),xab minaxclsqrtoudep_", max_size=80
) | st.text(max_size=420)


@given(formula_texts)
def test_any_formula_has_a_value_or_an_error_with_a_place(text):
    try:
        formula = Formula(text)
    except FormulaError as error:
        assert 0 <= error.position <= max(len(text), 400)
        return
    try:
        value = formula.value(lambda name, argument=None: 3)
    except FormulaError:
        return
    assert isinstance(value, (int, float)) and value == value


numbers = st.integers(0, 999).map(str)
arithmetic = st.recursive(
    numbers,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(" ".join),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"-{text}"),
        st.tuples(inner, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), inner).map(
            lambda three: f"({' '.join(three)})"
        ),
    ),
    max_leaves=10,
)


@given(arithmetic)
def test_arithmetic_agrees_with_python(text):
    try:
        ours = Formula(text).value(lambda name: None)
    except FormulaError:
        return
    theirs = eval(text)
    if abs(theirs) < 1 << 53:
        assert ours == theirs, text
