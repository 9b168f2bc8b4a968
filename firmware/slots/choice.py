"""Which slot starts next: small files in /data/slots that boot.py and the firmware share."""

import os
import sys

FOLDER = "/data/slots/"


def running() -> tuple:
    """(slot, mapped): "a" or "b", "" when the firmware runs from files; as boot.py has left it.

    `mapped` is "application" where the slots are the chip's two application partitions.
    """
    found = sys.modules.get("slot")
    return found if isinstance(found, tuple) else ("", False)


def form() -> str:
    """Where slots lie: "files", "partition" (mapped), or "application" (frozen firmware)."""
    mapped = running()[1]
    return mapped if isinstance(mapped, str) else "partition" if mapped else "files"


def frozen(path: str = __file__) -> bool:
    """Whether the firmware is part of the MicroPython that runs it: it lies in no file."""
    try:
        os.stat(path)
    except OSError:
        return True
    return False


def other(slot: str) -> str:
    """The slot that is not running, and may be written."""
    return "b" if slot == "a" else "a"


def words(name: str) -> list:
    """What one of the files says; nothing when it is not there."""
    try:
        with open(FOLDER + name) as file:
            return file.read(200).split()
    except (OSError, UnicodeError):
        return []


def on_trial() -> bool:
    """Whether the version that runs has not been confirmed yet."""
    return words("choice")[:2] == [running()[0], "trial"]


def choose(slot: str, state: str):
    """Say what boot.py shall start next: state good, trial or bad. OSError: it is as before."""
    keep("choice", f"{slot} {state} 0")


def confirm(slot: str, device):
    """The version that runs is good, for boot.py and, by `device`, for the chip's bootloader.

    `device` is the other application partition, and is not used in another form. OSError: the
    flash refused, and the version is still on trial.
    """
    if form() == "application":
        # First the bootloader: a power cut between the two gives another trial, not a rollback.
        device.mark_app_valid_cancel_rollback()
    if words("choice")[:2] != [slot, "good"]:
        choose(slot, "good")


def keep(name: str, text: str):
    """Write one of the files, all of it or nothing; OSError from the flash."""
    try:
        os.mkdir(FOLDER[:-1])
    except OSError:
        pass
    with open(FOLDER + name + ".new", "w") as file:
        file.write(text)
    os.rename(FOLDER + name + ".new", FOLDER + name)


def drop(name: str):
    """Remove one of the files, if it is there."""
    try:
        os.remove(FOLDER + name)
    except OSError:
        pass


def forget(more: str = ""):
    """Give back the memory of this room, and of the module `more`; what is in use stays."""
    for name in list(sys.modules):
        if name.startswith("firmware.slots.") or name == more:
            package, _, last = name.rpartition(".")
            del sys.modules[name]
            if hasattr(sys.modules.get(package), last):
                delattr(sys.modules[package], last)
