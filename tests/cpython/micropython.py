"""Stands in for MicroPython's `micropython` module, so that pure rooms run under CPython."""


def const(value):
    return value


def native(function):
    return function


def viper(function):
    return function


def heap_lock():
    pass


def heap_unlock():
    return 0
