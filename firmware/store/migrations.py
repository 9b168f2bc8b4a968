"""Documents of older versions become documents of today."""

from firmware.store.errors import StoreError

# version: (what is done, function that changes the document in place). None is needed so far.
STEPS = {}


def migrate(document: dict, version: int, messages: list, steps: dict = STEPS) -> dict:
    """Bring `document` up to `version` step by step; a message for each step.

    Only RAM is changed: the next save writes the new form, and the old one stays on the flash as
    the previous copy. StoreError: a step is missing.
    """
    while document["version"] < version:
        number = document["version"]
        if number not in steps:
            raise StoreError(f"no way from version {number} to {version}")
        text, change = steps[number]
        try:
            change(document)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StoreError(f"version {number} is not as it should be: {error!r}")
        document["version"] = number + 1
        messages.append(f"configuration of version {number} taken over: {text}")
    return document
