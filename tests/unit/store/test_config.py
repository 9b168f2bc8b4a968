"""The configuration on a real littlefs: the old or the new one, never neither, never half."""

import json

from firmware.store.config import ConfigStore
from firmware.store.errors import StoreError
from firmware.store.wear import Wear
from tests.unit.store import littlefs
from tests.unit.store.littlefs import FOLDER
from tests.unit.store.nor import Quiet

OLD = {"version": 1, "params": {"title": "old", "peak": 16000}, "devices": [{"id": "M1"}]}
NEW = {"version": 1, "params": {"title": 'n\u00fc "\n', "peak": -5}, "devices": [], "x": None}
NAMES = ("config.0.json", "config.1.json")


def store(version=1, **options):
    return ConfigStore(FOLDER, Quiet(), Wear(), version, **options)


def saved(*documents):
    """A store that has saved these on a fresh flash."""
    littlefs.fresh()
    keeper = store()
    keeper.load()
    for document in documents:
        assert keeper.save(document)
    return keeper


def test_a_new_flash_holds_no_configuration():
    littlefs.fresh()
    document, messages = store().load()
    assert document is None
    assert messages == ["no configuration: defaults are used"]


def test_the_newest_copy_wins():
    saved(OLD, NEW)
    assert store().load() == (NEW, [])
    saved(OLD, NEW, OLD)
    assert store().load() == (OLD, [])
    keeper = store()
    keeper.load()
    assert keeper.save(NEW)
    assert store().load() == (NEW, [])


def test_the_file_is_json_that_anyone_can_read():
    saved(OLD)
    assert json.loads(littlefs.read(NAMES[0]))["document"] == OLD


def test_what_is_there_already_is_not_written_again():
    keeper = saved(OLD)
    again = {"devices": [{"id": "M1"}], "params": {"peak": 16000, "title": "old"}, "version": 1}
    assert not keeper.save(again)
    keeper = store()
    keeper.load()
    assert not keeper.save(again)
    assert keeper.save(NEW)


def test_unsound_files_are_named_and_kept_and_the_previous_copy_is_used():
    saved(OLD, NEW)
    sound = littlefs.read(NAMES[1])
    cases = (
        (sound[:20], "cut"),
        (sound[:-30], "cut"),
        (b"hello\n" + sound, "not a configuration file"),
        (b"[1]\n", "not a configuration file"),
        (sound.replace(b"peak", b"peek"), "wrong checksum"),
        (sound.replace(b'"crc":', b'"crc":-'), "not a configuration file"),
        (sound.replace(b'"length":', b'"length":9'), "cut"),
        (sound[:-3] + b"]]", "not readable as JSON"),
        (bytes(4096), "cut"),
    )
    for content, problem in cases:
        saved(OLD, NEW)
        littlefs.write(NAMES[1], content)
        document, messages = store().load()
        assert document == OLD, problem
        assert len(messages) == 1 and NAMES[1] in messages[0] and problem in messages[0], messages
        assert littlefs.read(NAMES[1] + ".1.bad") == content
        assert NAMES[1] not in littlefs.names()


def test_an_empty_file_is_said_and_written_over():
    saved(OLD)
    littlefs.write(NAMES[1], b"")
    keeper = store()
    document, messages = keeper.load()
    assert document == OLD
    assert messages == [FOLDER + "/" + NAMES[1] + " is empty"]
    assert keeper.save(NEW)
    assert store().load() == (NEW, [])


def test_every_flipped_byte_is_noticed():
    saved(OLD, NEW)
    sound = littlefs.read(NAMES[1])
    for position in range(len(sound)):
        content = bytearray(sound)
        content[position] ^= 4
        littlefs.write(NAMES[1], content)
        document, _ = store().load()
        assert document in (OLD, NEW), position


def test_two_unsound_files_leave_the_defaults_and_are_both_kept():
    saved(OLD, NEW)
    for name in NAMES:
        littlefs.write(name, b"broken")
    document, messages = store().load()
    assert document is None
    assert len(messages) == 3
    assert [name for name in littlefs.names() if name.endswith(".bad")] == [
        NAMES[0] + ".1.bad",
        NAMES[1] + ".1.bad",
    ]


def test_many_unsound_files_are_bounded_and_the_first_is_kept():
    saved(OLD, NEW)
    for number in range(20):
        littlefs.write(NAMES[1], b"broken %d" % number)
        store().load()
    kept = [name for name in littlefs.names() if name.endswith(".bad")]
    assert len(kept) == 8
    assert littlefs.read(NAMES[1] + ".1.bad") == b"broken 0"


