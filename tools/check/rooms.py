"""The rooms of the firmware: which file belongs to which, and what each room may import.

Imports point one way: app -> link -> slots; app -> store, board; all -> api, meter, charge ->
codec -> leaves.
"""

_PURE = ("micropython", "struct", "json")
_ASYNC = (*_PURE, "asyncio", "binascii", "errno", "hashlib", "os", "time")

# room: (rooms it may import from, modules of MicroPython it may import)
ALLOWED = {
    "leaf": (("leaf",), _PURE),
    "once": ((), ("sys",)),
    "codec": (("codec", "leaf"), _PURE),
    "charge": (("charge", "codec", "leaf"), _PURE),
    "meter": (("meter", "codec", "leaf"), _PURE),
    "api": (("api", "meter", "charge", "codec", "leaf"), (*_PURE, "sys")),  # for its modules
    "board": (
        ("board", "charge", "codec", "leaf"),
        (*_PURE, "_thread", "binascii", "esp", "esp32", "machine", "network", "os", "sys", "time"),
    ),
    "link": (
        ("link", "once", "slots", "api", "meter", "charge", "codec", "leaf"),
        (*_ASYNC, "cryptolib", "deflate", "gc", "io", "select", "socket", "ssl", "tls"),
    ),
    "store": (
        ("store", "once", "api", "meter", "charge", "codec", "leaf"),
        (*_ASYNC, "array", "gc", "sys", "vfs"),
    ),
    "slots": (("slots", "api", "charge", "codec", "leaf"), (*_ASYNC, "gc", "sys")),
    "console": (
        ("console", "link", "store", "board", "api", "meter", "charge", "codec", "leaf"),
        (*_ASYNC, "gc", "select", "sys"),
    ),
    "app": (
        (
            "app",
            "console",
            "link",
            "once",
            "slots",
            "store",
            "board",
            "api",
            "meter",
            "charge",
            "codec",
            "leaf",
        ),
        (*_ASYNC, "gc", "io", "select", "sys", "vfs"),
    ),
    "boot": (
        ("board", "leaf"),
        (*_PURE, "binascii", "esp32", "hashlib", "io", "machine", "os", "sys", "vfs"),
    ),
    "main": (("app", "board", "console"), (*_ASYNC, "gc", "machine", "sys")),
}

# Rooms that change what is on the flash.
WRITERS = ("store", "slots", "boot")

PURE = ("leaf", "codec", "charge", "meter", "api")

_FILES = {
    "boot.py": "boot",
    "main.py": "main",
    "firmware/board.py": "board",
    "firmware/calibration.py": "board",
    "firmware/led.py": "board",
    "firmware/probe.py": "board",
    "firmware/pulse_input.py": "board",
    "firmware/radio.py": "board",
    "firmware/sampler.py": "board",
    "firmware/wiring.py": "board",
    "firmware/checks.py": "leaf",
    "firmware/log.py": "leaf",
    "firmware/pace.py": "leaf",
    "firmware/schema.py": "leaf",
    "firmware/store/once.py": "once",
    "firmware/settings.py": "leaf",
    "firmware/settings_reader.py": "leaf",
    "firmware/thermistor.py": "leaf",
    "firmware/ticks.py": "leaf",
    "firmware/wiring_rules.py": "leaf",
}


def room_of(path: str) -> str:
    """The room of a file, given its path from the root of the repository."""
    if path in _FILES:
        return _FILES[path]
    parts = path.split("/")
    if len(parts) == 2:
        return "app"
    return "board" if parts[1] == "boards" else parts[1]
