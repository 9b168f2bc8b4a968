"""A real littlefs on a RAM chip, mounted for one test."""

import os

import vfs

from tests.unit.store.nor import Chip

FOLDER = "/flash"


def fresh(blocks=64):
    """Format a new chip and mount it at FOLDER; the chip."""
    chip = Chip(blocks)
    vfs.VfsLfs2.mkfs(chip)
    mount(chip)
    return chip


def mount(chip):
    """Mount a chip at FOLDER instead of what was there."""
    unmount()
    vfs.mount(vfs.VfsLfs2(chip), FOLDER)


def unmount():
    try:
        vfs.umount(FOLDER)
    except OSError:
        pass


def write(name, data):
    with open(FOLDER + "/" + name, "wb") as file:
        file.write(data)


def read(name):
    with open(FOLDER + "/" + name, "rb") as file:
        return file.read()


def names():
    return sorted(os.listdir(FOLDER))
