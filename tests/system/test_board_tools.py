"""Ports, logs, backups and factory resets over a serial line, and the simulated prompt itself."""

import os
import pty
import sys
import tarfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from simulated_board import ROOT, SimulatedBoard, deployed, image, tool

FILES = {
    "/data/config.0.json": b'{"crc": 1}\n{"version": 1}',
    "/data/config.1.json": bytes(range(256)) * 20,
    "/data/board": b"sim",
}
COUNTERS = {"/data/ledger/0": b"\x00\xff counter".ljust(4096, b"\xff")}


@pytest.fixture
def board(tmp_path):
    with SimulatedBoard(tmp_path / "chip") as started:
        yield started


def put(board, files: dict):
    """Write files at the chip's prompt."""
    lines = ["import os", "for n in ('/data', '/data/ledger'):", " try: os.mkdir(n)"]
    lines += [" except OSError: pass", "def put(n, d):", " f = open(n, 'wb')", " f.write(d)"]
    lines += [" f.close()"] + [f"put({name!r}, {data!r})" for name, data in files.items()]
    board.mpremote("exec", "\n".join(lines) + "\n")
    board.reset()


def get(board, name: str, folder: Path) -> bytes:
    board.mpremote("resume", "fs", "cp", f":{name}", str(folder / "got"))
    return (folder / "got").read_bytes()


def test_a_backup_comes_back_on_the_same_board(board, tmp_path):
    put(board, {**FILES, **COUNTERS})
    kept = tmp_path / "kept.tar.gz"
    done = tool("backup", board, "--file", str(kept))
    assert done.worked and "4 files" in done.text, done
    with tarfile.open(kept) as archive:
        held = {"/" + member.name: archive.extractfile(member).read() for member in archive}
    assert {name: held[name] for name in FILES} == FILES
    assert held["/data/ledger/0"] == COUNTERS["/data/ledger/0"]
    assert kept.stat().st_mode & 0o77 == 0
    newer = b"\x00\x00 counted on".ljust(4096, b"\xff")
    put(board, {"/data/config.0.json": b"changed", "/data/ledger/0": newer})
    done = tool("restore", board, "--file", str(kept))
    assert done.worked and "never go down" in done.text, done
    for name, data in FILES.items():
        assert get(board, name, tmp_path) == data
    assert get(board, "/data/ledger/0", tmp_path) == newer


def test_a_backup_moves_to_a_new_board(board, tmp_path):
    put(board, {**FILES, **COUNTERS})
    kept = tmp_path / "kept.tar.gz"
    assert tool("backup", board, "--file", str(kept)).worked
    with SimulatedBoard(tmp_path / "new") as new:
        done = tool("restore", new, "--file", str(kept))
        assert done.worked and "never go down" not in done.text, done
        for name, data in {**FILES, **COUNTERS}.items():
            assert get(new, name, tmp_path) == data, name


