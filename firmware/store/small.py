"""Files of a line that a person at the console has written: the board, its calibration."""

import os

from firmware.store.errors import StoreError


def write(path: str, text: str):
    """Put `text` into a file, as a whole or not at all; StoreError when that fails."""
    try:
        with open(path + ".new", "w") as file:
            file.write(text)
        os.rename(path + ".new", path)
    except OSError as error:
        raise StoreError(f"{path} is not written: {error}") from None
