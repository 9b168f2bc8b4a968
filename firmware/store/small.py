"""Files of a line, written by a person at the console: which board this is, how it is calibrated."""

import os

from firmware.store.errors import StoreError


def write(path: str, text: str):
    """Put `text` into a file as a whole or not at all; StoreError when the flash does not take it."""
    try:
        with open(path + ".new", "w") as file:
            file.write(text)
        os.rename(path + ".new", path)
    except OSError as error:
        raise StoreError(f"{path} is not written: {error}") from None
