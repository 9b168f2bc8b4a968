"""Code that is needed only at boot gives its memory back."""

import sys


def forget(name: str):
    """Drop the module firmware.store.`name`: its functions go with the next collection.

    What other code still refers to stays; importing the module again loads it anew.
    """
    sys.modules.pop("firmware.store." + name, None)
    room = sys.modules.get("firmware.store")
    if room and hasattr(room, name):
        delattr(room, name)
