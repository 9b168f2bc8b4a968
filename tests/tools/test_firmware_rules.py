"""The checker must find planted violations, and must leave good code alone."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "tools" / "check"))

import firmware_rules

LONG_BODY = "    x = 1\n" * 41

VIOLATIONS = [
    ("firmware/codec/mqtt.py", "import time\n", "room 'codec' may not import time"),
    ("firmware/codec/mqtt.py", "import asyncio\n", "room 'codec' may not import asyncio"),
    ("firmware/codec/a.py", "from firmware.link import stream\n", "may not import from 'link'"),
    (
        "firmware/codec/a.py",
        "from firmware.charge.point import X\n",
        "may not import from 'charge'",
    ),
    ("firmware/charge/a.py", "import firmware.store.config\n", "may not import from 'store'"),
    ("firmware/charge/a.py", "def f():\n    import machine\n", "may not import machine"),
    ("firmware/meter/a.py", "from firmware import board\n", "may not import from 'board'"),
    ("firmware/meter/a.py", "from firmware import app\n", "may not import from 'app'"),
    ("firmware/api/a.py", "from firmware.link.mqtt import X\n", "may not import from 'link'"),
    ("firmware/link/a.py", "import network\n", "room 'link' may not import network"),
    ("firmware/link/a.py", "from machine import UART\n", "may not import machine"),
    ("firmware/store/a.py", "from firmware.link import mqtt\n", "may not import from 'link'"),
    ("firmware/store/a.py", "import esp32\n", "room 'store' may not import esp32"),
    ("firmware/app.py", "import machine\n", "room 'app' may not import machine"),
    ("firmware/ticks.py", "from firmware.codec import rtu\n", "may not import from 'codec'"),
    ("firmware/app.py", "from .link import mqtt\n", "may not import .link"),
    ("firmware/app.py", "import typing\n", "may not import typing"),
    ("boot.py", "from firmware.app import App\n", "may not import from 'app'"),
    ("firmware/link/a.py", "socket.getaddrinfo(a, 1)\n", "getaddrinfo() blocks the loop"),
    ("firmware/link/a.py", "time.sleep_ms(5)\n", "sleep_ms() blocks the loop"),
    ("firmware/link/a.py", "from time import sleep\nsleep(1)\n", "sleep() blocks the loop"),
    ("firmware/link/a.py", "s.settimeout(3)\n", "settimeout() makes the socket wait"),
    ("firmware/link/a.py", "s.setblocking(True)\n", "a blocking socket holds the loop"),
    ("firmware/codec/a.py", "open('x')\n", "a pure room opens no files"),
    ("firmware/app.py", "open('x', 'w')\n", "only store/ and slots/ open files for writing"),
    ("firmware/app.py", "open('x', mode)\n", "only store/ and slots/ open files for writing"),
    ("firmware/app.py", "open('x', mode='ab')\n", "only store/ and slots/ open files for writing"),
    ("firmware/app.py", "os.remove('x')\n", "only store/ and slots/ change the file system"),
    ("firmware/app.py", "def f():\n" + LONG_BODY, "f has 42 lines, more than 40"),
    ("firmware/app.py", "x = 1\n" * 300, "301 lines; a module has at most 300"),
    ("firmware/app.py", "def f():\n    global x\n    x = 1\n", "globals do not change"),
    ("firmware/app.py", "class A(dict):\n    pass\n", "A inherits from dict"),
    ("firmware/app.py", "@cached\ndef f():\n    pass\n", "the decorator cached wraps f"),
    ("firmware/app.py", "x = 1  # TODO later\n", "unfinished: # TODO later"),
    ("firmware/app.py", "x = = 1\n", "invalid syntax"),
]

GOOD = [
    ("firmware/codec/a.py", "from micropython import const\nimport struct, json\n"),
    ("firmware/codec/a.py", "from firmware.codec.rtu import X\nfrom firmware import ticks\n"),
    ("firmware/charge/a.py", "from firmware.charge import limits\nfrom firmware.codec import a\n"),
    ("firmware/api/a.py", "from firmware.meter.reading import Reading\n"),
    ("firmware/link/a.py", "import asyncio\nfrom asyncio import sleep_ms\n"),
    (
        "firmware/link/a.py",
        "from asyncio import sleep_ms\nasync def f():\n    await sleep_ms(1)\n",
    ),
    ("firmware/link/a.py", "import asyncio\nasync def f():\n    await asyncio.sleep_ms(1)\n"),
    ("firmware/link/a.py", "s.setblocking(False)\ns.settimeout(0)\n"),
    ("firmware/link/stream.py", "socket.getaddrinfo('127.0.0.1', 1)\n"),
    ("firmware/board.py", "import machine, esp32, network\n"),
    ("firmware/boards/sim.py", "from firmware.boards.devkit import BOARD\n"),
    ("firmware/store/a.py", "open('x', 'w')\nos.rename('x', 'y')\n"),
    ("firmware/app.py", "open('x')\nopen('x', 'rb')\n"),
    ("firmware/app.py", "from firmware.link import mqtt\nfrom firmware import board, settings\n"),
    ("firmware/app.py", "class A(Exception):\n    pass\n\nclass B(ApiError):\n    pass\n"),
    ("firmware/app.py", "@property\ndef f():\n    pass\n\n@f.setter\ndef f():\n    pass\n"),
    ("firmware/app.py", "x = 'TODO'  # done\n"),
    ("boot.py", "import machine\nfrom firmware import wiring\n"),
]


@pytest.mark.parametrize(("path", "text", "message"), VIOLATIONS)
def test_a_planted_violation_is_found_once(path, text, message):
    findings = [str(found) for found in firmware_rules.check_text(path, '"""A."""\n' + text)]
    assert len(findings) == 1, findings
    assert message in findings[0]


@pytest.mark.parametrize(("path", "text"), GOOD)
def test_good_code_is_left_alone(path, text):
    assert firmware_rules.check_text(path, '"""A."""\n' + text) == []


def test_a_finding_names_file_and_line():
    text = '"""A."""\n\n\nimport time\n'
    assert str(firmware_rules.check_text("firmware/codec/a.py", text)[0]) == (
        "firmware/codec/a.py:4: room 'codec' may not import time"
    )


def test_a_module_without_docstring_is_found():
    assert len(firmware_rules.check_text("firmware/app.py", "x = 1\n")) == 1


def test_a_docstring_does_not_make_a_function_long():
    text = '"""A."""\n\n\ndef f():\n    """' + "Words.\n" * 60 + '"""\n' + "    x = 1\n" * 39
    assert firmware_rules.check_text("firmware/app.py", text) == []


def test_a_whole_tree_is_checked(tmp_path):
    for name in ("boot.py", "main.py", "firmware/codec/__init__.py", "firmware/codec/a.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('"""A."""\n\nimport network\n')
    findings = [found.path for found in firmware_rules.check(tmp_path)]
    assert findings == ["boot.py", "firmware/codec/__init__.py", "firmware/codec/a.py", "main.py"]
