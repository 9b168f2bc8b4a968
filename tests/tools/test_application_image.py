"""wallbox-app.img: what is put before a built micropython.bin, and which files are refused."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools" / "image"))

import application as tool
import image

from tests.application_image import application


def built(content=b"", chip=0):
    version = image.facts(ROOT)["version"].encode()
    return application(version + content, chip)


def tried(tmp_path, data):
    """What the tool says to a file with these bytes."""
    (tmp_path / "micropython.bin").write_bytes(data)
    words = ["--output", tmp_path / "image", "--application", tmp_path / "micropython.bin"]
    return subprocess.run(
        [sys.executable, ROOT / "tools/image", *words], capture_output=True, text=True, check=False
    )


def test_the_file_is_a_header_that_boxes_can_judge_and_the_application(tmp_path):
    data = built(b"x" * 9000)
    answer = tried(tmp_path, data)
    assert answer.returncode == 0 and "wallbox-app.img" in answer.stdout, answer
    written = (tmp_path / "wallbox-app.img").read_bytes()
    assert written[256:] == data and written[255:256] == b"\n"
    assert written.startswith(b'{"application":1,')
    header = json.loads(written[:256])
    facts = image.facts(ROOT)
    assert {name: header[name] for name in facts} == facts
    assert header["chip"] == "esp32" and header["size"] == len(data)
    assert header["sha256"] == hashlib.sha256(data).hexdigest()
    assert header["boards"] == sorted(
        path.stem for path in (ROOT / "firmware/boards").glob("*.py")
    )
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".bin"] == [
        "wallbox-app.img"
    ]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "no application of ESP-IDF"),
        (b"\xff" * 5000, "micropython.bin is expected, not firmware.bin"),
        (built(chip=9), "for another chip (chip id 9)"),
        (built()[:-1], "damaged"),
        (built()[:400] + b"#" + built()[401:], "damaged"),
        (built()[:23] + b"\0" + built()[24:], "without a SHA-256"),
        (built()[:32] + b"\0" + built()[33:], "no description of an application"),
        (application(b"x" * 1000), "no firmware of version"),
        (built(bytes(1788 * 1024)), "the partition has room for 1830912"),
    ],
)
def test_what_is_no_application_of_this_checkout_is_refused_by_name(tmp_path, data, text):
    answer = tried(tmp_path, data)
    assert answer.returncode == 1 and text in answer.stderr, answer
    assert not (tmp_path / "wallbox-app.img").exists()


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(image.ImageError, match=r"none\.bin: No such file"):
        tool.wrap(tmp_path / "none.bin", tmp_path / "wallbox-app.img")
