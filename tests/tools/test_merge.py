"""Merging modules: what runs afterwards is what ran before, to the line of its errors."""

import ast
import re
import subprocess
import symtable
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools" / "merge"))

import merge
import scopes
import units

MICROPYTHON = ROOT / ".tools" / "bin" / "micropython"

ONE = '''\
"""One."""

from micropython import const

LIMIT = const(40000)
_STEP = const(3)
_TEXT = "one"
TABLE = (1, 2, 40000)
ROWS = (("a", 1), ("b", -9000))


class Base:
    """What others build upon."""

    kind = "base"

    def __init__(self, step=_STEP):
        self.step = step

    def name(self):
        return _TEXT + self.kind


def _find(value):
    return "one", value + _STEP


def find(value=LIMIT):
    return _find(value)
'''

TWO = '''\
"""Two: the same names for other things."""

import json
from firmware import one
from firmware.one import Base, LIMIT, find as seek
from micropython import const

_STEP = const(5)
_TEXT = "two"
names = ["x"]


class Child(Base):
    """With an attribute that is called like a global."""

    _find = names + ["y"]

    def both(self, find=_STEP, seek=seek):
        return seek(find), self._find, one.LIMIT


def _find(value):
    return "two", value + _STEP


def find(seek=None):
    names = [names for names in (1, 2)]
    try:
        raise ValueError(_TEXT)
    except ValueError as _find:
        text = str(_find)
    inner = lambda one: (one, _STEP, names)  # noqa: E731
    return inner(seek), text, {LIMIT: one.ROWS for _ in "a"}


def formatted(value):
    return (
        f"{_find(value)} and {one.find(value=value)}"
        f" {[_TEXT for _TEXT in ('z',)]} {value!r:>4} {_TEXT}"
    )


def dumped():
    return json.dumps({"names": names, "find": one.find()})


def late():
    from firmware import one as first
    from firmware.one import LIMIT as limit
    from firmware.one import find as other

    return first.LIMIT, limit, other(0), 40000 in (40000, 1)


def failing():
    raise RuntimeError(_TEXT)
'''

FEATURE = '''\
"""Only for who asks for it."""

from firmware import part
from firmware.two import find, names


def use():
    return find(), names, part.MOST, part.used()
'''

PART = '''\
"""Needed by the feature alone."""

from firmware.one import LIMIT, find
from micropython import const

MOST = const(7)


def used():
    return find(LIMIT - MOST)
'''

APP = '''\
"""The whole."""

from firmware import two
from firmware.one import TABLE
from firmware.two import Child

names = "app"


def run():
    child = Child()
    yield child.both(), child.name(), Child.kind, child.step
    yield two.find(1), two.names, names, two.dumped()
    yield two.formatted(2)
    yield two.late()
    yield sum(TABLE) - 40000, TABLE
    from firmware.feature import use

    yield use()
'''

SOURCES = {"one": ONE, "two": TWO, "app": APP, "feature": FEATURE, "part": PART}
ROOTS = ("firmware.app", "firmware.feature")
SHOW = """
import sys
from firmware.app import run
for one in run():
    print(one)
from firmware import one, two, part
print(one.find(), two.find(3), one.LIMIT, part.MOST, two.Child.__name__)
print("loaded", sorted([name for name in sys.modules if name.startswith("firmware")]))
"""


def written(folder: Path, sources: dict) -> Path:
    (folder / "firmware").mkdir(parents=True)
    for name in ("boot.py", "main.py", "firmware/__init__.py"):
        (folder / name).write_text("")
    for name, text in sources.items():
        (folder / "firmware" / f"{name}.py").write_text(text)
    return folder


def ran(folder: Path, program: str) -> str:
    words = [str(MICROPYTHON), "-c", program]
    environment = {"MICROPYPATH": f"{folder}:.frozen", "PATH": "/usr/bin:/bin"}
    answer = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return answer.stdout + answer.stderr


@pytest.fixture
def both(tmp_path):
    source = written(tmp_path / "source", SOURCES)
    merged = merge.merge(source, tmp_path / "merged", ROOTS)
    assert merged == {
        "firmware.app": ["firmware.one", "firmware.two", "firmware.app"],
        "firmware.feature": ["firmware.part", "firmware.feature"],
    }
    return source, tmp_path / "merged"


def test_what_runs_is_the_same(both):
    source, merged = [ran(folder, SHOW) for folder in both]
    assert source.splitlines()[:-1] == merged.splitlines()[:-1]
    assert source.count("\n") > 6 and "Traceback" not in source


def test_only_what_is_asked_for_is_loaded(both):
    program = "import sys; import firmware.app; print(sorted(sys.modules))"
    assert "firmware.one" in ran(both[0], program)
    loaded = ran(both[1], program)
    assert re.findall(r"firmware\.\w+", loaded) == ["firmware.app"]


