"""The page of the access point: choose a Wi-Fi, give the passwords, see what became of it."""

from micropython import const

_MOST = const(15)

_TOP = """<!doctype html><html lang=en><meta charset=utf-8>
<meta name=viewport content="width=device-width"><title>Wallbox</title><style>
body{font:1.1em sans-serif;max-width:26em;margin:1em auto;padding:0 1em}
input,select,button{font:inherit;width:100%;padding:.4em;margin:.2em 0 1em;box-sizing:border-box}
.bad{color:#b00}</style><h1>Wallbox """
_WAIT = '<meta http-equiv=refresh content="3;url=/first-start"><p>'
_FORM = """<form method=post action=/first-start autocomplete=off>
<label>Your Wi-Fi</label><select name=known><option value="">another one, typed below</option>"""
_NAME = """</select><p><a href="/first-start?scan=1">Look again</a>
<label>Name, if it is not in the list</label><input name=ssid maxlength=32>
<label>Wi-Fi password</label><input name=key type=password maxlength=63>"""
_OLD = """<label>Present password of this box</label><input name=old type=password>
<label>New password of this box, if you want another one</label>"""
_FRESH = "<label>A password for this box, 8 characters or more</label>"
_NEW = """<input name=new type=password maxlength=64>
<label>The same again</label><input name=again type=password maxlength=64>
<button>Save and connect</button></form>"""


def pieces(title: str, view: dict):
    """Yield the page in pieces of text.

    `view`: `networks` (names, None while they are looked for), `ssid` (the one that is set),
    `secured` (the box has a password), `problems` and `state` (sentences), `busy` (come back
    later: the form would only be in the way).
    """
    yield _TOP + escaped(title) + "</h1>"
    for problem in view["problems"]:
        yield f"<p class=bad>{escaped(problem)}</p>"
    if view["state"]:
        yield f"<p>{escaped(view['state'])}</p>"
    if view["busy"]:
        yield _WAIT + "One moment …"
        return
    yield _FORM
    for name in view["networks"][:_MOST]:
        text = escaped(name)
        chosen = " selected" if name == view["ssid"] else ""
        yield f'<option value="{text}"{chosen}>{text}</option>'
    yield _NAME
    yield _OLD if view["secured"] else _FRESH
    yield _NEW


def names(found: list) -> list:
    """The names in a list of (bytes, signal in dBm), the strongest first, each once.

    Hidden networks and names that are no UTF-8 are left out: they can be typed.
    """
    listed = []
    for data, _ in sorted(found, key=lambda entry: -entry[1]):
        try:
            name = str(data, "utf-8")
        except UnicodeError:
            continue
        if name and name not in listed:
            listed.append(name)
    return listed


def escaped(text: str) -> str:
    """`text` as HTML shows it, in quotes as well: the air is full of strange names."""
    for char, entity in (("&", "amp"), ("<", "lt"), (">", "gt"), ('"', "quot"), ("'", "#39")):
        text = text.replace(char, f"&{entity};")
    return text
