"""Takes a document of settings from anywhere; needed at boot and by `restore`, then let go."""

from firmware.schema import MASK, SettingError, check, row
from firmware.settings import LISTS, SECTIONS, VERSION

_MOST_ASIDE = 32


def read(settings, document) -> list:
    """See Settings.load."""
    if not isinstance(document, dict):
        raise SettingError("document", MASK, "an object")
    version = document.get("version", VERSION)
    if not isinstance(version, int) or not 0 < version <= VERSION:
        raise SettingError("version", version, f"1 to {VERSION}")
    settings.reset()
    messages = []
    lists = [name for name, _, _ in LISTS]
    for section, values in document.items():
        if section in SECTIONS and isinstance(values, dict):
            _section(settings, section, values, messages)
        elif section in lists and isinstance(values, list):
            _list(settings, section, values, messages)
        elif section == "aside" and isinstance(values, dict):
            _aside(settings, values, messages)
        elif section != "version":
            _set_aside(settings, section, values, messages)
    return messages


def _section(settings, section, values, messages):
    for name, value in values.items():
        name = section + "." + name
        if row(name) is None:
            _set_aside(settings, name, value, messages)
            continue
        try:
            taken = check(name, value)
            settings.agree({name: taken})
            setattr(getattr(settings, section), name[len(section) + 1 :], taken)
        except SettingError as error:
            messages.append(f"{error}; {name} stays at its default")


def _list(settings, listed, entries, messages):
    for entry in entries:
        try:
            settings.put(listed, entry)
        except SettingError as error:
            messages.append(f"{listed}: {error}; entry left out")


def _aside(settings, values, messages):
    # What an older version did not know may be known now; the rest waits on.
    for name, value in values.items():
        section = name.split(".")[0]
        if section in SECTIONS and row(name):
            _section(settings, section, {name[len(section) + 1 :]: value}, messages)
        elif len(settings.aside) < _MOST_ASIDE:
            settings.aside[name] = value


def _set_aside(settings, name, value, messages):
    messages.append(f"{name}: not known to this version; set aside")
    if len(settings.aside) < _MOST_ASIDE:
        settings.aside[name] = value
