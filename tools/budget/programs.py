"""On the 32-bit MicroPython: small programs whose time on an ESP32 is known, in marked runs.

Each runs 100 times and then 1100 times, so that the difference is free of what the marks cost.
"""

import asyncio
import json
import os
import struct

_TEXT = json.dumps(
    {
        "devices": [
            {"dev_id": "E1", "state": 3, "cur": 16000, "power": 11040, "name": "Wallbox"},
            {"dev_id": "M1", "power": 11040.5, "current": [16000, 16010, 15990]},
        ],
        "variables": [1, 2.5, True, None, "text"],
    }
)
_VALUE = json.loads(_TEXT)
_BYTES = bytes(40)
_FORM = "%d %s %.2f"


def empty_loop(times):
    for _ in range(times):
        pass


def addition(times):
    total = 0
    for i in range(times):
        total += i


def json_loads(times):
    for _ in range(times):
        json.loads(_TEXT)


def json_dumps(times):
    for _ in range(times):
        json.dumps(_VALUE)


def struct_unpack(times):
    for _ in range(times):
        struct.unpack("<BHIbhif", _BYTES)


def text_format(times):
    for _ in range(times):
        _FORM % (1234, "abcdef", 3.14159)


def dict_insert(times):
    known = {}
    for i in range(times):
        known[i] = i


async def _switches(times):
    for _ in range(times):
        await asyncio.sleep_ms(0)


def task_switch(times):
    asyncio.run(_switches(times))


for _program in (
    empty_loop,
    addition,
    json_loads,
    json_dumps,
    struct_unpack,
    text_format,
    dict_insert,
    task_switch,
):
    for _times in (100, 1100):
        os.getenv("MARK")
        _program(_times)
        os.unsetenv("MARK")
