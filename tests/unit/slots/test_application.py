"""A frozen firmware: images, the application partition as a place, trial and way back."""

import asyncio
import sys

from firmware.api.errors import ApiError
from firmware.slots import choice, header, manage, start
from tests.application_image import application
from tests.unit.slots.slots_bench import (
    APPLICATION,
    Slots,
    app_image,
    close,
    image,
    put,
    refuses_while_a_car_charges,
)


class App:
    """The app as firmware/slots/start.py and trial.py see it; restarts end a trial."""

    def __init__(self, slots, good=True):
        self.system = slots.box.system
        self.log = slots.box.log
        self.board = self.supervisor = self.ledger = self.pilot_loop = self.front = self
        self.settings = self.network = self
        self.wifi_ssid = ""
        self.wiring = {"name": "sim", "pilot_pwm": 19, "contactor": 27}
        self.tasks = []
        self._good = good
        self._cycles = 0

    @property
    def cycles(self):
        self._cycles += 21001 if self._good else 10
        return self._cycles

    def value(self, name):
        return self._cycles // 1000

    def closed(self):
        return False


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 16]) + data[at + 1 :]


def restart(slots):
    """The chip resets, and boot.py says which slot runs."""
    slot = slots.applications.reset()
    sys.modules["slot"] = (slot, APPLICATION)
    return slot


def test_an_image_comes_into_the_other_partition_and_is_started_on_trial():
    for size in (1, 255, 256, 257, 512, 4096, 100000):
        slots = Slots(APPLICATION)
        data = app_image()
        assert slots.send(data, size) is None, size
        assert slots.stored("b")[: len(data)] == data and slots.stored("a") == b""
        assert choice.words("choice") == ["b", "trial", "0"]
        assert restart(slots) == "b" and choice.on_trial()
        # The next reset, whatever it comes from.
        assert restart(slots) == "a"
    close()


def test_an_application_whose_hash_crosses_a_block_is_known_again():
    for length in range(4096 - 80, 4096 + 16, 16):
        slots = Slots(APPLICATION)
        assert slots.send(app_image(application(b"x" * (length - 288)))) is None, length
        found = manage.status(slots.box)
        assert found["other"] == {"slot": "b", "version": "2.0.101", "revision": "abc"}, length
    close()


def test_every_bad_image_is_refused_by_name_and_nothing_changes():
    good = app_image()
    content = application(b"x" * 9000)
    for data, code, text in (
        (b"", "bad_image", "cut short within its header"),
        (b"<html>", "bad_image", "no image of the wallbox firmware (wallbox-app.img)"),
        (content, "bad_image", "no image of the wallbox firmware (wallbox-app.img)"),
        (image(), "bad_image", "takes wallbox-app.img"),
        (good[:255], "bad_image", "cut short within its header"),
        (good[:256], "bad_image", "0 of"),
        (good[:-1], "bad_image", "cut short"),
        (good + b"\0", "bad_image", "longer than its header says"),
        (flipped(good, 300), "bad_image", "SHA-256"),
        (flipped(good, len(good) - 1), "bad_image", "SHA-256"),
        (app_image(chip="esp32s3"), "bad_image", "for the chip esp32s3"),
        (app_image(config=0), "bad_image", "up to version 0, the one stored here has version 1"),
        (app_image(boards=["devkit"]), "bad_image", "no table of this board, sim"),
        (app_image(size=2000000), "no_room", "needs 2000256 bytes, the slot has 61696"),
        (app_image(application(b"", 9)), "bad_image", "no application for an ESP32"),
        (app_image(b"x" * 5000), "bad_image", "no application for an ESP32"),
        # Sound by the header's hash, but not by the chip's own.
        (app_image(flipped(content, 5000)), "bad_image", "the chip does not take it"),
    ):
        slots = Slots(APPLICATION)
        error = slots.send(data)
        case = (text, error)
        assert error is not None and error.code == code and text in error.text, case
        assert slots.untouched(), case
        assert restart(slots) == "a", case
        assert slots.send(good) is None, case
    close()


def test_an_image_for_this_form_is_refused_by_the_others():
    for form in ("files", "partition"):
        slots = Slots(form)
        error = slots.send(app_image())
        assert (
            error.code == "bad_image" and "takes wallbox.img" in error.text and slots.untouched()
        )
    close()


def test_nothing_is_written_while_a_car_charges():
    slots = Slots(APPLICATION)
    refuses_while_a_car_charges(slots, app_image())
    assert restart(slots) == "a"
    close()


