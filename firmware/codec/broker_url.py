"""What a user writes as "broker": mqtt://user:password@host:port and its relatives."""

from firmware.codec.broker import Broker, is_address

# scheme: (encrypted, MQTT version tried first, lower version allowed, usual port)
_SCHEMES = {
    "mqtt": (False, 4, False, 1883),
    "mqtts": (True, 4, False, 8883),
    "mqtt3": (False, 4, False, 1883),
    "mqtts3": (True, 4, False, 8883),
    "mqtt5": (False, 5, True, 1883),
    "mqtts5": (True, 5, True, 8883),
}
_HEXADECIMAL = "0123456789abcdefABCDEF"


class UrlError(Exception):
    """The text names no broker; the argument says why and never repeats a password."""


def parse(text: str) -> Broker:
    """The broker that a URL names. Raises UrlError."""
    scheme, mark, rest = text.partition("://")
    scheme = scheme.lower()
    if not mark or scheme not in _SCHEMES:
        raise UrlError(f"starts with none of {', '.join(sorted(_SCHEMES))} and ://")
    secure, version, may_fall_back, usual_port = _SCHEMES[scheme]
    login, mark, place = rest.rpartition("@")
    user, colon, password = login.partition(":")
    user = _unescape(user) if mark else None
    password = _unescape(password) if colon else None
    if place.endswith("/"):
        place = place[:-1]
    host, colon, port = place.partition(":")
    broker = Broker(_checked_host(host.lower()), _checked_port(port) if colon else usual_port)
    broker.secure, broker.version, broker.may_fall_back = secure, version, may_fall_back
    broker.user, broker.password = user, password
    broker.key = f"{scheme}://{login}@{broker.host}:{broker.port}"
    return broker


def broker_url(text: str, default: Broker | None = None) -> Broker | None:
    """The broker a setting names: None for the empty text, `default` for the bare word mqtt.

    Raises UrlError with the reason in words.
    """
    text = text.strip()
    if not text:
        return None
    if text.lower() == "mqtt":
        return default
    return parse(text)


def _checked_host(host: str) -> str:
    if not host:
        raise UrlError("names no host")
    if len(host) > 253:
        raise UrlError("host name longer than 253 characters")
    for label in host.split("."):
        if not label or len(label) > 63:
            raise UrlError("host name with an empty or overlong part")
    for letter in host:
        if not (letter.isdigit() or "a" <= letter <= "z" or letter in "-._"):
            raise UrlError(f"host name with {letter!r} in it")
    if host[-1].isdigit() and not is_address(host):
        raise UrlError("not an IPv4 address")
    return host


def _checked_port(text: str) -> int:
    if not text.isdigit() or len(text) > 5 or not 0 < int(text) < 65536:
        raise UrlError("port is not a number from 1 to 65535")
    return int(text)


def _unescape(text: str) -> bytes:
    """Undo percent-encoding (RFC 3986 section 2.1)."""
    parts = text.split("%")
    out = bytearray(parts[0].encode())
    for part in parts[1:]:
        if len(part) < 2 or not (part[0] in _HEXADECIMAL and part[1] in _HEXADECIMAL):
            raise UrlError("login with a % that no two hexadecimal digits follow")
        out.append(int(part[:2], 16))
        out.extend(part[2:].encode())
    return bytes(out)
