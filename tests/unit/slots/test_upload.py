import os
import sys

from firmware.api.errors import ApiError
from firmware.slots import choice, manage
from firmware.slots.upload import may_begin
from tests.unit.slots.slots_bench import (
    FORMS,
    Slots,
    close,
    image,
    refuses_while_a_car_charges,
    romfs,
)

NO_APP = romfs({"firmware/boards/sim.mpy": b"s"})
NO_BOARD = romfs({"firmware/app.mpy": b"a", "firmware/boards/simple.mpy": b"s"})


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 16]) + data[at + 1 :]


def test_an_image_may_come_in_pieces_of_any_size():
    for form in FORMS:
        for size in (1, 7, 255, 256, 257, 512, 4096, 100000):
            slots = Slots(form)
            data = image()
            assert slots.send(data, size) is None, (form, size)
            assert slots.stored("b")[: len(data)] == data, (form, size)
            assert slots.stored("a") == b""
            assert choice.words("choice") == ["b", "trial", "0"]
            assert slots.box.update is None
    close()


def test_every_bad_image_is_refused_by_name_and_nothing_changes():
    good = image()
    for data, code, text in (
        (b"", "bad_image", "cut short within its header"),
        (b"<html>", "bad_image", "no image of the wallbox firmware"),
        (b"X" + good[1:], "bad_image", "no image of the wallbox firmware"),
        (good[:1], "bad_image", "cut short within its header"),
        (good[:255], "bad_image", "cut short within its header"),
        (good[:256], "bad_image", "0 of"),
        (good[:-1], "bad_image", "cut short"),
        (good + b"\0", "bad_image", "longer than its header says"),
        (flipped(good, 300), "bad_image", "SHA-256"),
        (flipped(good, len(good) - 1), "bad_image", "SHA-256"),
        (good[:20] + b"}" + good[21:], "bad_image", "damaged"),
        (image(chip="esp32s3"), "bad_image", "for the chip esp32s3"),
        (image(micropython=[99, 1]), "bad_image", "needs MicroPython 99.1"),
        (image(micropython=[]), None, None),
        (image(mpy=5), "bad_image", "bytecode has version 5"),
        (image(config=0), "bad_image", "up to version 0, the one stored here has version 1"),
        (image(config=2), None, None),
        (image(boards=["devkit"]), "bad_image", "no table of this board, sim"),
        (image(boards=["devkit", "sim"]), None, None),
        (image(NO_BOARD), "bad_image", "no firmware/boards/sim.mpy"),
        (image(NO_APP), "bad_image", "no firmware/app.mpy"),
        (image(size=2000000), "no_room", "needs 2000256 bytes"),
        (image(size=-1), "bad_image", "damaged"),
        (image(size="9"), "bad_image", "damaged at size"),
        (image(sha256="0"), "bad_image", "damaged"),
        (image(sha256=None), "bad_image", "damaged at sha256"),
        (image(version=3), "bad_image", "damaged at version"),
        (image(micropython="1.25"), "bad_image", "damaged at micropython"),
    ):
        for form in FORMS:
            slots = Slots(form)
            error = slots.send(data)
            case = (form, text, error)
            if code is None:
                assert error is None, case
                continue
            assert error is not None and error.code == code and text in error.text, case
            assert slots.untouched(), case
            assert slots.stored("b") == b"", case
            assert slots.send(good) is None, case
    close()


def test_a_bad_header_leaves_the_version_in_the_other_slot_alone():
    for form in FORMS:
        slots = Slots(form)
        data = image()
        slots.send(data)
        sys.modules["slot"] = ("a", form == "partition")
        choice.choose("a", "good")
        slots.box.system.asked.clear()
        for bad in (image(chip="esp8266"), image(config=0), b"no", image(size=9999999)):
            assert slots.send(bad) is not None
            assert slots.stored("b")[: len(data)] == data
        assert manage.status(slots.box)["other"]["version"] == "2.0.101"
    close()


def test_the_running_slot_is_never_written():
    for form in FORMS:
        for running in ("a", "b"):
            slots = Slots(form)
            before = slots.stored(running)
            sys.modules["slot"] = (running, form == "partition")
            choice.choose(running, "good")
            assert slots.send(image()) is None
            assert slots.stored(running) == before
            assert choice.words("choice")[0] != running
    close()


def test_nothing_is_written_while_a_car_charges():
    for form in FORMS:
        refuses_while_a_car_charges(Slots(form), image())
    close()


def test_there_is_one_update_at_a_time():
    for form in FORMS:
        slots = Slots(form)
        upload = manage.begin(slots.box)
        upload.take(image()[:3000])
        error = slots.send(image())
        assert error.code == "busy" and "another update" in error.text
        assert manage.status(slots.box)["received"] == 3000 - 256
        upload.close()
        assert slots.untouched() and slots.send(image()) is None
    close()


def test_a_frozen_firmware_takes_no_image():
    assert not choice.frozen()
    assert choice.frozen("firmware/slots/as_a_frozen_module_says.py")
    lies_in_a_file = choice.frozen
    choice.frozen = lambda: True
    try:
        may_begin(None)
    except ApiError as error:
        assert error.code == "refused" and "by cable" in error.text
        return
    finally:
        choice.frozen = lies_in_a_file
    raise AssertionError


def test_a_version_on_trial_keeps_the_other_slot():
    for form in FORMS:
        slots = Slots(form)
        choice.choose("a", "trial")
        error = slots.send(image())
        assert error.code == "busy" and "on trial" in error.text
        assert choice.words("choice") == ["a", "trial", "0"]
    close()


def test_a_full_flash_is_said_and_the_box_goes_on():
    slots = Slots("files", blocks=24)
    error = slots.send(image(fill=60000))
    assert error.code == "no_room" and "the slot has" in error.text, error
    assert slots.untouched()
    # Somebody else fills it meanwhile.
    upload = manage.begin(slots.box)
    data = image(fill=30000)
    upload.take(data[:1000])
    others = []
    try:
        while True:
            with open(f"/data/other{len(others)}", "wb") as file:
                others.append(file.write(b"x" * 4096))
    except OSError:
        pass
    try:
        for at in range(1000, len(data), 500):
            upload.take(data[at : at + 500])
        for _ in upload.finish():
            pass
    except ApiError as error:
        assert error.code == "no_room" and "full" in error.text, error
    else:
        raise AssertionError("there was room")
    upload.close()
    for number in range(len(others)):
        os.remove(f"/data/other{number}")
    assert slots.untouched() and slots.send(image()) is None
    close()


def test_a_flash_that_refuses_or_forgets_is_found_before_anything_is_chosen():
    slots = Slots("partition")
    slots.partition.raising = True
    error = slots.send(image())
    assert error.code == "flash_failed" and "refused" in error.text and slots.untouched()
    slots.partition.raising = False
    written = [0]

    def spoil(data):
        written[0] += 1
        return data[:-1] + b"\0" if written[0] == 9 else data

    slots.partition.spoil = spoil
    error = slots.send(image())
    assert error.code == "flash_failed" and "gives back" in error.text, error
    assert slots.untouched() and slots.stored("b") == b""
    slots.partition.spoil = None
    assert slots.send(image()) is None
    close()


def test_an_update_is_booked_as_wear():
    for form in FORMS:
        slots = Slots(form)
        slots.send(image())
        assert slots.box.wear.status()["total"]["update"]["erases"] >= 2
    close()
