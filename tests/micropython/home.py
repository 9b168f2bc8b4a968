"""For tests that put something of their own in the place of what a module calls by a name."""

import sys


def home(module):
    """The module whose names the code of `module` looks up: another one where it was merged.

    Frozen, most modules are parts of firmware.app (tools/merge), and what answers to their names
    holds copies.
    """
    name = getattr(module, "_merged_into", None)
    return sys.modules[name] if name else module
