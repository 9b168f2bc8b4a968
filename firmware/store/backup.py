"""The configuration as one JSON file to keep elsewhere, and the way back with a dry run."""

import json

from micropython import const

from firmware.store.config import pieces
from firmware.store.errors import StoreError

_FORM = const(1)
_IDENTITIES = ("dev_id", "id", "name")


def backup(document: dict, vault, secrets: bool = False):
    """Yield the backup as pieces of JSON text; passwords only when `secrets` are asked for."""
    yield f'{{"wallbox_backup":{_FORM},"document":\n'
    yield from pieces(document if secrets else _bare(document, vault, ""), None, "")
    yield "\n}\n"


def restored(text, current: dict, vault):
    """The document of a backup; passwords that it lacks are taken from `current`.

    StoreError: it is no backup, or of a newer form. The values are for Settings.load to check.
    """
    try:
        outer = json.loads(text)
    except ValueError:
        raise StoreError("the backup is not JSON")
    if not isinstance(outer, dict) or not isinstance(outer.get("document"), dict):
        raise StoreError("this is no backup of a wallbox")
    if outer.get("wallbox_backup") != _FORM:
        raise StoreError("the backup is of another form than this firmware reads")
    return _completed(outer["document"], current, vault)


def changes(old, new, vault, path: str = ""):
    """Yield one line for each difference between two documents; passwords are not shown."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(set(old) | set(new)):
            yield from changes(old.get(key), new.get(key), vault, f"{path}.{key}" if path else key)
    elif isinstance(old, list) and isinstance(new, list) and _named(old) and _named(new):
        yield from changes(_by_name(old), _by_name(new), vault, path)
    elif old != new:
        yield f"{path}: {_shown(path, old, vault)} -> {_shown(path, new, vault)}"


def _bare(value, vault, name):
    if isinstance(value, dict):
        kept = ((key, _bare(value[key], vault, key)) for key in value)
        return {key: inner for key, inner in kept if inner is not None}
    if isinstance(value, list):
        return [_bare(item, vault, name) for item in value]
    if isinstance(value, str) and vault.secret(name, value):
        return None
    return value


def _completed(new, current, vault):
    if isinstance(new, dict) and isinstance(current, dict):
        whole = {key: _completed(new[key], current.get(key), vault) for key in new}
        for key, value in current.items():
            if key not in new and isinstance(value, str) and vault.secret(key, value):
                whole[key] = value
        return whole
    if isinstance(new, list) and isinstance(current, list) and _named(new) and _named(current):
        known = _by_name(current)
        return [_completed(item, known.get(_identity(item)), vault) for item in new]
    return new


def _identity(item):
    for name in _IDENTITIES:
        if name in item:
            return str(item[name])
    return None


def _named(items):
    return all(isinstance(item, dict) and _identity(item) for item in items)


def _by_name(items):
    return {_identity(item): item for item in items}


def _shown(path, value, vault):
    if isinstance(value, str) and vault.secret(path.split(".")[-1], value):
        return "***"
    text = "nothing" if value is None else json.dumps(_bare(value, vault, ""))
    return text if len(text) <= 60 else text[:57] + "..."