def test_a_flash_that_refuses_or_forgets_is_found_before_anything_is_chosen():
    for spoil, raising, code in (
        (None, True, "flash_failed"),
        (lambda data: data[:-1] + b"\0", False, "flash_failed"),
    ):
        slots = Slots(APPLICATION)
        chip = slots.applications.chips[2]
        chip.spoil, chip.raising = spoil, raising
        error = slots.send(app_image())
        assert error.code == code, error
        assert slots.untouched() and restart(slots) == "a"
    slots = Slots(APPLICATION)
    slots.applications.chips[0].raising = True  # the choice itself
    error = slots.send(app_image())
    assert error.code == "flash_failed" and slots.untouched(), error
    close()


def test_the_status_tells_the_form_and_what_is_in_the_other_partition():
    slots = Slots(APPLICATION)
    found = manage.status(slots.box)
    assert found["form"] == "application" and found["other"] is None
    assert (found["slot"], found["state"], found["next"]) == ("a", "good", "a")
    slots.send(app_image())
    found = manage.status(slots.box)
    assert found["other"] == {"slot": "b", "version": "2.0.101", "revision": "abc"}
    assert found["next"] == "b"
    # By cable another one has come, and the header that is still there is not its own.
    put(slots.applications.chips[2], application(b"y" * 9000))
    found = manage.status(slots.box)
    assert found["other"] == {"slot": "b", "version": None, "revision": None}
    close()


def test_a_trial_that_is_passed_is_told_to_the_bootloader():
    for good in (True, False):
        slots = Slots(APPLICATION)
        slots.send(app_image())
        slots.box.system.asked.clear()
        restart(slots)
        app = App(slots, good)
        trial = start.begin(app)
        assert len(trial) == 1

        async def quick(milliseconds):
            pass

        sleep = asyncio.sleep_ms
        asyncio.sleep_ms = quick
        try:
            asyncio.run(trial[0])
        finally:
            asyncio.sleep_ms = sleep
        assert choice.words("choice") == ["b", "good" if good else "bad", "0"]
        assert slots.box.system.asked == ([] if good else ["restart"])
        assert restart(slots) == ("b" if good else "a")
        assert restart(slots) == ("b" if good else "a")
    close()


def test_a_version_that_is_good_is_confirmed_at_each_start():
    slots = Slots(APPLICATION)
    slots.send(app_image())
    restart(slots)
    choice.drop("choice")  # as if the flash had lost it
    assert start.begin(App(slots)) == []
    assert choice.words("choice") == ["b", "good", "0"]
    assert restart(slots) == "b"
    erases = slots.applications.chips[0].erases
    assert start.begin(App(slots)) == []
    assert slots.applications.chips[0].erases == erases, "written at each start"
    close()


def test_a_choice_that_cannot_be_confirmed_is_said():
    slots = Slots(APPLICATION)
    slots.send(app_image())
    restart(slots)
    choice.choose("b", "good")
    slots.applications.chips[0].raising = True
    assert start.begin(App(slots)) == []
    assert any("flash refused" in line for line in slots.bench.lines), slots.bench.lines
    close()


def test_the_owner_goes_back_to_what_a_cable_has_brought_as_well():
    slots = Slots(APPLICATION)
    answer = slots.bench.ask("cmd=update_rollback")
    assert answer["error"]["code"] == "bad_image" and slots.untouched(), answer
    slots.send(app_image())
    slots.box.system.asked.clear()
    restart(slots)
    assert slots.bench.ask("cmd=update_rollback")["error"]["code"] == "busy"
    start.begin(App(slots))
    choice.confirm("b", slots.applications.other())
    slots.closed = True
    assert slots.bench.ask("cmd=update_rollback")["error"]["code"] == "busy"
    slots.closed = False
    assert slots.bench.ask("cmd=update_rollback") == "ok"
    assert choice.words("choice") == ["a", "trial", "0"]
    assert slots.box.system.asked == ["restart"] and restart(slots) == "a"
    assert choice.on_trial()
    close()


def test_what_is_not_whole_is_not_gone_back_to():
    slots = Slots(APPLICATION)
    put(slots.applications.chips[2], application(b"y" * 9000)[:5000])
    answer = slots.bench.ask("cmd=update_rollback")
    assert answer["error"]["code"] == "bad_image" and "whole" in answer["error"]["text"], answer
    assert slots.untouched()
    slots.send(app_image(config=1))
    choice.choose("a", "good")
    version = manage.VERSION
    manage.VERSION = 2
    try:
        answer = slots.bench.ask("cmd=update_rollback")
    finally:
        manage.VERSION = version
    assert "has version 2" in answer["error"]["text"]
    close()


def test_a_header_of_an_application_needs_no_bytecode_version():
    found = header.read(app_image()[:256], True)
    assert "mpy" not in found
    header.judge(found, "sim", "esp32", 1)
    try:
        header.judge(found, "wrover", "esp32", 1)
    except ApiError as error:
        assert "no table of this board, wrover" in error.text
        return
    raise AssertionError
