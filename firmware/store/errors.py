"""The one exception of this room."""


class StoreError(Exception):
    """What is on the flash, or what should go there, cannot be used; the text says why."""
