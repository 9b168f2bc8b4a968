"""Which board this controller was commissioned as, and what is connected to which pin."""

_NAME_FILE = "/data/board"


def chosen() -> dict | None:
    """The table `BOARD` of the board named in /data/board; None when nobody has chosen one.

    Raises ImportError for a name without a file in firmware/boards/.
    """
    try:
        with open(_NAME_FILE) as file:
            name = file.read().strip()
    except OSError:
        return None
    return named(name)


def named(name: str) -> dict:
    """The table of board `name`; ImportError if there is none."""
    return __import__(f"firmware.boards.{name}", None, None, ("BOARD",)).BOARD