def test_an_old_name_leads_to_the_same_things(both):
    program = (
        "from firmware.app import Child, find; from firmware import one, two;"
        "print(two.Child is Child, issubclass(Child, one.Base), one.find is find,"
        " one._find()[0] if 0 else one._find(1), two._find(1))"
    )
    assert ran(both[1], program) == "True True True ('one', 4) ('two', 6)\n"


def test_a_line_of_an_error_leads_back_to_the_source(both):
    program = "from firmware import two; two.failing()"
    named = re.compile(r'"(?:\S*/)?(firmware/\w+\.py)", line (\d+), in failing')
    place, other = [named.search(ran(folder, program)) for folder in both]
    assert place[1] == "firmware/two.py" and other[1] == "firmware/app.py"
    assert merge.origin(both[1], f"{other[1]}:{other[2]}") == f"{place[1]}:{place[2]}"
    assert merge.origin(both[1], "firmware/one.py:1") == "firmware/one.py:1"


def test_who_asks_for_no_place_is_told(both):
    for place in ("firmware/app.py", "firmware/app.py:x", ":3"):
        with pytest.raises(ValueError, match="is not FILE:LINE"):
            merge.origin(both[1], place)
    with pytest.raises(ValueError, match=r"has \d+ lines"):
        merge.origin(both[1], "firmware/app.py:100000")


def test_long_integers_are_built_when_loaded_and_not_frozen(both):
    text = (both[1] / "firmware" / "app.py").read_text()
    assert "tuple([1, 2, 40000])" in text
    assert '(("a", 1), tuple(["b", -9000]))' in text
    assert "40000 in (40000, 1)" in text  # only compared: that allocates nothing


def test_a_constant_of_another_file_is_a_number(both):
    text = (both[1] / "firmware" / "feature.py").read_text()
    assert "find(40000 - _MOST)" in text and "import" in text and "LIMIT" not in text


@pytest.mark.parametrize(
    "sources, text",
    [
        ({"app": "import firmware.one\n", "one": ""}, "app, line 1: write `from … import …`"),
        ({"app": "from firmware import one\nx = one\n", "one": "a = 1\n"}, "itself is used"),
        ({"app": "from firmware import one\nx = one.b\n", "one": "a = 1\n"}, "has no b"),
        ({"app": "x = 1\nif x:\n    y = 2\n"}, "app, line 2: If at the top"),
        ({"app": "x = 1\ndef f():\n    global x\n"}, "global names"),
        ({"app": "if (x := 1): pass\n"}, "at the top"),
        ({"app": "x = 1\nclass C:\n    x = x + 1\n"}, "x of the class, or of the module?"),
        (
            {
                "app": "from firmware.one import f\nfrom firmware.two import g\n",
                "one": "def _a():\n    pass\ndef f():\n    _a()\n",
                "two": "def _a():\n    pass\ndef g(_a_two):\n    _a()\n",
            },
            "_a_two would be a local name here",
        ),
    ],
)
def test_what_cannot_be_merged_is_refused_with_the_place(tmp_path, sources, text):
    source = written(tmp_path / "source", sources)
    with pytest.raises(ValueError, match=re.escape(text)):
        merge.merge(source, tmp_path / "merged", ("firmware.app",))
    assert not (tmp_path / "merged").exists()


def test_a_module_that_main_names_stays_itself_and_may_need_nothing_of_the_whole(tmp_path):
    sources = {"app": "from firmware.one import f\nfrom firmware.two import g\n"}
    sources |= {"one": "def f():\n    pass\n", "two": "from firmware.one import f\ng = f\n"}
    source = written(tmp_path / "source", sources)
    (source / "main.py").write_text("from firmware.two import g\n")
    with pytest.raises(ValueError, match=r"firmware\.two stays itself, but needs firmware\.one"):
        merge.merge(source, tmp_path / "merged", ("firmware.app",))


def functions(table):
    for inner in table.get_children():
        if inner.get_type() == "function" and inner.get_name() != "lambda":
            own = {
                one.get_name()
                for one in inner.get_symbols()
                if one.is_local() and not one.get_name().startswith(".")
            }
            yield (inner.get_name(), inner.get_lineno()), own
        yield from functions(inner)


@pytest.mark.parametrize("path", sorted((ROOT / "firmware").rglob("*.py")), ids=str)
def test_local_names_are_those_that_python_finds(path):
    text = path.read_text()
    expected = dict(functions(symtable.symtable(text, str(path), "exec")))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert scopes.bound(node) == expected[node.name, node.lineno]


def test_the_firmware_merges_into_what_the_documentation_says(tmp_path):
    merged = merge.merge(ROOT, tmp_path / "merged")
    whole = merged["firmware.app"]
    assert "firmware.charge.point" in whole and "firmware.mqtt_door" not in whole
    assert "firmware.link.mqtt" in merged["firmware.mqtt_door"]
    inside = {one for members in merged.values() for one in members}
    # Whoever wants one feature must not get another: what two of them need stays itself.
    assert "firmware.codec.json_stream" not in inside
    assert set(units.ROOTS) == set(merged)
