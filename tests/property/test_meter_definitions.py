"""Definition files with anything in them: compiled, or refused with a line; answers survived."""

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from firmware.meter.checks import Checks
from firmware.meter.definition import Definition, DefinitionError
from firmware.meter.json_meter import JsonMeter
from firmware.meter.modbus_meter import ModbusMeter

SHIPPED = Path(__file__).resolve().parents[2] / "firmware" / "meter" / "definitions"
TEXTS = [path.read_text() for path in sorted(SHIPPED.glob("*.json"))]

KEYS = ["rtype", "mtype", "name", "rtu", "tcp", "modbus_read", "modbus_read_max_registers",
    "modbus_allow_gaps", "upd_delay", "reserved", "inputs", "outputs", "power_w", "current_l1",
    "import_wh", "soc", "*x", "CM.y", "serial", "version"]  # fmt: skip
PROPERTIES = ["fixed", "expr", "type", "resolution", "once", "address", "query", "order", "length",
    "regex"]  # fmt: skip
WORDS = ["float", "int16", "hl", "lh", "1 + 1", "power_w * 2", "a[0].b", "(a|b)*", "0x10"]
numbers = st.one_of(st.integers(-10, 70000), st.floats(allow_nan=False))
texts = st.one_of(st.text(max_size=8), st.sampled_from(WORDS))
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
variables = st.dictionaries(st.sampled_from(PROPERTIES), scalars, max_size=5)
documents = st.dictionaries(
    st.sampled_from(KEYS), st.one_of(scalars, variables, st.lists(scalars, max_size=3)), max_size=8
)


def compile_anything(text):
    try:
        return Definition(text)
    except DefinitionError as error:
        assert 1 <= error.line <= text.count("\n") + 1
        assert error.problem
        return None


class Zeros:
    """A master that answers everything with the same word."""

    def __init__(self, word):
        self._word = word
        self.count = 0

    def ask(self, unit, function, address, count):
        assert 0 <= address <= 0xFFFF and 1 <= count <= 125
        self.count = count

    def word(self, index):
        assert 0 <= index < self.count
        return self._word


def use(definition, word, body):
    """Poll a meter of that definition a few times; nothing may go wrong in it."""
    if definition.rtype == 0:
        meter = ModbusMeter(1, definition.registers)
        meter.finish = Checks(definition, meter.reading).finish
        master = Zeros(word)
        for now in range(0, 20000, 1000):
            if definition.registers.blocks and meter.due(now):
                meter.ask(master, now)
                meter.answered(master, now)
    else:
        meter = JsonMeter(definition, None, "x")
        meter.finish = Checks(definition, meter.reading).finish
        for index in range(len(meter.paths)):
            meter.received(index, body, 0)


@given(documents, st.integers(0, 1), st.integers(0, 65535), st.text(max_size=50))
def test_any_document_is_compiled_and_used_or_refused_with_a_line(document, kind, word, body):
    document.setdefault("rtype", kind)
    definition = compile_anything(json.dumps(document, indent=1))
    if definition:
        use(definition, word, body)


@given(st.text(max_size=300))
def test_any_text_is_refused_with_a_line(text):
    compile_anything(text)


@given(st.data())
def test_shipped_files_with_a_piece_cut_out_or_put_in(data):
    text = data.draw(st.sampled_from(TEXTS))
    at = data.draw(st.integers(0, len(text) - 1))
    size = data.draw(st.integers(0, 20))
    piece = data.draw(st.text("{}[],:\"'/\\x0 1e-.\n", max_size=6))
    definition = compile_anything(text[:at] + piece + text[at + size :])
    if definition:
        use(definition, data.draw(st.integers(0, 65535)), '{"emeters": []}')


@given(
    st.sampled_from([text for text in TEXTS if '"rtype": 1' in text or '"rtype": 2' in text]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=5)
            | st.dictionaries(
                st.sampled_from(
                    ["emeters", "power", "ENERGY", "SML", "nrg", "ccp", "total_power"]
                ),
                inner,
            )
        ),
        max_leaves=15,
    ),
)
def test_any_answer_is_survived_by_the_shipped_json_meters(text, document):
    use(Definition(text), 0, json.dumps(document))
