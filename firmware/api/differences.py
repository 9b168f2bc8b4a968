"""What would change between two configuration documents, in lines that a person can judge."""

from firmware.schema import masked, row

_KEYS = ("dev_id", "id", "name")


def differences(old, new, path: str = ""):
    """Yield `charge.max_current_ma: 16000 -> 20000` for each difference; secrets are stars.

    Entries of lists are told apart by their dev_id, id or name; what is missing on one side is
    shown as -.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(set(old) | set(new)):
            below = f"{path}.{key}" if path else key
            yield from differences(old.get(key), new.get(key), below)
    elif isinstance(old, list) and isinstance(new, list) and _named(old) and _named(new):
        yield from differences(_by_name(old), _by_name(new), path)
    elif old != new:
        yield f"{path}: {_shown(path, old)} -> {_shown(path, new)}"


def _named(entries) -> bool:
    return all(isinstance(entry, dict) and _name(entry) for entry in entries)


def _name(entry):
    for key in _KEYS:
        if entry.get(key):
            return entry[key]
    return None


def _by_name(entries) -> dict:
    return {_name(entry): entry for entry in entries}


def _shown(path, value) -> str:
    if value is None:
        return "-"
    line = row(path) if path.count(".") == 1 else None
    if line and isinstance(value, str):
        value = masked(line, value)
    if path.startswith("users."):
        value = "***"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
