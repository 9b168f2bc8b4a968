"""The tolerant reader against CPython's own, the writer against both, and any bytes at all."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.codec import json_text
from firmware.codec.json_stream import Items, JsonStream, Live
from firmware.codec.query_string import QueryError, parse
from firmware.codec.relaxed_json import JsonError, loads

integers = st.integers(-(10**15) + 1, 10**15 - 1)
floats = st.floats(-1e14, 1e14, allow_nan=False).filter(lambda x: len(repr(x)) <= 24)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), integers, floats, texts),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(texts, inner)),
    max_leaves=20,
)


def depth(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(depth, inner), default=0) if isinstance(value, (dict, list)) else 0


@settings(max_examples=400)
@given(values.filter(lambda value: depth(value) <= 16), st.sampled_from([None, 1]), st.booleans())
def test_what_is_json_reads_as_json_does(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only).replace("\x7f", "\\u007f")
    assert loads(text) == json_text.loads(text) == value
    assert loads(memoryview(text.encode())) == value


@settings(max_examples=1000)
@given(st.one_of(st.binary(max_size=60), st.text("{}[]:,'\"\\/ue+-.0x1aN\n*", max_size=40)))
def test_anything_else_is_read_or_refused_with_a_position(text):
    size = len(text.encode() if isinstance(text, str) else text)
    try:
        value = loads(text)
    except JsonError as error:
        assert 0 <= error.position <= size and error.problem
        with pytest.raises(JsonError):
            json_text.loads(text)
    else:
        json.dumps(value, allow_nan=False)
        assert json_text.loads(text) == value


@settings(max_examples=400)
@given(values)
def test_what_is_written_reads_back_with_the_announced_length(value):
    stream = JsonStream(value)
    length = stream.length()
    chunks = [bytes(chunk) for chunk in stream.chunks()]
    assert all(0 < len(chunk) <= 512 for chunk in chunks)
    assert sum(map(len, chunks)) == length
    assert json.loads(b"".join(chunks)) == value
    assert json.loads(stream.text()) == value


@settings(max_examples=300)
@given(st.dictionaries(texts, values, max_size=6), st.dictionaries(texts, values, max_size=6))
def test_a_part_that_changed_meanwhile_never_changes_the_length(before, after):
    now = [before]
    stream = JsonStream([1, Live(lambda: now[0]), Items(lambda: iter([Live(lambda: now[0])]))])
    length = stream.length()
    now[0] = after
    data = b"".join(bytes(chunk) for chunk in stream.chunks())
    assert len(data) == length
    one, part, parts = json.loads(data)
    assert one == 1 and len(parts) == 1
    assert all(after[key] == value for key, value in part.items())


@settings(max_examples=400)
@given(st.one_of(st.text(max_size=80), st.text("%=&+a0fF", max_size=30)))
def test_any_query_is_read_or_refused(query):
    try:
        taken = parse(query)
    except QueryError as error:
        assert error.problem and len(str(error)) < 200
    else:
        assert all(isinstance(key, str) and isinstance(taken[key], str) for key in taken)
