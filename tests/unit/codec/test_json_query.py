"""Queries into JSON documents."""

from firmware.codec.json_query import QueryError, compile_query, find

DOCUMENT = {
    "a": {"b": 1, "x y": 2, "l": [10, 20, {"v": 30}]},
    "e": [
        {"el1": "v1", "el2": 2, "value": 5},
        {"el1": "v1", "el2": 3, "value": 6},
        7,
        {"el1": "v2", "value": 8},
    ],
    "n": None,
    "f": False,
}

CASES = (
    ("a.b", 1),
    ('a["x y"]', 2),
    ("a['x y']", 2),
    ("a.l[0]", 10),
    ("a.l[-1].v", 30),
    ("a.l[2].v", 30),
    ("a.l[3]", None),
    ("a.l[-4]", None),
    ('e[{"el1":"v1","el2":3}].value', 6),
    ('e[{"el1":"v2"}].value', 8),
    ('e[{"el1":"v3"}].value', None),
    ('e[{"missing":null}].value', None),
    ("a.b.c", None),
    ("a[0]", None),
    ("e.value", None),
    ('["a"].b', 1),
    ("n", None),
    ("f", False),
    ("", DOCUMENT),
)

WRONG = (
    ("a..b", "a name is missing at position 2"),
    (".a", "a name is missing at position 0"),
    ("a.", None),
    ("a[", "'[' is never closed at position 1"),
    ("a[]", "between [ and ] belongs a number, a text or an object at position 1"),
    ("a[true]", "between [ and ] belongs a number, a text or an object at position 1"),
    ("a[1.5]", "between [ and ] belongs a number, a text or an object at position 1"),
    ("a[{]", "between [ and ] belongs a number, a text or an object at position 1"),
    ("a" * 201, "longer than 200 characters at position 200"),
)


def test_queries_find_what_they_name():
    for text, expected in CASES:
        assert find(DOCUMENT, compile_query(text)) == expected, text


def test_mistakes_are_named_with_their_place():
    for text, expected in WRONG:
        try:
            compile_query(text)
        except QueryError as error:
            assert expected is None or str(error) == expected, (text, str(error))
        else:
            raise AssertionError(text)


def test_documents_of_any_shape_are_searched_without_an_error():
    for document in (None, 1, "text", [], {}, [[[]]], {"a": []}, [{"el1": [1]}]):
        for text, _ in CASES:
            if text:
                find(document, compile_query(text))
