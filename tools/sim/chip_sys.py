"""Stands in for `sys`: the chip's standard streams are its serial line, all else is the host's."""

import sys as host

from silicon import SILICON


def __getattr__(name):
    if name == "stdin" or name == "stdout":
        return SILICON.serial
    return getattr(host, name)
