"""The flash: erase before write, wear, times, power cuts; with a real littlefs on top."""

import os

from bench import powered, programmed, refused, remove
from silicon import SILICON
from world.flash import DONE, LOST, TORN

_SAVE = """
import os
def save(text):
    with open("/data/config.new", "w") as file:
        file.write(text)
    os.rename("/data/config.new", "/data/config")
try:
    with open("/data/config") as file:
        old = file.read()
except OSError:
    old = "-"
import machine
machine.RTC().memory(old.encode())
save(("b" if old[0] == "a" else "a") * 1500)
"""


def device():
    world = powered()
    return world.flash, world.flash.device()


def test_programming_only_clears_bits_and_erasing_sets_them():
    _, port = device()
    buffer = bytearray(4)
    port.ioctl(6, 7)
    port.writeblocks(7, b"\xf0\xff", 16)
    port.writeblocks(7, b"\x3c\xff", 16)
    port.readblocks(7, buffer, 15)
    assert buffer == b"\xff\x30\xff\xff"
    port.ioctl(6, 7)
    port.readblocks(7, buffer, 15)
    assert buffer == b"\xff\xff\xff\xff"


def test_wear_is_counted_per_block():
    flash, port = device()
    for _ in range(3):
        port.ioctl(6, 5)
    port.writeblocks(6, bytes(4096))
    assert flash.erased[5] == 3 and flash.erased[6] == 1 and sum(flash.erased) == 4
    assert flash.programs == 1 and flash.programmed_bytes == 4096
    assert port.ioctl(4, 0) == 512 and port.ioctl(5, 0) == 4096


def test_operations_take_their_time_and_the_world_goes_on():
    flash, port = device()
    seen = []
    SILICON.clock.after(10000, lambda _: seen.append(SILICON.clock.ms()))
    port.ioctl(6, 5)
    assert SILICON.clock.now() == 45000 and seen == [10]
    port.writeblocks(5, bytes(257), 0)
    assert SILICON.clock.now() == 45000 + 2 * 700
    port.readblocks(5, bytearray(8), 0)
    assert SILICON.clock.now() == 46440
    assert flash.longest_hold_us == flash.held_us == 46440
    SILICON.clock.idle(0, None)
    port.readblocks(5, bytearray(8), 0)
    assert flash.held_us == 46480 and flash.longest_hold_us == 46440
    assert flash.longest_closed_us == 0


def test_a_dead_chip_writes_nothing():
    world = powered()
    flash = world.flash
    old = flash.device()
    old.writeblocks(5, b"\x00", 0)
    SILICON.die(2, "test")
    old.writeblocks(5, b"\x00", 1)
    old.ioctl(6, 5)
    assert flash._data[5][:2] == b"\x00\xff"


def _kind_of(chip) -> str:
    """Which configuration the chip finds when it starts again."""
    chip.run(None, 1500)
    text = SILICON.rtc_memory
    return "torn" if text not in (b"a" * 1500, b"b" * 1500, b"-") else chr(text[0])


def test_a_power_cut_at_any_operation_leaves_the_old_or_the_new_file():
    for kind in (LOST, TORN, DONE):
        found = set()
        for cut in range(30):
            chip = programmed(_SAVE)
            chip.run(None, 1500)
            before = chip.world.flash.operations()
            chip.world.flash.cut_after(cut, kind)
            chip.run(None, 1200)
            found.add(_kind_of(chip))
            if not chip.deaths:
                assert chip.world.flash.operations() > before
                break
            remove(chip)
        assert found <= {"a", "b"} and len(found) == 2, (kind, found)
        assert cut > 5, cut


def test_the_contents_survive_in_their_file():
    path = "/tmp/twin-flash-" + "".join(f"{byte:02x}" for byte in os.urandom(6))
    for expected in (b"-", b"a" * 1500, b"b" * 1500):
        chip = programmed(_SAVE, flash_path=path)

        def story():
            yield 1500
            return SILICON.rtc_memory

        assert chip.run(story()) == expected
        remove(chip)
    assert os.stat(path)[6] == 512 * 4096
    os.remove(path)


def test_a_file_system_that_is_no_file_system_is_not_formatted_silently():
    world = powered()
    world.flash._data[0] = bytearray(4096)
    world.flash._data[1] = bytearray(4096)
    assert refused(OSError, world.flash.mount, "/data")
