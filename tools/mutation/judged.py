"""Survivors that somebody has looked at: (module, change) and why it may live."""

JUDGED = {}
