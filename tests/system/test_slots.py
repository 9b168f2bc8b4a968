"""The whole firmware from images: updates, trials and rollbacks, in files and in the flash."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from slots_images import ROOT, Images, small

FORMS = ("files", "partition", "application")
# How often a version that does not prove itself is started before the old one is back, and why.
SPOILT = {
    "crashes": (4, "not confirmed in 4 starts"),
    "hangs": (4, "not confirmed in 4 starts"),
    "no_pilot_loop": (4, "not confirmed in 4 starts"),
    "no_network": (1, "did not prove itself"),
}


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return Images(tmp_path_factory.mktemp("i"))


def prepare(images, form, *names):
    """Have the images of these versions built, for boxes of this form."""
    for name in ("base", *names):
        images.application(name) if form == "application" else images.path(name)


def play(images, form, story, *words, interpreter="micropython"):
    """Let a story of slots_box.py happen; what it printed."""
    prepare(images, form)
    program = ROOT / ".tools/bin" / interpreter
    run = subprocess.run(
        [
            program,
            "-X",
            "heapsize=64m",
            "tests/system/slots_box.py",
            story,
            form,
            images.folder,
            *words,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    output = run.stdout + run.stderr
    assert run.returncode == 0 and "\npassed" in output, output[-6000:]
    return output


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("interpreter", ["micropython", "micropython32"])
def test_a_good_version_is_confirmed_after_seven_minutes_and_stays(images, form, interpreter):
    prepare(images, form, "good")
    play(images, form, "confirms", interpreter=interpreter)


# A hang takes the simulator half a minute; it does not depend on where the image lies.
@pytest.mark.parametrize(
    ("form", "name"),
    [(form, name) for form in FORMS for name in SPOILT if (form, name) != ("files", "hangs")],
)
def test_a_version_that_does_not_prove_itself_is_left_for_the_old_one(images, form, name):
    prepare(images, form, name)
    lives, reason = SPOILT[name]
    if form == "application" and lives > 1:
        lives, reason = 1, "was not confirmed before a reset"  # the bootloader allows no more
    play(images, form, "rolls_back", name, str(lives), reason)


@pytest.mark.parametrize("form", FORMS)
def test_the_owner_goes_back_by_a_command(images, form):
    prepare(images, form, "good")
    play(images, form, "by_hand")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("how", "delay_ms"), [("power", 3000), ("button", 300000)])
def test_resets_within_a_trial_lead_back_to_the_old_version(images, form, how, delay_ms):
    prepare(images, form, "good")
    play(images, form, "resets", how, str(delay_ms))


def test_a_box_that_a_cable_has_filled_takes_its_first_update(images):
    prepare(images, "application", "good")
    output = play(images, "application", "first_start")
    # What the store reserves, the settings and all folders leave room for definitions of meters.
    assert int(re.search(r"blocks never used (\d+)", output)[1]) >= 30


@pytest.mark.parametrize("form", FORMS)
def test_no_update_while_a_car_charges(images, form):
    prepare(images, form, "good")
    play(images, form, "nobody_charging")


@pytest.mark.parametrize("form", FORMS)
def test_a_power_cut_anywhere_in_an_update_leaves_a_box_that_charges(images, form):
    # At every place: tests/fault/test_slots_power_cut.py, with smaller images.
    prepare(images, form, "good")
    count = int(re.search(r"operations (\d+)", play(images, form, "counts"))[1])
    places = (0, 3, count // 3, count // 2, count - 9, count - 5, count - 3, count - 1)
    play(images, form, "cut", *map(str, places))


@pytest.mark.parametrize("form", FORMS[:2])
def test_what_may_not_be_is_refused_by_name_and_the_box_goes_on(images, form):
    folder = images.folder
    base = images.path("base").read_bytes()
    flipped = bytearray(base)
    flipped[200000] ^= 4
    wrong = {
        "text": (b"hello", "no image"),
        "empty": (b"", "cut short within its header"),
        "short": (base[:250000], "cut short:"),
        "long": (base + b"x", "longer than its header"),
        "flip": (bytes(flipped), "SHA-256"),
        "magic": (b"X" + base[1:], "no image"),
    }
    changed = {
        "chip": ({"chip": "esp32s3"}, "for the chip esp32s3"),
        "mpy": ({"mpy": 7}, "bytecode has version 7"),
        "newer": ({"micropython": [9, 1]}, "needs MicroPython 9.1"),
        "config": ({"config": 0}, "up to version 0"),
        "boards": ({"boards": ["devkit"]}, "no table of this board"),
        "huge": ({"size": 3000000}, "needs 3000256 bytes"),
        "bare": ({}, "has no firmware/app.mpy"),
    }
    for name, (data, _) in wrong.items():
        (folder / f"{name}.img").write_bytes(data)
    for name, (header, _) in changed.items():
        # A ROM file system with nothing but padding in it.
        small(folder / f"{name}.img", content=b"\xd2\xcd\x31\x18\x01\x16" + bytes(22), **header)
    reasons = {name: reason for name, (_, reason) in (wrong | changed).items()}
    play(images, form, "refuses", *[f"{name}={reason}" for name, reason in reasons.items()])


def test_what_may_not_be_is_refused_by_a_frozen_firmware(images):
    folder = images.folder
    base = images.application("base").read_bytes()
    plain = images.path("base").read_bytes()
    flipped = bytearray(base)
    flipped[200000] ^= 4
    for name, data in {
        "text": b"hello",
        "short": base[:250000],
        "long": base + b"x",
        "flip": bytes(flipped),
        "bare": base[256:],
        "form": plain,
        "chip": base.replace(b'"chip":"esp32",', b'"chip":"esp31",', 1),
        "huge": re.sub(rb'"size":\d{6},', b'"size":1900000,', base[:300], count=1),
    }.items():
        (folder / f"{name}-app.img").write_bytes(data)
    reasons = {
        "text": "no image of the wallbox firmware (wallbox-app.img)",
        "short": "cut short:",
        "long": "longer than its header",
        "flip": "SHA-256",
        "bare": "no image of the wallbox firmware (wallbox-app.img)",
        "form": "takes wallbox-app.img",
        "chip": "for the chip esp31",
        "huge": "needs 1900256 bytes, the slot has 1831168",
    }
    play(images, "application", "refuses", *[f"{name}={text}" for name, text in reasons.items()])
    # And the other way round.
    (folder / "form.img").write_bytes(base)
    for form in FORMS[:2]:
        play(images, form, "refuses", "form=takes wallbox.img")


@pytest.mark.parametrize("form", FORMS[:2])
def test_without_a_choice_the_box_starts_what_is_whole(images, form):
    # All other cases: tests/unit/slots/test_boot.py.
    base = images.path("base").read_bytes()
    images.path("good")
    (images.folder / "flipped.img").write_bytes(base[:5000] + b"\xff" + base[5001:])
    play(images, form, "starts", "b", "rubbish", "a:flipped", "b:good")


@pytest.mark.parametrize("form", FORMS[:2])
def test_without_an_image_nothing_is_driven_and_nothing_resets(images, form):
    (images.folder / "rotten.img").write_bytes(b'{"wallbox":1}')
    play(images, form, "starts_not", "a:rotten")
    play(images, form, "starts_not")
