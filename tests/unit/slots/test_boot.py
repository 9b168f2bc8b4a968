import sys

from firmware.slots import choice
from tests.unit.slots.boot_bench import Esp32, Machine, Reset, boot
from tests.unit.slots.slots_bench import FORMS, Slots, close, image, romfs

A, B = 7000, 9000  # the marks of the images in a and b


class Box:
    """Two images in two slots; `a` and `b` are put there as they are, None leaves a slot empty."""

    def __init__(self, form, a=None, b=None):
        self.slots = Slots(form)
        self.partition = self.slots.partition if form == "partition" else None
        for slot, data in (("a", a), ("b", b)):
            if data:
                self._put(slot, data)
        with open("/data/board", "w") as file:
            file.write("sim\n")

    def _put(self, slot, data):
        if not self.partition:
            with open(f"/data/slots/{slot}.img", "wb") as file:
                file.write(data)
            return
        for at in range(0, len(data), 4096):
            part = data[at : at + 4096]
            self.partition.data[(16 if slot == "b" else 0) + at // 4096][: len(part)] = part

    def boot(self, line=None, machine=None):
        if line is not None:
            choice.keep("choice", line)
        return boot(self.slots.chip, self.partition, machine)


def good(mark):
    return image(fill=mark)


def damaged(mark):
    data = image(fill=mark)
    return data[:3000] + b"#" + data[3001:]


def test_whatever_the_choice_says_the_version_that_can_be_started_is():
    rotten = b'{"wallbox":1}' + bytes(600)
    for line, a, b, slot, after in (
        ("a good 0", good(A), good(B), "a", "a good 0"),
        ("b good 0", good(A), good(B), "b", "b good 0"),
        ("b trial 0", good(A), good(B), "b", "b trial 1"),
        ("b trial 3", good(A), good(B), "b", "b trial 4"),
        ("b trial 4", good(A), good(B), "a", "a good 0"),
        ("b trial 4", None, good(B), "b", "b good 0"),
        ("b trial 4", damaged(A), good(B), "b", "b good 0"),
        ("b trial 0", good(A), damaged(B), "a", "a good 0"),
        ("b trial 0", None, damaged(B), None, "b trial 1"),
        ("b bad 0", good(A), good(B), "a", "a good 0"),
        ("b bad 0", None, good(B), "b", "b good 0"),
        ("a good 0", None, good(B), "b", "b good 0"),
        ("a good 0", rotten, good(B), "b", "b good 0"),
        ("a good 0", b"", None, None, "a good 0"),
        ("a good 0", rotten, rotten, None, "a good 0"),
        ("", good(A), good(B), "a", "a good 0"),
        ("", damaged(A), good(B), "b", "b good 0"),
        ("", None, None, None, ""),
        ("c good 0", good(A), good(B), "a", "a good 0"),
        ("a good", good(A), good(B), "a", "a good 0"),
        ("a good -1", good(A), good(B), "a", "a good 0"),
        ("a trial 99999999999999999999", good(A), good(B), "b", "b good 0"),
        ("a nonsense 0", good(A), good(B), "a", "a nonsense 0"),
        ("\0\0\0\0", good(A), None, "a", "a good 0"),
    ):
        for form in FORMS:
            box = Box(form, a, b)
            found = box.boot(line)
            case = (form, line, found)
            assert found == (slot and (slot, A if slot == "a" else B)), case
            assert choice.words("choice") == after.split(), (case, choice.words("choice"))
            assert sys.modules["slot"] == (slot or "", form == "partition"), case
            assert boot(box.slots.chip, box.partition) in (found, ("a", A), ("b", B)), case
    close()


def test_a_file_that_is_no_text_is_no_choice():
    for form in FORMS:
        box = Box(form, good(A))
        with open("/data/slots/choice", "wb") as file:
            file.write(b"\xff\xfe\xfd" * 20)
        assert box.boot() == ("a", A)
    close()


def test_without_slots_nothing_is_written_and_nothing_is_mounted():
    import os

    for form in FORMS:
        box = Box(form)
        choice.drop("choice")
        os.rmdir("/data/slots")
        assert box.boot() is None and "slots" not in os.listdir("/data")
    close()


def test_a_trial_has_four_starts_each_with_a_watchdog():
    for form in FORMS:
        box = Box(form, good(A), good(B))
        choice.choose("b", "trial")
        for _ in range(4):
            machine = Machine()
            assert box.boot(machine=machine) == ("b", B)
            assert machine.watchdog == 90000
        machine = Machine()
        assert box.boot(machine=machine) == ("a", A) and machine.watchdog is None
        assert "not confirmed in 4 starts" in " ".join(choice.words("why"))
    close()


def test_starts_that_cannot_be_counted_are_not_made():
    for form in FORMS:
        box = Box(form, good(A), good(B))
        choice.choose("b", "trial")
        box.slots.chip.raising = True
        assert box.boot() == ("a", A)
    close()


def test_the_reason_says_what_was_wrong_and_what_was_done():
    for line, a, b, words in (
        ("b bad 0", good(A), good(B), "b did not prove itself; a was started"),
        ("b good 0", good(A), damaged(B)[:200], "a was started"),
        ("b trial 1", good(A), damaged(B), "b: image damaged; a was started"),
        ("", good(A), None, "no choice of a slot could be read; a was started"),
    ):
        for form in FORMS:
            Box(form, a, b).boot(line)
            assert words in " ".join(choice.words("why")), (form, choice.words("why"))
    close()


def test_the_pins_are_driven_before_anything_else_if_the_list_is_for_this_board_and_slot():
    for form in FORMS:
        for pins, used in (
            ("sim a 19 27 26", True),
            ("sim b 19 27 26", False),
            ("devkit a 19 27 26", False),
            ("sim a", False),
            ("", False),
        ):
            box = Box(form, good(A), good(B))
            choice.keep("pins", pins)
            machine = Machine()
            assert box.boot("a good 0", machine) == ("a", A)
            expected = [(27, 0), (26, 0), (19, 1)] if used else []
            assert machine.driven == expected, (form, pins, machine.driven)
    close()


def test_a_list_that_makes_no_sense_is_passed_over():
    for pins in ("sim a x y", "sim a 19 99999 \xe4", "sim a 1e3", "sim a " + "7 " * 100):
        box = Box("partition", good(A))
        choice.keep("pins", pins)
        assert box.boot("a good 0") == ("a", A), pins
    close()


FILES = {
    "firmware/api/info.mpy": b"x" * A,
    "firmware/app.mpy": b"app",
    "firmware/" + "n" * 60 + ".json": "{ä}".encode(),
    "firmware/empty": b"",
    "top": bytes(range(256)) * 3,
}


def both(check):
    """Call `check(one, two)` with the folders of the same image in a file and in flash."""
    import vfs

    data = image(romfs(FILES))
    box = Box("files", data)
    with open("boot.py") as file:
        source = file.read()
    names = {"__name__": "test"}
    exec(source[: source.index("\nrun()")].replace("import machine", ""), names)
    with open("/data/slots/a.img", "rb") as file:
        vfs.mount(names["Folder"](file), "/one")
        vfs.mount(vfs.VfsRom(memoryview(data)[256:]), "/two")
        try:
            check("/one/", "/two/")
        finally:
            vfs.umount("/one")
            vfs.umount("/two")
    assert box.boot("a good 0") == ("a", A)
    close()


def text(path, mode):
    with open(path, mode) as file:
        return file.read()


def test_files_in_a_file_read_like_those_in_flash():
    import os

    def check(one, two):
        for path, content in FILES.items():
            assert text(one + path, "rb") == text(two + path, "rb") == content, path
            if path != "top":
                assert text(one + path, "r") == text(two + path, "r"), path
            assert os.stat(one + path)[:7] == os.stat(two + path)[:7], path
        for path in ("", "firmware", "firmware/api", "firmware/"):
            assert sorted(os.listdir(one + path)) == sorted(os.listdir(two + path)), path

    both(check)


def test_files_that_are_not_there_are_not_there():
    import os

    def check(one, two):
        for path in ("firm", "firmware/ap", "none", "top/x", "firmware/app"):
            for call in (os.stat, open):
                try:
                    call(one + path)
                except OSError as error:
                    assert error.args[0] == 2, (path, error)
                else:
                    raise AssertionError(path)

    both(check)


def follow(line, running, machine=None, **options):
    """Start with this choice and this application; (slot of the choice afterwards, boot's why)."""
    box = Box("files")
    if line:
        choice.keep("choice", line)
    esp32 = Esp32("app_" + running, **options)
    assert boot(box.slots.chip, None, machine, esp32) == (running, None)
    assert sys.modules["slot"] == (running, "application")
    return " ".join(choice.words("choice")), " ".join(choice.words("why")), esp32.asked


def test_of_a_frozen_firmware_the_bootloaders_choice_is_followed_and_said():
    for line, running, after, why in (
        ("a good 0", "a", "a good 0", ""),
        ("b good 0", "b", "b good 0", ""),
        ("b trial 0", "b", "b trial 1", ""),
        ("b trial 1", "a", "a good 0", "b was not confirmed before a reset; a was started"),
        ("b bad 0", "a", "a good 0", "b did not prove itself; a was started"),
        ("b good 0", "a", "a good 0", "b could not be started; a was started"),
        ("", "a", "a good 0", ""),
        ("nonsense", "b", "nonsense", ""),
    ):
        machine = Machine()
        found = follow(line, running, machine)
        assert found == (after, why, 0), (line, found)
        assert machine.watchdog == (90000 if after.endswith("trial 1") else None), line
    close()


def test_an_application_that_its_bootloader_does_not_leave_is_sent_back():
    for line in ("b bad 0", "b trial 4"):
        box = Box("files")
        choice.keep("choice", line)
        esp32 = Esp32("app_b")
        try:
            boot(box.slots.chip, None, None, esp32)
        except Reset:
            assert esp32.asked == 1 and " ".join(choice.words("choice")) == line
        else:
            raise AssertionError(line)
        # The other one is started and says so; what cannot be left runs on.
        assert follow(line, "a")[0] == "a good 0"
        after, why, asked = follow(line, "b", refusing=True)
        assert (after, asked) == ("b good 0", 1) and "other one cannot be started" in why, why
    close()


def test_the_list_of_pins_is_used_for_a_frozen_firmware_as_well():
    for line, running, used in (("a good 0", "a", True), ("b trial 0", "b", False)):
        box = Box("files")
        choice.keep("choice", line)
        choice.keep("pins", "sim a 13 14")  # of no real table: that may be driven as well
        machine = Machine()
        boot(box.slots.chip, None, machine, Esp32("app_" + running))
        assert (machine.driven[:2] == [(14, 0), (13, 1)]) is used, machine.driven
        assert ((14, 0) in machine.driven) is used
    close()


def test_when_it_cannot_be_seen_what_runs_images_are_started_as_ever():
    class Broken:
        """`esp32` without a partition table."""

        class Partition:
            RUNNING = 1

            def __init__(self, which):
                raise OSError(2)

    for form in FORMS:
        box = Box(form, good(A))
        choice.keep("choice", "a good 0")
        assert boot(box.slots.chip, box.partition, None, Broken()) == ("a", A)
    close()