def test_a_newer_version_is_left_aside():
    littlefs.fresh()
    keeper = store()
    keeper.load()
    keeper.save(OLD)
    keeper.save({"version": 2})
    document, messages = store().load()
    assert document == OLD
    assert "version 2 is newer than this firmware's 1" in messages[0]
    for version in (None, 0, "1", 1.5):
        saved(OLD, {"version": version})
        assert store().load()[0] == OLD


def test_what_json_cannot_hold_is_refused_by_name_and_nothing_is_lost():
    for wrong in (float("nan"), float("inf"), b"x", {1: 2}, object()):
        keeper = saved(OLD)
        try:
            keeper.save({"version": 1, "charge": {"peak": wrong}})
            assert False, wrong
        except StoreError as error:
            assert "peak" in str(error)
        assert store().load() == (OLD, [])


class Exhausting:
    """A vault that runs out of memory at the n-th text."""

    def __init__(self, calls):
        self.calls = calls

    def sealed(self, key, value):
        self.calls -= 1
        if not self.calls:
            raise MemoryError
        return value

    def opened(self, document, messages):
        return document


def test_an_exception_at_any_point_of_a_save_leaves_the_old_configuration_whole():
    document = {"version": 1, "devices": [{"id": "M%d" % n, "x": "y" * 90} for n in range(9)]}
    texts = 18
    for calls in range(1, 2 * texts + 1):
        saved(OLD, NEW)
        exhausting = Exhausting(calls)
        keeper = store(vault=lambda one=exhausting: one)
        keeper.load()
        try:
            keeper.save(document)
            assert False, calls
        except MemoryError:
            pass
        assert store().load() == (NEW, []), calls
    saved(OLD, NEW)
    enough = Exhausting(2 * texts + 1)
    keeper = store(vault=lambda: enough)
    keeper.load()
    assert keeper.save(document)


def test_a_save_abandoned_half_way_changes_nothing():
    document = {"version": 1, "devices": [{"id": "M%d" % n, "x": "y" * 90} for n in range(40)]}
    keeper = saved(OLD, NEW)
    steps = sum(1 for _ in keeper.saving(document))
    assert steps > 20
    for wanted in range(steps):
        keeper = saved(OLD, NEW)
        saving = keeper.saving(document)
        for _ in range(wanted + 1):
            next(saving)
        saving.close()
        assert store().load() == (NEW, []), wanted


def test_a_document_that_changes_during_the_save_is_not_saved_as_a_mixture():
    document = {"version": 1, "devices": [{"id": "M%d" % n, "x": "y" * 90} for n in range(40)]}
    for wanted in range(1, 25):
        keeper = saved(OLD, NEW)
        saving = keeper.saving(document)
        for _ in range(wanted):
            next(saving)
        document["devices"][0]["id"] = "M%d" % (wanted + 40)
        document["devices"][39].pop("x")
        try:
            for _ in saving:
                pass
        except StoreError as error:
            assert "changed" in str(error)
        found, messages = store().load()
        assert found in (NEW, document) and messages == [], wanted
        document["devices"][39]["x"] = "y" * 90


def test_a_full_flash_keeps_the_configuration_in_force():
    littlefs.fresh(16)
    keeper = store()
    keeper.load()
    keeper.save(OLD)
    try:
        for number in range(20):
            littlefs.write("filler%d" % number, b"x" * 4096)
    except OSError:
        pass
    try:
        keeper.save({"version": 1, "devices": ["z" * 100 for _ in range(400)]})
        assert False
    except StoreError as error:
        assert "not saved" in str(error)
    assert store().load()[0] == OLD


def test_a_flash_that_refuses_to_write_is_reported():
    chip = littlefs.fresh()
    keeper = store()
    keeper.load()
    keeper.save(OLD)
    chip.failing = True
    try:
        keeper.save(NEW)
        assert False
    except StoreError:
        pass
    chip.failing = False
    littlefs.mount(chip)
    assert store().load()[0] == OLD


def test_without_any_file_system_the_defaults_are_used():
    littlefs.unmount()
    document, messages = ConfigStore("/nowhere/at/all", Quiet(), Wear()).load()
    assert document is None and messages


def test_a_save_erases_about_one_block():
    keeper = saved(OLD, NEW)
    chip = littlefs.fresh()
    keeper = store()
    keeper.load()
    chip.erases = 0
    for number in range(200):
        keeper.save({"version": 1, "params": {"x": "y" * 1900, "n": number}})
    assert chip.erases <= 220
    assert 0.9 * chip.erases <= keeper._wear.total["config"][2] / 1000 <= 1.2 * chip.erases
