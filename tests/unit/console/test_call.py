from firmware.console.call import CallError, parse


def wrong(line):
    try:
        return parse(line)
    except CallError as error:
        return str(error)


def test_lines_that_are_calls():
    for line, call in (
        ("status()", ("status", [], {})),
        ("status", ("status", [], {})),
        ("  status ( )  ", ("status", [], {})),
        ('wifi("home", "secret 12")', ("wifi", ["home", "secret 12"], {})),
        ("wifi('it\"s', \"a'b\")", ("wifi", ['it"s', "a'b"], {})),
        ('wifi("home", password = "x")', ("wifi", ["home"], {"password": "x"})),
        ('wifi(ssid="a=b,c)",password="(")', ("wifi", [], {"ssid": "a=b,c)", "password": "("})),
        ("log(50)", ("log", [50], {})),
        (
            "f(-1, 2.5, 1e3, True, false, None, null)",
            ("f", [-1, 2.5, 1e3, True, False, None, None], {}),
        ),
        (
            'cmd("set_params", {"title": "Garage", "n": [1, 2]})',
            ("cmd", ["set_params", {"title": "Garage", "n": [1, 2]}], {}),
        ),
        ("f([], {}, (1, 2),)", ("f", [[], {}, [1, 2]], {})),
        ('f("a\\n\\"b\\\\")', ("f", ['a\n"b\\'], {})),
        ('app.cmd("get_params")', ("cmd", ["get_params"], {})),
        ('wifi("Käfer ☀")', ("wifi", ["Käfer ☀"], {})),
    ):
        assert parse(line) == call, line


def test_what_is_wrong_is_said_with_what_would_be_right():
    for line, part in (
        ("", "is no command"),
        ("3 + 4", "is no command"),
        ("=x", "is no command"),
        ("help wifi", 'help("wifi")'),
        ("log 50", "log(50)"),
        ("wifi(home)", 'A text stands in quotes: "home"'),
        ('wifi("home)', "is missing at the end of the text"),
        ('wifi("home"', "A ) is missing"),
        ('wifi("home", ', "A ) is missing"),
        ("wifi(", "A ) is missing"),
        ('wifi("home" "x")', "A comma or ) is missing"),
        ('wifi("home") x', "after the parenthesis"),
        ('wifi(password="x", "home")', "What has a name comes after"),
        ("wifi(a=1, a=2)", "a is given twice"),
        ('cmd("x", {"a" 1})', "A colon is missing"),
        ("cmd([1, 2)", "A comma or ] is missing"),
        ("f(,)", "is no value"),
        ("f(__import__('os'))", "no value"),
        ("f(open('x'))", "no value"),
        ("f(1+1)", "no value"),
    ):
        assert part in wrong(line), (line, wrong(line))


def test_no_line_brings_the_parser_down():
    seed = 1
    letters = "wifi(\"'a1,={}[]: \\.-)x\t"
    for _ in range(3000):
        line = ""
        for _ in range(12):
            seed = (seed * 75 + 74) % 65537
            line += letters[seed % len(letters)]
        wrong(line)
