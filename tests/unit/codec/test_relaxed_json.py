import json

from firmware.codec import json_text
from firmware.codec.json_text import JsonError
from firmware.codec.relaxed_json import loads

READ = (
    ("{}", {}),
    ("[]", []),
    ("7", 7),
    (" -7 ", -7),
    ("+7", 7),
    ("007", 7),
    ("0x1F", 31),
    ("6000.0", 6000.0),
    ("1.5e3", 1500.0),
    (".5", 0.5),
    ("true", True),
    ("False", False),
    ("null", None),
    ('"a"', "a"),
    ("'a'", "a"),
    ("'it\\'s'", "it's"),
    ('"\\u00e4\\n\\ud83d\\ude97"', "\u00e4\n\U0001f697"),
    ('"\u00e4"', "\u00e4"),
    ("{a:1}", {"a": 1}),
    ("{'a':1,}", {"a": 1}),
    ("[1,2,]", [1, 2]),
    ("{E1: {cur: 8000, ena: true}}", {"E1": {"cur": 8000, "ena": True}}),
    ("{\r\n\t$a_1.b: [\n1 ,\n2\n]\n}", {"$a_1.b": [1, 2]}),
    ("// start\n{a: 1 /* middle */, // end\n}", {"a": 1}),
    ('{"a": {"b": [{"c": null}]}}', {"a": {"b": [{"c": None}]}}),
    ("{1: 2}", {"1": 2}),
    ("999999999999999", 999999999999999),
)

REFUSED = (
    ("", "expected a value", 0),
    ("   ", "expected a value", 3),
    ("{", "expected a key", 1),
    ("[", "expected a value", 1),
    ("{a}", "expected a colon", 2),
    ("{a 1}", "expected a colon", 3),
    ("{a:}", "expected a value", 3),
    ("{a:1 b:2}", "expected a comma or }", 5),
    ("[1 2]", "expected a comma or ]", 3),
    ("[,]", "expected a value", 1),
    ("{:1}", "expected a key", 1),
    ("1 2", "after the end", 2),
    ("{}x", "after the end", 2),
    ("abc", "expected a value", 0),
    ("'a", "unclosed text", 1),
    ('"a\nb"', "control character", 1),
    ('"\\x41"', "unknown escape", 2),
    ('"\\u12g4"', "four hexadecimal", 3),
    ('"\\ud800"', "surrogate", 7),
    ("1.2.3", "not a number", 0),
    ("0x", "not a number", 0),
    ("--1", "not a number", 0),
    ("1_0", "malformed", 0),
    ("NaN", "NaN is not accepted", 0),
    ("[Infinity]", "Infinity is not", 1),
    ("-Infinity", "-Infinity is not", 0),
    ("1e400", "too large", 0),
    ("1000000000000000", "too large", 0),
    ("9" * 400, "malformed number", 0),
    ("/x", "expected a comment", 0),
    ("/* a", "unclosed comment", 0),
    ("/", "expected a comment", 0),
    ("{a:1,b:2,a:3}", "'a' comes a second time", 9),
    ("[" * 17 + "]" * 17, "16 levels", 16),
    ("[" * 5000, "16 levels", 16),
    ("\x00", "expected a value", 0),
)


def refusal(text, **options):
    """What the tolerant reader says, and the fast one too: they never disagree."""
    answers = []
    for read in (loads, json_text.loads):
        try:
            answers.append(read(text, **options))
        except JsonError as error:
            answers.append(error)
    assert str(answers[0]) == str(answers[1]), text[:40]
    return answers[0]


def test_texts_as_people_type_them_are_read():
    for text, value in READ:
        for form in (text, text.encode(), memoryview(text.encode())):
            for read in (loads(form), json_text.loads(form)):
                assert read == value and type(read) is type(value), text


def test_what_the_interpreter_reads_too_kindly_is_refused():
    kindly = """[1 2];{"a" 1};{"a":1 "b":2};[1,,2];{"a":};{"a":1];[1};[1;{"a":1,"a":2};[true1]
        ["a":1];{"cur": 8 000};1e999;[[1];{1;[{1];{"a"0:};[{"a"0:,"b":true}]"""
    for text in kindly.replace("\n", ";").split(";"):
        assert isinstance(refusal(text), JsonError), text


def test_what_is_refused_is_named_with_its_position():
    for text, problem, position in REFUSED:
        error = refusal(text)
        assert isinstance(error, JsonError), text[:40]
        assert problem in error.problem and error.position == position, (text[:40], str(error))
        assert str(error) == f"JSON: {error.problem} at position {position}"


def test_bytes_that_are_not_utf8_are_refused():
    for data in (b'"\xff"', b'{"\xc3": 1}', b'"\xe2\x82"', b"\xff", b"{\xff: 1}", b'"\\\xc3"'):
        assert isinstance(refusal(data), JsonError), data


def test_every_prefix_of_a_document_is_refused_by_a_json_error():
    text = '{"E1": {cur: 8000, ena: true, \'n\': [1.5, "a\\u00e4"], // c\n x: null,},}'
    assert loads(text)["E1"]["cur"] == 8000
    for length in range(len(text)):
        assert isinstance(refusal(text[:length]), JsonError), text[:length]


def test_length_and_depth_are_bounded_before_anything_is_built():
    assert "10 bytes" in refusal("[1,2,3,4,5,6]", longest=10).problem
    assert "16384 bytes" in refusal("[" + "1," * 32768 + "1]").problem
    deep = "[" * 16 + "]" * 16
    assert loads(deep) == json.loads(deep)
