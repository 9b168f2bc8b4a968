"""Put the twins in the place of the modules they stand for."""

import sys

_TWINS = ("time", "select", "machine", "esp32", "network", "socket")


def _folder() -> str:
    here = __file__.rsplit("/", 1)
    return here[0] + "/twins" if len(here) == 2 else "twins"


def install():
    """Make `import machine` and the like find the twins, and give a new asyncio their clock.

    May be called again: asyncio is fresh after each call, and so are the queues of its loop.
    """
    folder = _folder()
    if folder not in sys.path:
        sys.path.insert(0, folder)
        for name in _TWINS:
            sys.modules.pop(name, None)
    import chip_micropython
    import chip_sys
    import collector
    import rom
    import tasks
    import threads

    sys.modules["gc"] = collector
    sys.modules["_thread"] = threads
    sys.modules["vfs"] = rom
    # Who wants the host's own takes `host` of these two; a bridge has put its own `sys` there.
    sys.modules.setdefault("sys", chip_sys)
    sys.modules["micropython"] = chip_micropython
    # The frozen asyncio takes its queue from here; the builtin one knows only the host's clock.
    sys.modules["_asyncio"] = tasks
    for name in list(sys.modules):
        if name == "asyncio" or name.startswith("asyncio."):
            del sys.modules[name]
