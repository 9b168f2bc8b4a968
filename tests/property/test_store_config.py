"""Any document goes to the flash and comes back; any damage is noticed."""

import json
import tempfile

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.store.config import ConfigStore
from firmware.store.vault import Vault
from firmware.store.wear import Wear

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(st.sampled_from(("params", "mqtt", "pwd", "x")), VALUES, max_size=4)


class Quiet:
    def warning(self, topic, text):
        pass

    error = info = warning


def store(folder):
    return ConfigStore(folder, Quiet(), Wear(), 1, lambda: Vault(b"k" * 32, ("pwd",)))


@given(st.lists(DOCUMENTS, min_size=1, max_size=4))
@settings(deadline=None)
def test_the_document_saved_last_is_the_one_loaded(documents):
    with tempfile.TemporaryDirectory() as folder:
        keeper = store(folder)
        keeper.load()
        for document in documents:
            document["version"] = 1
            before = keeper.sequence
            again = keeper.save(document)
            assert again == (keeper.sequence > before)
            assert store(folder).load()[0] == json.loads(json.dumps(document))
            assert not keeper.save(document)


@given(DOCUMENTS, DOCUMENTS, st.data())
@settings(deadline=None)
def test_a_damaged_file_never_gives_a_third_document(first, second, data):
    first["version"] = second["version"] = 1
    with tempfile.TemporaryDirectory() as folder:
        keeper = store(folder)
        keeper.load()
        keeper.save(first)
        keeper.save(second)
        path = f"{folder}/config.{data.draw(st.integers(0, 1))}.json"
        try:
            with open(path, "rb") as file:
                content = bytearray(file.read())
        except FileNotFoundError:
            return
        for _ in range(data.draw(st.integers(1, 3))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
        with open(path, "wb") as file:
            file.write(content[: data.draw(st.integers(0, len(content)))])
        assert store(folder).load()[0] in (first, second, None)