def test_a_damaged_backup_is_refused_before_the_board_is_stopped(board, tmp_path):
    put(board, FILES)
    kept = tmp_path / "kept.tar.gz"
    assert tool("backup", board, "--file", str(kept)).worked
    data = bytearray(kept.read_bytes())
    data[len(data) // 2] ^= 1
    boots = board.order("state")["boots"]
    for name, content in (("damaged", data), ("cut", data[:100]), ("text", b"hello")):
        path = tmp_path / name
        path.write_bytes(content)
        done = tool("restore", board, "--file", str(path))
        assert not done.worked and "Traceback" not in done.text, done
    assert "no such" in tool("restore", board, "--file", str(tmp_path / "nix")).text.lower()
    assert board.order("state")["boots"] == boots


def test_a_factory_reset_forgets_settings_and_keeps_counters(board, tmp_path):
    deployed(board, image(tmp_path / "one", "1.0.1"), "--board", "sim")
    put(board, {**FILES, **COUNTERS})
    done = tool("factory-reset", board)
    assert not done.worked and "CONFIRM=yes" in done.text and "forgets" in done.text, done
    done = tool("factory-reset", board, "--confirm", "yes")
    assert done.worked and "2 files of settings are gone" in done.text, done
    names = board.look("os.listdir('/data')")
    assert "config" not in names and "board" in names and "slots" in names, names
    assert get(board, "/data/ledger/0", tmp_path) == COUNTERS["/data/ledger/0"]


def test_a_log_is_read_without_stopping_the_firmware(board, tmp_path):
    deployed(board, image(tmp_path / "one", "1.0.1"), "--board", "sim")
    boots = board.order("state")["boots"]
    done = tool("logs", board, "--once")
    assert done.worked and "info: app: stand-in started" in done.text, done
    assert board.order("state")["boots"] == boots


def test_a_firmware_that_keeps_silent_is_left_alone(board, tmp_path):
    deployed(board, image(tmp_path / "one", "1.0.1"), "--board", "sim")
    put(board, {"/data/silent": b"1"})
    boots = board.order("state")["boots"]
    done = tool("logs", board, "--once")
    assert done.worked and "does not answer while it runs" in done.text, done
    assert board.order("state")["boots"] == boots


@pytest.mark.parametrize("command", ["deploy", "logs", "backup", "repl", "factory-reset"])
def test_a_wrong_port_is_said_in_words(command, tmp_path):
    confirmed = ["--confirm", "yes", "--image", str(image(tmp_path / "one", "1.0.1"))]
    for port, said in (("/dev/nix", "there is no /dev/nix"), ("/dev/null", "no serial port")):
        done = tool(command, None, *confirmed, port=port)
        assert not done.worked and said in done.text, done
        assert "Traceback" not in done.text, done


def test_a_port_that_somebody_uses_is_said_in_words(board):
    import serial

    with serial.Serial(board.port, exclusive=True):
        done = tool("backup", board)
    assert not done.worked and "is in use" in done.text, done


def test_a_port_at_which_nothing_answers(tmp_path):
    master, slave = pty.openpty()
    os.set_blocking(master, False)
    done = tool("backup", None, port=os.ttyname(slave))
    assert not done.worked and "no command is answered" in done.text, done
    done = tool("backup", None, "--force", port=os.ttyname(slave))
    assert not done.worked and "no MicroPython answers" in done.text, done


def test_mpremote_finds_its_usual_prompt(board, tmp_path):
    assert board.mpremote("exec", "print('x' * 3000)").strip() == "x" * 3000
    assert board.mpremote("eval", "6 * 7").strip() == "42"
    data = bytes(range(256)) * 40
    (tmp_path / "data").write_bytes(data)
    board.mpremote("fs", "cp", str(tmp_path / "data"), ":/data.bin")
    assert get(board, "/data.bin", tmp_path) == data
    assert "data.bin" in board.mpremote("fs", "ls", ":/")
    script = ROOT / "tests" / "micropython" / "skip.py"
    board.mpremote("run", str(script))
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        board.mpremote("exec", "1 / 0")
    board.mpremote("exec", "import machine", "+", "soft-reset", "+", "fs", "rm", ":/data.bin")
    assert board.look("os.listdir('/')") == "['host']"


def test_a_person_finds_the_usual_prompt(board):
    import serial

    with serial.Serial(board.port, timeout=0.5) as line:

        def typed(text: bytes) -> str:
            line.write(text)
            return line.read(4000).decode()

        typed(b"\r\x03")
        assert typed(b"1 + 1\r").endswith("1 + 1\r\n2\r\n>>> ")
        assert typed(b"for i in range(2):\r  print(i)\r\r").endswith("0\r\n1\r\n>>> ")
        assert "ZeroDivisionError" in typed(b"1/0\r")
        assert typed(b"\x05a = 5\rprint(a)\r\x04").endswith("5\r\n>>> ")
        line.write(b"import time\rwhile True: time.sleep_ms(5)\r\r")
        assert "KeyboardInterrupt" in typed(b"") + typed(b"\x03")
        assert "soft reboot" in typed(b"\x04")
        assert typed(b"a\r").count("NameError") == 1
