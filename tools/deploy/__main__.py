"""`make flash`, `deploy`, `repl`, `logs`, `backup`, `restore` and `factory-reset`."""

import argparse
import sys
from pathlib import Path

from line import DeployError

ROOT = Path(__file__).resolve().parents[2]
IMAGE = ROOT / "build" / "wallbox.img"


def _flash(given):
    from flash import flash

    flash(given.port, given.firmware, given.erase)


def _deploy(given):
    from deploy import deploy

    deploy(given.port, given.image, given.board, given.force)


def _repl(given):
    from repl import repl

    repl(given.port)


def _logs(given):
    from logs import logs

    logs(given.port, not given.once, given.stop, given.force)


def _backup(given):
    from keep import backup

    backup(given.port, given.file, given.force)


def _restore(given):
    from keep import restore

    if given.file is None:
        raise DeployError("say which backup: FILE=wallbox-....tar.gz")
    restore(given.port, given.file, given.force)


def _factory_reset(given):
    from keep import factory_reset

    factory_reset(given.port, given.confirm == "yes", given.force)


_COMMANDS = {
    "flash": _flash,
    "deploy": _deploy,
    "repl": _repl,
    "logs": _logs,
    "backup": _backup,
    "restore": _restore,
    "factory-reset": _factory_reset,
}


def parser() -> argparse.ArgumentParser:
    """All options; the Makefile hands them on from its variables."""
    wanted = argparse.ArgumentParser(prog="make", description=__doc__)
    wanted.add_argument("command", choices=_COMMANDS)
    wanted.add_argument("--port", default="")
    wanted.add_argument("--image", type=Path, default=IMAGE)
    wanted.add_argument("--firmware", default="")
    wanted.add_argument("--board", default="")
    wanted.add_argument("--file", type=Path)
    wanted.add_argument("--confirm", default="")
    for name in ("erase", "force", "once", "stop"):
        wanted.add_argument(f"--{name}", action="store_true")
    return wanted


def main() -> int:
    given = parser().parse_args()
    try:
        _COMMANDS[given.command](given)
    except DeployError as error:
        print(f"{given.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print()
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
