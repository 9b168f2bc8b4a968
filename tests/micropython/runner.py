"""Runs the named tests of one file on MicroPython and reports each as one `@@ {json}` line.

Started by tests/conftest.py: micropython runner.py ROOT MODULE FOLDER[:FOLDER...] TEST...
where FOLDERs come before everything else on the import path.
"""

import asyncio
import io
import json
import sys
import time

import micropython

_ROOT, _MODULE, _FOLDERS = sys.argv[1:4]
_TESTS = sys.argv[4:]
_ticks_ms = time.ticks_ms
_ticks_diff = time.ticks_diff
_dumps = json.dumps


def _report(**values):
    print("@@ " + _dumps(values))


def _traceback(error) -> str:
    text = io.StringIO()
    sys.print_exception(error, text)
    return text.getvalue()


def _call(function):
    result = function()
    if hasattr(result, "throw"):  # an async def test: its coroutine still has to run
        asyncio.new_event_loop()
        asyncio.run(result)


def _release_heap() -> bool:
    """Undo what a test that failed under heap_lock() left behind; True if it left anything."""
    locked = False
    while True:
        try:
            bytearray(64)
            return locked
        except MemoryError:
            locked = True
            micropython.heap_unlock()


def _run(module, name: str):
    _report(start=name)
    started = _ticks_ms()
    outcome, detail = "passed", ""
    try:
        _call(getattr(module, name))
    except BaseException as error:
        _release_heap()
        if type(error).__name__ == "Skip":
            outcome, detail = "skipped", str(error)
        else:
            outcome, detail = "failed", _traceback(error)
    if _release_heap():
        outcome, detail = "failed", "the test left the heap locked"
    _report(test=name, outcome=outcome, detail=detail, ms=_ticks_diff(_ticks_ms(), started))


def _import(name: str):
    module = __import__(name)
    for part in name.split(".")[1:]:
        module = getattr(module, part)
    return module


class _Chip:
    """Stands in for a module that only the chip has, when nothing of it is called."""

    def __getattr__(self, name):
        return _Chip()


def _prepare_frozen():
    """A firmware that is part of the interpreter is one module for the greater part: all of it
    is loaded, and wants the modules of the chip, even when a test is about something else.
    """
    sys.path[:] = [".frozen"]
    try:
        import firmware  # noqa: F401
    except ImportError:
        return
    folders = _FOLDERS.split(":")
    twins = folders[-1].endswith("/tools/sim")
    sys.path[:] = folders + [".frozen"]
    if twins:  # now, and not when the stack is deep
        import install

        install.install()
    for name in ("machine", "esp32", "network"):
        if twins:
            __import__(name)
        else:
            sys.modules[name] = _Chip()


def main():
    """Import the file, then run its tests in the order given."""
    _prepare_frozen()
    sys.path[:] = _FOLDERS.split(":") + [".frozen", _ROOT]
    try:
        module = _import(_MODULE)
    except BaseException as error:
        _report(broken=_traceback(error))
        sys.exit(1)
    for name in _TESTS:
        _run(module, name)


main()
