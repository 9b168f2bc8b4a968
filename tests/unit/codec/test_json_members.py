"""Members of long objects, found in slices."""

import json

from firmware.codec.json_members import members


def found_in(text, wanted):
    found = {}
    slices = 0
    for _ in members(text, wanted, found):
        slices += 1
    return found, slices


CASES = (
    ('{"a": 1, "b": [1, {"a": 2}], "c": "x"}', ("a", "b"), {"a": 1, "b": [1, {"a": 2}]}),
    ('{"x": {"a": 5}, "a": -1.5e3}', ("a",), {"a": -1500.0}),
    ('{"x": "a", "a": "x,}]{[:"}', ("a",), {"a": "x,}]{[:"}),
    ('{"x\\"": 1, "y\\\\": 2, "a": "\\"\\\\"}', ("a",), {"a": '"\\'}),
    ('{"a": true, "b": null}', ("a", "b", "c"), {"a": True, "b": None}),
    (' {\n "a" : { } ,\r\n "b" : [ ] } ', ("a", "b"), {"a": {}, "b": []}),
    ('{"a": ":"}', ("a",), {"a": ":"}),
    ("{}", ("a",), {}),
    ('[{"a": 1}]', ("a",), None),
    ('{"a": 1', ("a",), None),
    ('{"a": "', ("a",), None),
    ('{"a": }', ("a",), None),
    ('{"a": 1]}', ("b",), None),
    ("", ("a",), None),
    ("text", ("a",), None),
)


def test_members_are_found_wherever_they_stand():
    for text, wanted, expected in CASES:
        try:
            got = found_in(text, wanted)[0]
        except ValueError:
            got = None
        assert got == expected, (text, got)


def test_a_long_object_is_looked_through_in_slices():
    text = json.dumps({"noise": [{"power": index} for index in range(100)], "power": 42})
    found, slices = found_in(text, ("power",))
    assert found == {"power": 42} and slices >= len(text) // 120
