from firmware.codec.query_string import QueryError, parse

READ = (
    ("", {}),
    ("cmd=get_params", {"cmd": "get_params"}),
    ("?cmd=x", {"cmd": "x"}),
    ("cmd=set_cm_vars&name=x&val=1", {"cmd": "set_cm_vars", "name": "x", "val": "1"}),
    ("a=1&&b=2&", {"a": "1", "b": "2"}),
    ("a", {"a": ""}),
    ("a=", {"a": ""}),
    ("a=b=c", {"a": "b=c"}),
    ("a+b=c+d", {"a b": "c d"}),
    ("a=%41%2b%26+%3D", {"a": "A+& ="}),
    ("a=%C3%A4", {"a": "\u00e4"}),
    ("a=\u00e4", {"a": "\u00e4"}),
    ("voltage=231,232,233", {"voltage": "231,232,233"}),
    ("v=1&v=2&v=3", {"v": "1,2,3"}),
    ("mamps=6000.0", {"mamps": "6000.0"}),
)


def test_queries_are_taken_apart():
    for query, values in READ:
        assert parse(query) == values, query


def test_what_cannot_be_read_is_refused_by_name():
    for query, problem in (
        ("a=%", "hexadecimal"),
        ("a=%4", "hexadecimal"),
        ("a=%zz", "hexadecimal"),
        ("a=%+1", "hexadecimal"),
        ("a=%-1", "hexadecimal"),
        ("a=% 1", "hexadecimal"),
        ("a=%ff", "not UTF-8"),
        ("a=%C3", "not UTF-8"),
        ("a=" + "x" * 2048, "longer than"),
        ("&".join("p%d=1" % i for i in range(33)), "more than 32"),
    ):
        try:
            parse(query)
        except QueryError as error:
            assert problem in str(error) and len(str(error)) < 100, query[:40]
        else:
            raise AssertionError(query[:40])
