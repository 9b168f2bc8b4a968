"""Older documents are brought up to date; the old copy stays until the next save."""

from firmware.store import migrations
from firmware.store.config import ConfigStore
from firmware.store.errors import StoreError
from firmware.store.wear import Wear
from tests.unit.store import littlefs
from tests.unit.store.littlefs import FOLDER
from tests.unit.store.nor import Quiet


def rename(document):
    document["params"] = document.pop("parameters")


def double(document):
    document["params"]["peak"] *= 2


STEPS = {1: ("parameters renamed", rename), 2: ("peak doubled", double)}


def test_every_step_is_taken_and_said():
    messages = []
    document = {"version": 1, "parameters": {"peak": 5}}
    assert migrations.migrate(document, 3, messages, STEPS) == {
        "version": 3,
        "params": {"peak": 10},
    }
    assert len(messages) == 2 and "version 1" in messages[0]


def test_a_document_of_today_is_left_alone():
    messages = []
    assert migrations.migrate({"version": 3}, 3, messages, STEPS) == {"version": 3}
    assert messages == []


def test_a_document_that_is_not_as_its_version_says_is_an_error():
    for document in ({"version": 1}, {"version": 2, "params": []}, {"version": 2}):
        try:
            migrations.migrate(document, 3, [], STEPS)
            assert False, document
        except StoreError:
            pass


def test_a_missing_step_is_an_error():
    try:
        migrations.migrate({"version": 3}, 4, [], STEPS)
        assert False
    except StoreError as error:
        assert "from version 3" in str(error)


def test_the_store_migrates_at_load_and_writes_at_the_next_save():
    littlefs.fresh()
    keeper = ConfigStore(FOLDER, Quiet(), Wear(), 1)
    keeper.load()
    keeper.save({"version": 1, "parameters": {"peak": 5}})
    migrations.STEPS.update(STEPS)
    try:
        keeper = ConfigStore(FOLDER, Quiet(), Wear(), 3)
        document, messages = keeper.load()
    finally:
        migrations.STEPS.clear()
    assert document == {"version": 3, "params": {"peak": 10}}
    assert keeper.save(document)
    assert ConfigStore(FOLDER, Quiet(), Wear(), 3).load() == (document, [])


def test_a_step_that_is_missing_leaves_the_file_and_uses_the_defaults():
    littlefs.fresh()
    keeper = ConfigStore(FOLDER, Quiet(), Wear(), 1)
    keeper.load()
    keeper.save({"version": 1})
    document, messages = ConfigStore(FOLDER, Quiet(), Wear(), 2).load()
    assert document is None
    assert "no way from version 1 to 2" in messages[0]
    assert "config.0.json.1.bad" in littlefs.names()
