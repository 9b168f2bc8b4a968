"""`make logs`: what the box says about itself, without stopping it where it can be asked."""

import time

from chip import stop
from line import DeployError, Line, Nothing, Running

_LEVELS = ("error", "warning", "info", "debug")


def logs(port: str, follow: bool, halt: bool, force: bool):
    """Print the entries that the box keeps, and then, with `follow`, what it says next.

    `halt`: stop the firmware for them when it does not answer while it runs.
    """
    with Line(port) as line:
        found = line.what_runs()
        entries = line.ask('cmd("get_log")', 6.0) if isinstance(found, Running) else None
        if isinstance(entries, list):
            show(entries)
        elif isinstance(found, Nothing):
            print(
                "No firmware runs: the board shows a prompt. It is restarted; this is its start:"
            )
            line.take()
            line.restart()
        elif halt:
            _halted(line, force)
            return
        else:
            print(
                "The board does not answer while it runs. What it says from now on follows; for "
                "what it has kept it must be stopped (STOP=1), which ends a charge."
            )
        if follow:
            _follow(line)


def show(entries: list):
    """Entries of get_log, a line each."""
    for entry in entries:
        print(worded(entry))


def worded(entry) -> str:
    """One entry as a line; entries are objects or the list that a log keeps."""
    if isinstance(entry, dict):
        entry = [entry.get(key) for key in ("id", "time", "level", "topic", "text")]
    _, at, level, topic, text = entry
    level = _LEVELS[level] if isinstance(level, int) else level
    when = time.strftime("%Y-%m-%d %H:%M:%S ", time.localtime(at)) if at else ""
    return f"{when}{level}: {topic}: {text}"


def _halted(line: Line, force: bool):
    stop(line, force, "reading its memory")
    try:
        print(line.run('app.cmd("get_log")'), end="")
    except DeployError as error:
        print(f"Nothing is kept: {error}")
    finally:
        line.restart()


def _follow(line: Line):
    print("-- from now on; Ctrl-C ends --", flush=True)
    while True:
        print(line.listen(0.2), end="", flush=True)
