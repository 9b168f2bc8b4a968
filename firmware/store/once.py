"""Code that is needed only at boot gives its memory back."""

import sys


def forget(name: str, room: str = "firmware.store"):
    """Drop the module `name` of a room: its functions go with the next collection.

    What other code still refers to stays; importing the module again loads it anew.
    """
    sys.modules.pop(room + "." + name, None)
    package = sys.modules.get(room)
    if package and hasattr(package, name):
        delattr(package, name)
