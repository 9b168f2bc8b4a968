"""The bounded regular expressions, against a table and against their own limits."""

from firmware.codec.regex import Regex, RegexError, Search

CASES = (
    ("abc", "xxabcxx", "abc"),
    ("abc", "abd", None),
    ("", "abc", ""),
    (r"(-?\d+(?:\.\d+)?)", "power: -12.5 W", "-12.5"),
    (r"(-?\d+(?:\.\d+)?)", "no number", None),
    (r"power\D*(\d+)", "power is 42 W", "42"),
    ("a.c", "a\nc abc", "abc"),
    ("[a-c]+", "xxabcabdx", "abcab"),
    ("[^a-c]+", "abcxyzabc", "xyz"),
    ("[]x]+", "a]x]", "]x]"),
    (r"[\d.]+", "v1.25b", "1.25"),
    (r"[a\]b]+", "xa]bx", "a]b"),
    ("[a-]+", "x-a-x", "-a-"),
    ("(a|b)c", "acbc", "a"),
    ("(?:a|b)c", "xbc", "bc"),
    ("a|b|cd", "xcd", "cd"),
    ("(?:ab|a)(c|bcd)", "abcd", "c"),
    ("colou?r", "color colour", "color"),
    ("<(.*)>", "<a><b>", "a><b"),
    ("<(.*?)>", "<a><b>", "a"),
    ("a+?", "aaa", "a"),
    ("a??b", "aab", "ab"),
    ("(a+)(b+)", "aabb", "aa"),
    ("^ab", "abab", "ab"),
    ("^b", "ab", None),
    ("b$", "bab", "b"),
    ("a$", "ab", None),
    (r"\w+@\w+", "me: you@home!", "you@home"),
    (r"\s\S+", "a bc", " bc"),
    (r"\W", "ab-c", "-"),
    (r"a\.b\\c", r"axb a.b\c", r"a.b\c"),
    (r"a\nb", "a\nb", "a\nb"),
    ("(a*)*", "aaab", "aaa"),
    ("(?:a?)*b", "aab", "aab"),
    ("x*", "aaa", ""),
    ("(a)?b", "b", "b"),
    ("(?:(a)|b)+", "ab", "a"),
)

WRONG = (
    "(", ")", "a)", "(a", "[", "[a", "*", "+a", "a|*", "\\", "a" * 121,
    "(((((((((a)))))))))", "(a*)*" * 25,
)  # fmt: skip


def test_expressions_find_what_their_table_says():
    for pattern, text, expected in CASES:
        got = Regex(pattern).search(text)
        assert got == expected, (pattern, text, got)


def test_expressions_that_are_none_are_refused():
    for pattern in WRONG:
        try:
            Regex(pattern)
        except RegexError:
            continue
        raise AssertionError(pattern)


def test_what_makes_others_run_for_ever_ends_here():
    assert Regex("(a*)*b").search("a" * 500) is None
    assert Regex("(?:a|a)*b").search("a" * 500) is None
    try:
        Regex("(?:.?.?.?.?.?.?.?.?.?.?.?.?.?.?.?.?.?.?.?.?)*x").search("a" * 5000)
    except RegexError as error:
        assert str(error) == "takes too long"
    else:
        raise AssertionError("no end of the budget")


def test_a_search_can_be_done_in_slices():
    search = Search(Regex(r"end(\d+)"), "x" * 300 + "end42")
    slices = 0
    while not search.run(20):
        slices += 1
    assert search.result == "42" and slices > 20
