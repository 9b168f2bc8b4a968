import asyncio
import sys

from firmware.slots import choice, manage
from tests.unit.slots.slots_bench import FORMS, Slots, close, image


def ask(slots, query):
    return slots.bench.ask(query)


def test_the_status_tells_slot_state_and_the_other_version():
    for form in FORMS:
        slots = Slots(form)
        found = ask(slots, "cmd=update_status")
        assert found["slot"] == "a" and found["form"] == form and found["other"] is None
        assert found["state"] == "good" and found["why"] == "" and found["received"] is None
        slots.send(image())
        found = ask(slots, "cmd=update_status")
        assert found["other"] == {"slot": "b", "version": "2.0.101", "revision": "abc"}
        assert (found["slot"], found["next"]) == ("a", "b")
    close()


def test_a_box_that_runs_from_files_says_so_and_can_be_updated():
    slots = Slots("files")
    sys.modules["slot"] = ("", False)
    found = ask(slots, "cmd=update_status")
    assert found["slot"] is None
    assert ask(slots, "cmd=update_rollback")["error"]["code"] == "not_supported"
    assert slots.send(image()) is None and choice.words("choice")[0] == "a"
    close()


def test_rolling_back_needs_an_open_contactor_and_a_version_to_go_back_to():
    for form in FORMS:
        slots = Slots(form)
        answer = ask(slots, "cmd=update_rollback")
        assert answer["error"]["code"] == "bad_image" and slots.untouched(), answer
        slots.send(image())
        choice.choose("a", "good")
        slots.closed = True
        assert ask(slots, "cmd=update_rollback")["error"]["code"] == "busy"
        assert slots.untouched()
        slots.closed = False
        assert ask(slots, "cmd=update_rollback") == "ok"
        assert choice.words("choice") == ["b", "trial", "0"]
        assert slots.box.system.asked == ["restart"]
    close()


def test_rolling_back_to_an_older_configuration_is_refused():
    for form in FORMS:
        slots = Slots(form)
        slots.send(image())
        choice.choose("a", "good")
        version = manage.VERSION
        manage.VERSION = 2
        try:
            answer = ask(slots, "cmd=update_rollback")
        finally:
            manage.VERSION = version
        assert "has version 2" in answer["error"]["text"] and slots.untouched()
    close()


def test_an_image_may_lie_in_a_file_on_the_box():
    for form in FORMS:
        slots = Slots(form)
        with open("/data/new.img", "wb") as file:
            file.write(image())
        assert ask(slots, "cmd=update&file=/data/none")["error"]["code"] == "bad_value"

        async def story(slots=slots):
            answer = ask(slots, "cmd=update&file=/data/new.img")
            assert "error" not in answer, answer
            for _ in range(200):
                await asyncio.sleep_ms(0)
                if slots.box.system.asked:
                    return

        asyncio.run(story())
        assert slots.box.system.asked == ["restart"] and slots.box.update is None
        assert choice.words("choice") == ["b", "trial", "0"]
    close()


def test_a_bad_file_is_logged():
    slots = Slots("files")
    with open("/data/new.img", "wb") as file:
        file.write(b"hello")

    async def story():
        ask(slots, "cmd=update&file=/data/new.img")
        await asyncio.sleep_ms(20)

    asyncio.run(story())
    assert any("no image of the wallbox" in line for line in slots.bench.lines)
    assert slots.untouched()
    close()


def test_a_folder_is_no_image():
    slots = Slots("files")
    for path in ("/", "/data", "/nothing.img"):
        error = ask(slots, "cmd=update&file=" + path)["error"]
        assert error["code"] == "bad_value" and path in error["text"]
    assert slots.untouched()
    close()


def test_only_an_admin_may():
    slots = Slots("files")
    for command in ("update_status", "update_rollback", "update&file=/x"):
        assert slots.bench.ask(f"cmd={command}", None, 0)["error"]["code"] == "not_allowed"
    close()


def test_what_is_asked_leaves_nothing_loaded():
    slots = Slots("files")
    ask(slots, "cmd=update_status")
    assert not [name for name in sys.modules if name.startswith("firmware.slots.")]
    close()
